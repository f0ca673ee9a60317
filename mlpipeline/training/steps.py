"""The steps of the flow as Prefect tasks, which its UI shows; what they do is in modules that know nothing of Prefect.

A step that meets a passing fault of another program, such as MLflow restarting, is tried again. What it writes can be
written twice.
"""

import os
import subprocess
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models.model import ModelInfo
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR, TEMPORARILY_UNAVAILABLE, ErrorCode
from prefect import get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run
from requests.exceptions import RequestException

from training import (
    behaviour,
    drift,
    evaluate,
    explore,
    export,
    pictures,
    prepare,
    promotion,
    proof,
    record,
    reports,
    schema,
    selection,
    source,
    turn,
    validate,
)
from training.announce import announce_champion
from training.behaviour import Check
from training.model import Trained, with_threshold
from training.prepare import Splits
from training.promotion import Decision
from training.registry import Registry
from training.results import Evaluation, Origin, Training
from training.selection import Comparison
from training.settings import SERVICE, Settings

RETRY_AFTER_SECONDS = [2, 10, 30]
PASSING_CODES = {ErrorCode.Name(INTERNAL_ERROR), ErrorCode.Name(TEMPORARILY_UNAVAILABLE)}


def configure_mlflow() -> None:
    """Has MLflow's client give up early, since the steps try again themselves, where it is seen; and print less."""
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    # It registers its one kind of local source twice.
    warnings.filterwarnings("ignore", message="(?s).*dataset source can be interpreted in multiple ways")


def is_passing(error: BaseException) -> bool:
    """Whether the same call may succeed later: another program did not answer, or not as it should."""
    if isinstance(error, MlflowException):
        return error.error_code in PASSING_CODES
    if isinstance(error, RequestException) and error.response is not None:
        return error.response.status_code >= 500
    return isinstance(error, (source.SourceUnreachable, RequestException, ConnectionError, TimeoutError))


def _is_retried(_task, _task_run, state) -> bool:
    try:
        state.result()
    except Exception as error:  # pylint: disable=broad-exception-caught  # whatever the step raised
        return is_passing(error)
    return False


def _step(name: str) -> Callable:
    return task(
        name=name,
        cache_policy=NO_CACHE,
        retries=len(RETRY_AFTER_SECONDS),
        retry_delay_seconds=RETRY_AFTER_SECONDS,
        retry_condition_fn=_is_retried,
    )


@contextmanager
def _nothing_is_trained(more: str = "") -> Iterator[None]:
    """Says of data that is not fit for training what follows from that."""
    try:
        yield
    except validate.DataRejected as error:
        raise validate.DataRejected(f"{error}{more} Nothing was trained, and the champion stays.") from None


@contextmanager
def own_turn(settings: Settings) -> Iterator[None]:
    """Waits until no other training uses the data folder, and keeps it for the length of the block."""
    waiting = "Another training uses %s. This one begins once that has ended."
    with turn.take(settings.data_dir, lambda: get_run_logger().warning(waiting, settings.data_dir)):
        yield


@_step("read data")
def read_data(
    settings: Settings, data_source: str, data_since: date | None, fallback_to_synthetic: bool
) -> source.Dataset:
    """Pulls the data from the source that the run asks for, or else the settings."""
    asked = data_source or settings.data_source
    dataset = source.pull(asked, settings.data_dir, fallback_to_synthetic, data_since, settings)
    get_run_logger().log(dataset.log_level, dataset.summary)
    return dataset


@_step("validate data")
def validate_data(dataset: source.Dataset, max_quarantined_share: float) -> validate.Checked:
    """Sets faulty rows aside in a file beside the data, and stops where they are too many."""
    checked = validate.check(dataset.rows)
    file = validate.save_quarantine(checked, dataset.file.parent)
    get_run_logger().log(checked.log_level, checked.summary)
    with _nothing_is_trained(f" All rows in quarantine are in {file.name}." if len(checked.quarantined) else ""):
        return validate.accept(checked, max_quarantined_share)


@_step("split by student")
def split_by_student(rows: pd.DataFrame, seed: int) -> Splits:
    """Splits the students, and stops where a split has too few of them to learn from or to judge by."""
    with _nothing_is_trained():
        return prepare.check(prepare.split_by_student(rows, seed))


@_step("explore")
def explore_data(rows: pd.DataFrame) -> explore.Exploration:
    """Looks at the training rows, and shows the findings in Prefect."""
    exploration = explore.explore(rows)
    create_markdown_artifact(exploration.markdown, key="exploration", description="What the training data says")
    return exploration


@_step("train")
def train(comparison: Comparison, splits: Splits, threshold: float, seed: int) -> Trained:
    """Trains the chosen candidate on all training rows, and has it answer for all splits."""
    pipeline = selection.train(comparison.chosen.tuned, splits.train, comparison.engineered, seed)
    return with_threshold(pipeline, threshold, splits)


@_step("evaluate")
def evaluate_model(trained: Trained, seed: int) -> Evaluation:
    """Judges the model by the test split, and its behaviour by the validation split; shows the scores in Prefect."""
    train_rows, validation, test = trained.splits.train, trained.splits.validation, trained.splits.test
    metrics = evaluate.with_intervals(evaluate.scores(test), evaluate.intervals(test, seed))
    metrics |= drift.measure(validation, train_rows)
    importance = evaluate.importance(trained, test, seed)
    checks = behaviour.check(trained.score, validation, train_rows, trained.threshold, seed)
    shown = reports.evaluation_markdown(metrics, checks)
    create_markdown_artifact(shown, key="evaluation", description="Scores and behaviour")
    return Evaluation(metrics, evaluate.slices(test), importance, pictures.quality(test, importance), checks)


@_step("export to ONNX")
def export_to_onnx(trained: Trained) -> export.Export:
    """Exports the model, and proves that the export answers as the model does."""
    exported = export.to_onnx(trained.pipeline, trained.splits.train, trained.threshold)
    compared = proof.prove(exported, trained)
    get_run_logger().info("The export answers as the model does on %d rows", compared)
    return exported


@_step("log to MLflow")
def log_run(settings: Settings, training: Training) -> ModelInfo:
    """Saves the reference data, and writes all of it to an MLflow run; gives the logged model."""
    return record.log_run(settings, Origin(flow_run.id, flow_run.parameters, settings.commit or git_commit()), training)


@_step("decide on promotion")
def decide_on_promotion(
    settings: Settings, dataset: source.Dataset, test: pd.DataFrame, checks: list[Check], margin: float, seed: int
) -> Decision:
    """Compares the challenger with the champion, on students of the test split that neither has learned from."""
    registry = Registry(settings)
    champion = registry.champion()
    objections = behaviour.objections(checks)
    if champion is None:
        return promotion.decide(None, None, margin, objections)
    try:
        run = registry.run(champion)
        objections += source.objections(dataset, run.tags.get("data.source", ""))
        unseen = prepare.not_in_train(test, int(run.params["seed"]))
        by_champion = registry.scorer(champion)(unseen)
    except Exception as error:  # pylint: disable=broad-exception-caught  # its files are gone, or know other features
        if is_passing(error):
            raise
        objections.append(promotion.cannot_be_scored(str(champion.version), error))
        return promotion.decide(str(champion.version), None, margin, objections)
    comparison = promotion.compare(
        unseen[schema.TARGET].to_numpy(), unseen["probability"].to_numpy(), by_champion, seed
    )
    return promotion.decide(str(champion.version), comparison, margin, objections)


@_step("register")
def register(settings: Settings, logged: ModelInfo, decision: Decision) -> tuple[int, Decision]:
    """Makes the logged model a version, and champion if that is the decision; shows the decision in Prefect."""
    version, decided = Registry(settings).register(logged.run_id, logged.model_uri, decision)
    shown = reports.decision_markdown(decided, version)
    create_markdown_artifact(shown, key="promotion", description="Challenger against champion")
    get_run_logger().info("Version %d of %s: %s", version, settings.model_name, decided.summary)
    if decided.promoted:
        announce_champion(logged.run_id, version)
    return version, decided


def git_commit() -> str:
    """The commit of the code that runs, with `-dirty` where it was changed since; unknown without git."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--match="]
    try:
        return subprocess.run(command, cwd=SERVICE, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
