"""Servers that go away, and a run that is killed: it is tried again, or fails clearly, and a later run mends it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import mlflow
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from benchmarks.servers import free_port
from benchmarks.tables import execute, predict, tell
from daily_monitoring import daily_monitoring
from monitor import database, measure, predictions, store
from monitor.reference import MlflowUnavailable
from monitor.settings import SERVICE
from tests.conftest import students
from tests.with_servers.conftest import DAY, noon, written

pytestmark = pytest.mark.usefixtures("short_reports")
TABLES = ("metrics", "feature_drift", "live_quality", "decisions")
# Hangs where it would write metrics, and says so.
HANGING = """
import sys, time
from daily_monitoring import daily_monitoring
from monitor import distances, store

def hang(*_):
    open(sys.argv[1], "w").close()
    time.sleep(600)

store.replace_day = hang
distances.measure = lambda *arguments: arguments[-1].write_text("a report") and {}
daily_monitoring(day=sys.argv[2])
"""


@pytest.fixture(name="soon", scope="session")
def _soon():
    """Calls a function in half a second, beside the test.

    The thread stays until the tests end: Postgres would end with the thread that has started it.
    """

    def later(function):
        time.sleep(0.5)
        function()

    with ThreadPoolExecutor(1) as pool:
        yield lambda function: pool.submit(later, function)


@pytest.fixture(name="day")
def _day(engine, run_id):
    """A day of students, and what became of them."""
    day = students(300)
    predict(engine, day, noon(DAY), run_id)
    tell(engine, day["actual"], noon(DAY), user_id=range(1, 301))


@pytest.fixture(name="rows")
def _rows(engine):
    """A function that gives all the day's rows, without the addresses of reports, which are of each run's own."""

    def rows():
        return {
            table: [
                {name: value for name, value in row.items() if name != "report_url"} for row in written(engine, table)
            ]
            for table in TABLES
        }

    return rows


@pytest.fixture(name="undisturbed", scope="module")
def _undisturbed():
    """The rows of an undisturbed run, once there was one: all tests have the same day."""
    return {}


@pytest.fixture(name="expected")
def _expected(day, engine, rows, undisturbed, environment, monkeypatch):  # pylint: disable=unused-argument
    """The rows of an undisturbed run, which are not in the database."""
    if not undisturbed:
        with monkeypatch.context() as elsewhere:
            elsewhere.setenv("MONITORING_EXPERIMENT", f"{environment['MONITORING_EXPERIMENT']} undisturbed")
            daily_monitoring(day=DAY)
        undisturbed.update(rows())
        assert all(undisturbed.values())
        execute(engine, f"TRUNCATE {', '.join(TABLES)}")
    return undisturbed


@pytest.fixture(name="goes_away")
def _goes_away(soon, monkeypatch):
    """Has a server stop right before the first call of a function, and start again soon after."""

    def goes_away(server, module, name):
        function, calls = getattr(module, name), []

        def called(*arguments):
            calls.append(name)
            if len(calls) == 1:
                server.stop()
                soon(server.start)
            return function(*arguments)

        monkeypatch.setattr(module, name, called)

    return goes_away


def _runs_of_mlflow(environment):
    client = mlflow.MlflowClient(environment["TRACKING_URI"])
    experiment = client.get_experiment_by_name(environment["MONITORING_EXPERIMENT"])
    return client.search_runs([experiment.experiment_id])


@pytest.mark.parametrize(
    ("module", "name"),
    [(predictions, "read"), (store, "replace_day"), (store, "replace_decision")],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_postgres_away_for_a_moment_costs_nothing(postgres, expected, rows, retry_after, goes_away, module, name):
    retry_after([1, 2, 4])
    goes_away(postgres, module, name)
    daily_monitoring(day=DAY)
    assert rows() == expected


def test_a_query_that_postgres_cuts_off_is_tried_again(expected, rows, monkeypatch):
    reading = []

    def cut_off(connection, query, unchanged=database.rows):
        if not reading:
            reading.append(True)
            return unchanged(connection, text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return unchanged(connection, query)

    monkeypatch.setattr(database, "rows", cut_off)
    daily_monitoring(day=DAY)
    assert reading and rows() == expected


def test_mlflow_away_for_a_moment_costs_nothing(mlflow_server, expected, rows, environment, retry_after, goes_away):
    shutil.rmtree(environment["REFERENCE_CACHE"], ignore_errors=True)
    retry_after([5, 5, 20])
    goes_away(mlflow_server, measure, "load")
    daily_monitoring(day=DAY)
    assert rows() == expected
    assert len(_runs_of_mlflow(environment)) == 1


def test_postgres_away_for_long_fails_clearly_until_it_is_back(expected, rows, environment, monkeypatch):
    with monkeypatch.context() as away:
        away.setenv("DB_PORT", str(free_port()))
        for _ in range(2):
            with pytest.raises(OperationalError, match="Connection refused"):
                daily_monitoring(day=DAY)
    assert not any(rows().values())
    daily_monitoring(day=DAY)
    assert rows() == expected and len(_runs_of_mlflow(environment)) == 1


def test_mlflow_away_for_long_fails_clearly_until_it_is_back(expected, rows, environment, monkeypatch, run_id):
    shutil.rmtree(environment["REFERENCE_CACHE"], ignore_errors=True)
    with monkeypatch.context() as away:
        away.setenv("TRACKING_URI", f"http://127.0.0.1:{free_port()}")
        for _ in range(2):
            with pytest.raises(MlflowUnavailable, match=f"did not give the reference of run {run_id}"):
                daily_monitoring(day=DAY)
    assert not any(rows().values())
    daily_monitoring(day=DAY)
    assert rows() == expected


def test_killed_between_measuring_and_writing_the_next_run_writes_as_if_nothing_had_been(
    expected, rows, environment, prefect_server, tmp_path
):
    hangs = tmp_path / "hangs"
    with subprocess.Popen(
        [sys.executable, "-c", HANGING, str(hangs), str(DAY)],
        cwd=SERVICE,
        env=os.environ | {"PREFECT_API_URL": prefect_server, "PYTHONPATH": str(SERVICE)},
        start_new_session=True,
    ) as process:
        try:
            latest = time.monotonic() + 120
            while not hangs.exists() and process.poll() is None and time.monotonic() < latest:
                time.sleep(0.1)
            assert hangs.exists()
        finally:
            os.killpg(process.pid, signal.SIGKILL)
    assert not any(rows().values())
    (started,) = _runs_of_mlflow(environment)
    daily_monitoring(day=DAY)
    assert rows() == expected
    assert [run.info.run_id for run in _runs_of_mlflow(environment)] == [started.info.run_id]
    assert [run.info.status for run in _runs_of_mlflow(environment)] == ["FINISHED"]


@pytest.mark.usefixtures("day")
def test_a_fault_that_will_not_pass_is_not_tried_again(engine, monkeypatch):
    tried = []

    def fail(*_):
        tried.append(True)
        raise ValueError("a fault in the code")

    monkeypatch.setattr(store, "replace_day", fail)
    with pytest.raises(ValueError, match="a fault in the code"):
        daily_monitoring(day=DAY)
    assert len(tried) == 1 and written(engine, "metrics") == []
