"""Real servers for the tests of this folder. They end with the tests, also where one fails."""

import pytest
from prefect.testing.utilities import prefect_test_harness

from benchmarks import servers
from training.settings import Settings


@pytest.fixture(name="start", scope="session")
def _start(tmp_path_factory):
    """A function that starts a program, with its output in the file `log` of the process that it gives."""
    started = []

    def start(*command, **environment):
        log = tmp_path_factory.mktemp("log") / "output.log"
        process = servers.start(command, log, environment)
        process.log = log
        started.append(process)
        return process

    yield start
    for process in started:
        servers.end(process)


@pytest.fixture(name="mlflow_server", scope="session")
def _mlflow_server(tmp_path_factory):
    server = servers.MlflowServer(tmp_path_factory.mktemp("mlflow"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(name="settings", scope="session")
def _settings(mlflow_server, tmp_path_factory):
    """Settings that the flow finds in its environment, too."""
    folder = tmp_path_factory.mktemp("flow")
    given = {
        "TRACKING_URI": mlflow_server.uri,
        "DATA_DIR": str(folder / "data"),
        "MONITORING_DATA_DIR": str(folder / "monitoring_data"),
        "DATA_SOURCE": "synthetic",
    }
    with pytest.MonkeyPatch.context() as environment:
        for name, value in given.items():
            environment.setenv(name, value)
        yield Settings()


@pytest.fixture(name="prefect_server", scope="session", autouse=True)
def _prefect_server():
    with prefect_test_harness(server_startup_timeout=120):
        yield
