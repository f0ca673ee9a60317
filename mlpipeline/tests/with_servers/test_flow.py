"""The flow `run-pipeline` on a real MLflow server and a real Prefect server."""

import hashlib
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.runtime import flow_run
from prefect.settings import get_current_settings

import train_model
from benchmarks import servers
from training import compare, selection, source, steps, synthetic
from training.registry import Registry
from training.settings import SERVICE
from training.validate import DataRejected

QUICK = {"candidates": ["decision tree"], "seed": 7}
# Without Evidently, which takes a third of the time of a process that trains once.
ALONE = f"""
import train_model
from training import drift, explore

explore._summary = lambda _: b""
drift.measure = lambda *_: {{}}
train_model.run_pipeline(**{QUICK!r})
"""


@pytest.fixture(name="first", scope="module")
def _first(settings):  # pylint: disable=unused-argument
    """The first training run, which makes the champion."""
    return train_model.run_pipeline(**QUICK)


@pytest.fixture(name="client")
def _client(settings):
    return mlflow.MlflowClient(settings.tracking_uri)


def _state_of(settings):
    """What a run that comes to nothing must leave as it was."""
    registry = Registry(settings)
    return registry.champion().version, [version.version for version in registry.versions()], registry.moves()


def test_the_first_model_is_champion_and_its_run_says_all(first, settings, client):
    assert first["promoted"]
    assert Registry(settings).champion().run_id == first["run_id"]
    found = client.get_run(first["run_id"])
    assert found.info.run_name == f"decision tree on synthetic, accuracy {first['accuracy']:.3f}"
    run = found.data
    assert {"rows_read", "rows_quarantined", "rows_copies", "rows_train", "rows_validation", "rows_test"} < set(
        run.metrics
    )
    assert (run.metrics["rows_read"], run.metrics["rows_copies"], run.metrics["rows_distinct"]) == (9000, 877, 8123)
    assert run.metrics["accuracy_low"] < run.metrics["accuracy"] == first["accuracy"] < run.metrics["accuracy_high"]
    assert run.params["model"] == "decision tree"
    assert run.params["decision_threshold"] == "0.5"
    assert len(run.tags["data.sha256"]) == len(run.tags["export.sha256"]) == 64
    assert run.tags["git.commit"] and run.tags["version.onnx"]


@pytest.mark.usefixtures("first")
def test_prefect_shows_findings_candidates_scores_and_the_decision():
    with get_client(sync_client=True) as prefect:
        shown = {artifact.key: artifact for artifact in prefect.read_artifacts()}
    assert set(shown) >= {"exploration", "candidates", "engineered-features", "evaluation", "promotion"}
    assert "decision tree" in str(shown["candidates"].data)
    assert "roc_auc" in shown["evaluation"].data


@pytest.mark.usefixtures("first")
def test_no_task_depends_on_a_flow_which_prefect_s_pages_cannot_show():
    with get_client(sync_client=True) as prefect:
        tasks = prefect.read_task_runs()
    given = [source.input_type for task in tasks for sources in task.task_inputs.values() for source in sources]
    assert set(given) == {"task_run"}


def test_the_same_data_and_seed_give_the_same_model_metric_for_metric(first, settings):
    again = train_model.run_pipeline(**QUICK)
    ignored = {"run_id", "version"}
    assert {name: value for name, value in again.items() if name not in ignored} == {
        name: value for name, value in first.items() if name not in ignored
    }
    assert Registry(settings).champion().run_id == again["run_id"]


def test_each_metric_of_the_run_is_documented_and_no_other(first, client):
    table = (
        (SERVICE.parent / "docs" / "training.md").read_text(encoding="utf-8").split("| metric |")[1].split("\n\n")[0]
    )
    documented = {name for line in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", line.split(" | ")[0])}
    logged = client.get_run(first["run_id"]).data.metrics
    assert documented == {name.removesuffix("_low").removesuffix("_high") for name in logged}


@pytest.fixture(name="worse", scope="module")
def _worse(first):  # pylint: disable=unused-argument
    """A run whose candidates are worse than the champion."""
    return train_model.run_pipeline(candidates=["linear regression", "lasso"], seed=7, promotion_margin=0.0)


def test_a_model_that_may_be_worse_is_registered_but_not_promoted(worse, settings, client):
    champion = Registry(settings).champion()
    assert not worse["promoted"]
    assert champion.run_id != worse["run_id"]
    version = client.get_model_version(settings.model_name, str(worse["version"]))
    assert version.tags["promotion.decision"] == "not promoted"
    assert version.tags["promotion.against_version"] == champion.version
    loaded = mlflow.sklearn.load_model(f"models:/{settings.model_name}/{worse['version']}")
    assert type(loaded).__name__ == "FixedThresholdClassifier"


def test_each_candidate_is_a_nested_run(worse, client):
    experiment = client.get_run(worse["run_id"]).info.experiment_id
    nested = client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{worse['run_id']}'")
    assert {run.info.run_name for run in nested} == {"linear regression", "lasso"}
    chosen = [run.info.run_name for run in nested if run.data.tags["chosen"] == "true"]
    assert chosen == [client.get_run(worse["run_id"]).data.params["model"]]
    for run in nested:
        assert run.info.status == "FINISHED"
        assert 0.45 < run.data.metrics["cv_log_loss"] < 0.6
        assert run.data.metrics["onnx_bytes"] > 1000


@pytest.mark.usefixtures("first")
def test_faulty_data_fails_before_training_and_the_champion_stays(settings, tmp_path):
    before, file = _state_of(settings), tmp_path / "faulty.csv"
    data = synthetic.generate()
    data["TimeSpentOnCourse"] = data["TimeSpentOnCourse"].where(data.index % 10 > 0, -1)
    data.to_csv(file, index=False)
    told = "900 in quarantine.* in quarantine are in quarantine.csv. Nothing was trained, and the champion stays."
    with pytest.raises(DataRejected, match=told):
        train_model.run_pipeline(data_source=str(file), **QUICK)
    assert _state_of(settings) == before
    assert len(pd.read_csv(settings.data_dir / "quarantine.csv")) == 900


@pytest.mark.usefixtures("first")
def test_a_step_that_meets_a_restart_of_mlflow_is_tried_again(
    settings, mlflow_server, predicted, monkeypatch, tmp_path
):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

    dataset = source.pull("synthetic", tmp_path)

    @flow
    def decide():
        steps.decide_on_promotion(settings, dataset, predicted.test, [], 0.01, 1)
        return flow_run.id

    mlflow_server.stop()
    mlflow_server.start_later(1)
    flow_run_id = decide()
    with get_client(sync_client=True) as prefect:
        (task_run,) = prefect.read_task_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[flow_run_id])))
    assert (task_run.state_name, task_run.run_count > 1) == ("Completed", True)


@pytest.mark.usefixtures("first")
def test_a_run_that_is_killed_leaves_the_champion_as_it_was(settings, start):
    """Killed in the comparison, while it writes to MLflow, and before it registers."""
    before = _state_of(settings)
    last_tasks = ["explore", "export to ONNX", "log to MLflow"]
    runs = [start("python", "-c", ALONE, PREFECT_API_URL=get_current_settings().api.url) for _ in last_tasks]

    def killed(run, last_task):
        servers.wait(
            lambda: f"Task run '{last_task}" in run.log.read_text(encoding="utf-8") or run.poll() is not None, 300
        )
        servers.end(run)
        return run.returncode

    with ThreadPoolExecutor() as killers:
        ends = list(killers.map(killed, runs, last_tasks))
    assert ends == [-signal.SIGKILL] * 3, [run.log.read_text(encoding="utf-8")[-2000:] for run in runs]
    champion, _, moves = _state_of(settings)
    assert (champion, moves) == (before[0], before[2])


@pytest.mark.usefixtures("first")
def test_a_champion_whose_files_are_gone_is_not_replaced_by_itself(settings, client, predicted, tmp_path):
    champion, dataset = Registry(settings).champion(), source.pull("synthetic", tmp_path)
    moved = client.download_artifacts(champion.run_id, "serving", str(tmp_path))
    repository = get_artifact_repository(client.get_run(champion.run_id).info.artifact_uri)
    repository.delete_artifacts("serving")
    decision = steps.decide_on_promotion.fn(settings, dataset, predicted.test, [], 0.01, 1)
    client.log_artifacts(champion.run_id, moved, "serving")
    assert not decision.promoted
    assert f"the champion, version {champion.version}, cannot be scored" in decision.reason
    assert steps.decide_on_promotion.fn(settings, dataset, predicted.test, [], 0.01, 1).comparison is not None


def test_a_dask_cluster_of_two_workers_finds_the_same(settings, splits, start, tmp_path):
    rows = splits.train.head(2000)  # enough for the steps in completion to be found
    scheduler_file = tmp_path / "scheduler.json"
    here = {"PYTHONPATH": str(train_model.__file__.rpartition("/")[0]), "DASK_TEMPORARY_DIRECTORY": str(tmp_path)}
    start(
        "dask",
        "scheduler",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--no-dashboard",
        "--scheduler-file",
        str(scheduler_file),
        **here,
    )
    servers.wait(scheduler_file.is_file)
    workers = [
        start("dask", "worker", "--scheduler-file", str(scheduler_file), "--nthreads", "1", "--no-dashboard", **here)
        for _ in range(2)
    ]
    servers.wait(lambda: all("Registered to" in worker.log.read_text(encoding="utf-8") for worker in workers))
    address = pd.read_json(scheduler_file, typ="series")["address"]
    names = ("linear regression", "decision tree")
    by_threads, by_dask = (
        compare.compare_candidates(settings.model_copy(update={"task_runner": runner}), rows, names, 7)
        for runner in ("threads", address)
    )
    for found, expected in zip(by_dask.candidates, by_threads.candidates, strict=True):
        assert (found.tuned.family, found.tuned.parameters) == (expected.tuned.family, expected.tuned.parameters)
        assert found.tuned.log_loss == pytest.approx(expected.tuned.log_loss, rel=1e-6)  # sums may differ in order
    assert selection.kept_features(by_dask.contributions, "lasso") == ("steps",)
    assert by_dask.chosen.tuned.family == by_threads.chosen.tuned.family
    assert all("Finished in state Completed()" in worker.log.read_text(encoding="utf-8") for worker in workers)


@pytest.mark.usefixtures("first")
def test_it_learns_from_what_was_predicted_and_came_out(settings, client, database, monkeypatch):
    rows = synthetic.generate(rows=3000, copies=0)
    database.fill(rows.head(2000), predicted="2026-11-02")
    database.fill(rows.tail(1000), predicted="2026-11-01")
    for name, value in database.environment.items():
        monkeypatch.setenv(name, value)
    trained = train_model.run_pipeline(data_source="postgres", data_since="2026-11-02", **QUICK)
    run = client.get_run(trained["run_id"]).data
    assert client.get_model_version(settings.model_name, str(trained["version"])).run_id == trained["run_id"]
    assert (run.metrics["rows_read"], run.metrics["rows_quarantined"]) == (2000, 0)
    assert (run.tags["data.requested"], run.tags["data.source"]) == ("postgres", "postgres")
    assert (run.tags["data.since"], run.params["data_since"]) == ("2026-11-02", "2026-11-02")
    kept = client.download_artifacts(trained["run_id"], "data/online_course_engagement_data.csv")
    assert hashlib.sha256(Path(kept).read_bytes()).hexdigest() == run.tags["data.sha256"]
    assert database.environment["DB_PASSWORD"] not in str(run.to_dictionary())


@pytest.mark.usefixtures("first")
def test_a_first_day_without_the_source_postgres_fails_before_anything_is_done(settings):
    before = _state_of(settings)
    with pytest.raises(source.SourceError, match="data_since is for the source postgres alone, and the source is 'syn"):
        train_model.run_pipeline(data_since="2026-11-02", **QUICK)
    assert _state_of(settings) == before
