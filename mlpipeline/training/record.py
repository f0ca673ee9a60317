"""Writes a training run to MLflow.

A run holds, beside the model itself, what the other services read of it, and what people look at:

    serving/contract.json, serving/model.onnx   for the prediction service
    reference/reference.parquet                 what monitoring compares each day with
    held_out/requests.jsonl                     requests of students that the model has never seen
    data/                                       the data as it was pulled, and the rows in quarantine
    exploration/, selection/, evaluation/       pictures, tables and texts

Each candidate is a nested run with its parameters and scores.
"""

import hashlib
import tempfile
from pathlib import Path

import mlflow
import pandas as pd
import skops.io
from mlflow.data.pandas_dataset import from_pandas
from mlflow.entities import Metric, Param, RunInfo, RunTag
from mlflow.models import infer_signature
from mlflow.models.model import ModelInfo
from sklearn.model_selection import FixedThresholdClassifier

from training import reports, schema
from training.features import model_input
from training.results import Origin, Training
from training.selection import Candidate, Comparison
from training.settings import SERVICE, Settings
from training.source import Dataset, shown

IDENTITY = "prefect.flow_run"
# What skops may build when it loads the model: parts of the libraries that it is made of, and the one class of ours.
TRUSTED = ("sklearn.", "numpy.", "training.clipped.")


class DataChanged(Exception):
    """The file that the rows came from holds others now, so it cannot be kept as the run's data."""


class UntrustedModel(Exception):
    """The model holds a type that is not to be trusted, so it cannot be loaded without running unknown code."""


def log_run(settings: Settings, origin: Origin, training: Training) -> ModelInfo:
    """Writes everything to one run of the experiment; gives the logged model, which is not registered yet.

    Done again for the same flow run, after a fault, it goes on in the same MLflow run.
    """
    _check_unchanged(training.dataset)
    files = reports.files(training)
    _save(files[reports.REFERENCE], settings.monitoring_data_dir)
    mlflow.set_tracking_uri(settings.tracking_uri)
    experiment = mlflow.set_experiment(settings.experiment).experiment_id
    known = _known_run(experiment, origin.flow_run)
    with mlflow.start_run(run_id=known, run_name=None if known else _name(training)) as run:
        mlflow.set_tags(_tags(origin, training))
        mlflow.log_params(params(origin, training.comparison))
        mlflow.log_metrics(_metrics(training))
        for context in ("train", "validation", "test"):
            _log_dataset(training.dataset, getattr(training.trained.splits, context), context)
        mlflow.log_artifact(str(training.dataset.file), "data")
        with tempfile.TemporaryDirectory() as folder:
            for name, content in files.items():
                file = Path(folder) / name
                file.parent.mkdir(exist_ok=True)
                file.write_bytes(content)
            mlflow.log_artifacts(folder)
        for candidate in training.comparison.candidates:
            _log_candidate(run.info, origin, candidate, candidate is training.comparison.chosen)
        return _log_model(training)


def _save(reference: bytes, folder: Path) -> None:
    """Saves the reference data where people look for it, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        file = Path(temporary) / Path(reports.REFERENCE).name
        file.write_bytes(reference)
        file.replace(folder / file.name)


def _check_unchanged(dataset: Dataset) -> None:
    if hashlib.sha256(dataset.file.read_bytes()).hexdigest() != dataset.sha256:
        raise DataChanged(f"{dataset.file} was changed while the run was under way. Run it again, alone.")


def _known_run(experiment: str, identity: str) -> str | None:
    known = mlflow.search_runs([experiment], f"tags.`{IDENTITY}` = '{identity}'", output_format="list", max_results=1)
    return known[0].info.run_id if known else None


def _name(training: Training) -> str:
    """Tells what one looks for in the list of runs."""
    family, data = training.comparison.chosen.tuned.family, training.dataset.source.rpartition("/")[2]
    return f"{family} on {data}, accuracy {training.evaluation.metrics['accuracy']:.3f}"


def _tags(origin: Origin, training: Training) -> dict[str, str]:
    dataset, contract = training.dataset, training.export.contract
    return {
        IDENTITY: origin.flow_run,
        "data.requested": dataset.requested,
        "data.source": dataset.source,
        "data.since": str(dataset.since or ""),
        "data.sha256": dataset.sha256,
        "data.fallback_reason": dataset.fallback_reason,
        "git.commit": origin.commit,
        "export.sha256": contract["model"]["sha256"],
        "candidate": training.comparison.chosen.tuned.family,
    } | {f"version.{name}": number for name, number in contract["versions"].items()}


def params(origin: Origin, comparison: Comparison) -> dict:
    """What the run was asked for, and what was chosen; without a password or token that a URL may hold."""
    asked, chosen = origin.parameters, comparison.chosen.tuned
    listed = {name: ", ".join(value) for name, value in asked.items() if isinstance(value, (list, tuple))}
    return (
        asked
        | listed
        | {"data_source": shown(asked["data_source"]), "data_since": str(asked["data_since"] or "")}
        | {"model": chosen.family, "engineered_features": ", ".join(comparison.engineered) or "none"}
        | chosen.parameters
    )


def _metrics(training: Training) -> dict[str, float]:
    checked, splits = training.checked, training.trained.splits
    return {
        "rows_read": checked.read,
        "rows_quarantined": len(checked.quarantined),
        "rows_copies": checked.copies,
        "rows_distinct": len(checked.rows),
        "rows_compared": training.comparison.rows,
        "rows_train": len(splits.train),
        "rows_validation": len(splits.validation),
        "rows_test": len(splits.test),
    } | training.evaluation.metrics


def _log_dataset(dataset: Dataset, rows: pd.DataFrame, context: str) -> None:
    mlflow.log_input(
        from_pandas(
            model_input(rows).assign(**{schema.TARGET: rows[schema.TARGET].astype(float)}),
            source=str(dataset.file),
            targets=schema.TARGET,
            name=f"engagement-{context}",  # MLflow keeps one dataset for each name and digest
            digest=dataset.sha256[:36],  # MLflow keeps no more
        ),
        context=context,
    )


def _log_candidate(parent: RunInfo, origin: Origin, candidate: Candidate, is_chosen: bool) -> None:
    client, tuned = mlflow.MlflowClient(), candidate.tuned
    identity = f"{origin.flow_run}/{tuned.family}"
    run_id = _known_run(parent.experiment_id, identity)
    if run_id is None:
        tags = {IDENTITY: identity, "mlflow.parentRunId": parent.run_id, "candidate": tuned.family}
        run_id = client.create_run(parent.experiment_id, run_name=tuned.family, tags=tags).info.run_id
    metrics = {
        "cv_log_loss": tuned.log_loss,
        "cv_log_loss_standard_error": tuned.standard_error,
        "training_seconds": candidate.training_seconds,
        "onnx_bytes": candidate.onnx_bytes,
        "scoring_microseconds": candidate.scoring_microseconds,
    }
    client.log_batch(
        run_id,
        metrics=[Metric(name, value, 0, 0) for name, value in metrics.items()],
        params=[Param(name, str(value)) for name, value in tuned.parameters.items()],
        tags=[RunTag("chosen", str(is_chosen).lower())],
    )
    client.set_terminated(run_id)


def _log_model(training: Training) -> ModelInfo:
    example = model_input(training.trained.splits.train.head(2))
    versions = training.export.contract["versions"]
    types = trusted_types(training.trained.classifier)
    return mlflow.sklearn.log_model(
        training.trained.classifier,
        name="model",
        signature=infer_signature(example, training.trained.classifier.predict(example)),
        input_example=example,
        pip_requirements=[f"{name}=={versions[name]}" for name in ("scikit-learn", "skops")],
        # The one class of ours, as text, for models that use it: nothing pickled is loaded.
        code_paths=[str(SERVICE / "training")] if any(name.startswith("training.") for name in types) else None,
        skops_trusted_types=types,
    )


def trusted_types(model: FixedThresholdClassifier) -> list[str]:
    """The types that skops has to be told to trust; raises UntrustedModel for one that nobody vouches for."""
    types = skops.io.get_untrusted_types(data=skops.io.dumps(model))
    if strange := [name for name in types if not name.startswith(TRUSTED)]:
        raise UntrustedModel(f"The model holds {', '.join(strange)}; allowed are types of {', '.join(TRUSTED)}*.")
    return types
