"""Real servers for the tests of this folder, a training run in MLflow, and settings that the flows find."""

import uuid
from contextlib import contextmanager
from datetime import UTC, date, datetime, time

import pytest
from prefect import Task, flow
from prefect.server.api.server import SubprocessASGIServer
from prefect.settings import (  # pylint: disable=no-name-in-module  # made while it is imported
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_LOGGING_TO_API_ENABLED,
    get_current_settings,
    temporary_settings,
)
from prefect.testing.utilities import prefect_test_harness

from monitor import distances, quality_report, steps, store
from tests import training
from tests.conftest import FEATURES, METRICS, students
from tests.with_servers.programs import MLFLOW, Guard, MlflowServer

DAY = date(2026, 3, 2)


def noon(day: date) -> datetime:
    """The middle of a day, in UTC."""
    return datetime.combine(day, time(12), UTC)


def written(engine, table: str, day: date = DAY) -> list[dict]:
    """A day's rows, sorted, without the time at which they were written."""
    rows = [
        {name: value for name, value in row.items() if name != "timestamp"} for row in store.rows_of(engine, table, day)
    ]
    return sorted(rows, key=lambda row: [str(row.get(name)) for name in ("run_id", "column", "aspect")])


@pytest.fixture(name="launched", scope="session")
def _launched(tmp_path_factory):
    """An MLflow server that starts while other things do."""
    if not MLFLOW.is_file():
        pytest.skip(f"needs an MLflow server, which is part of the training service's environment: {MLFLOW}")
    server = MlflowServer(tmp_path_factory.mktemp("mlflow"))
    try:
        server.launch()
        yield server
    finally:
        server.stop()


@pytest.fixture(name="prefect_server", scope="session", autouse=True)
def _prefect_server(launched):  # pylint: disable=unused-argument
    # The server has enough to do without keeping what is logged, which pytest shows; and each flow would wait up to a
    # second at its end for the thread of its heartbeat.
    quiet = temporary_settings({PREFECT_LOGGING_TO_API_ENABLED: False, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None})
    with quiet, _guarded(), prefect_test_harness(server_startup_timeout=120):
        yield get_current_settings().api.url


@contextmanager
def _guarded():
    """Prefect's server is guarded from its start, which takes a while."""
    start, guards = SubprocessASGIServer._run_uvicorn_command, []  # pylint: disable=protected-access

    def start_guarded(server):
        process = start(server)
        guards.append(Guard(process.pid))
        return process

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(SubprocessASGIServer, "_run_uvicorn_command", start_guarded)
        yield
    for guard in guards:
        guard.dismiss()


@pytest.fixture(name="mlflow_server", scope="session")
def _mlflow_server(launched, prefect_server):  # pylint: disable=unused-argument
    launched.wait()
    return launched


@pytest.fixture(name="training_deployment", scope="session")
def _training_deployment(prefect_server):  # pylint: disable=unused-argument
    """What is asked for training, under the name and with the parameters of the real one. Nobody runs it."""

    @flow(name="run-pipeline")
    def run_pipeline(data_source: str = "kaggle", data_since: date | None = None):
        raise AssertionError((data_source, data_since))

    run_pipeline.to_deployment("mlpipeline").apply()


@pytest.fixture(name="train", scope="session")
def _train(mlflow_server):
    """A function that logs a training run, and returns its id."""
    rows = students(1600, seed=0).rename(columns={"actual": "CourseCompletion"})
    return lambda: training.log(mlflow_server.uri, {"features": FEATURES}, rows, METRICS)


@pytest.fixture(name="run_id", scope="session")
def _run_id(train):
    """The training run of the model that predicts; it is the same in all tests."""
    return train()


@pytest.fixture(name="environment", autouse=True)
def _environment(mlflow_server, empty_database, tmp_path, monkeypatch):
    """Settings as a worker finds them; each test has a database, an experiment and a cache of its own."""
    given = empty_database | {
        "TRACKING_URI": mlflow_server.uri,
        "MONITORING_EXPERIMENT": f"monitoring {uuid.uuid4().hex}",
        "REFERENCE_CACHE": str(tmp_path / "cache"),
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return given


@pytest.fixture(name="retry_after", autouse=True)
def _retry_after(monkeypatch):
    """Sets after how many seconds steps are tried again; soon, unless a test wants otherwise."""

    def retry_after(seconds):
        for step in vars(steps).values():
            if isinstance(step, Task):
                monkeypatch.setattr(step, "retry_delay_seconds", seconds)

    retry_after([0.1, 0.1, 0.1])
    return retry_after


@pytest.fixture(name="short_reports")
def _short_reports(monkeypatch):
    """For tests of something else than reports: Evidently takes longer than all the rest."""

    def write(*arguments):
        arguments[-1].write_text("a report", encoding="utf-8")
        return {}

    monkeypatch.setattr(distances, "measure", write)
    monkeypatch.setattr(quality_report, "write", write)
