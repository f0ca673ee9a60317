"""The system in containers, as docker-compose.yaml puts it together: from nothing to a row in `metrics`.

Where no image can be pulled, Postgres is a stand-in made from a wheel, and Adminer and Grafana are left out.
"""

import json
import os
import secrets
import time
from datetime import UTC, datetime

import psycopg2
import pytest
import requests

from benchmarks.contestants import STUDENT as REQUEST
from benchmarks.servers import HOST, free_port, wait
from integration_test import containers
from integration_test.containers import Compose
from serving.settings import SERVICE

STAND_INS = SERVICE / "integration_test" / "stand_ins"
POSTGRES, GRAFANA, ADMINER = "docker.io/library/postgres:18.6", "docker.io/grafana/grafana:13.2.1", "adminer:5.4.2"
WEB = "online-course-web:local"
MAX_ADDED_BYTES = 220_000_000
UP_SECONDS = 900  # the first training is in it
PORTS = ("POSTGRES_PORT", "MLFLOW_PORT", "PREFECT_PORT", "WEB_PORT", "GRAFANA_PORT", "ADMINER_PORT")
PASSWORDS = ("POSTGRES", "DB", "MLFLOW_DB", "PREFECT_DB", "GRAFANA_DB", "GRAFANA_ADMIN")
HARDENED = """
import os, sys
assert os.getuid() == 10001, os.getuid()
assert not [name for name in os.listdir("/app/.venv/bin") if name.startswith(("pip", "pipenv"))]
try:
    open("/app/written", "w")
except OSError:
    sys.exit(0)
sys.exit("its root file system can be written to")
"""


@pytest.fixture(name="engine", scope="module")
def _engine():
    found = containers.engine()
    if isinstance(found, str):
        pytest.skip(f"containers: {found}")
    found.build()
    return found


@pytest.fixture(name="variables", scope="module")
def _variables():
    ports = dict(zip(PORTS, map(str, {free_port() for _ in range(50)})))
    passwords = {f"{name}_PASSWORD": secrets.token_hex(12) for name in PASSWORDS}
    return ports | passwords | {"DATA_SOURCE": "synthetic", "CHAMPION_POLL_SECONDS": "1"}


@pytest.fixture(name="has_grafana", scope="module")
def _has_grafana(engine):
    return engine.can_have(POSTGRES) and engine.can_have(GRAFANA) and engine.can_have(ADMINER)


@pytest.fixture(name="system", scope="module")
def _system(engine, variables, has_grafana, tmp_path_factory):
    """All of it, started at once, in no order; it is gone when the tests are over."""
    files, left_out = [SERVICE / "docker-compose.yaml"], []
    if not has_grafana:
        files.append(STAND_INS / "compose.yaml")
        left_out = ["adminer", "grafana"]
        engine.run("build", *engine.build_options.split(), "--tag", "online-course-postgres-stand-in:local", STAND_INS)
    system = Compose(engine, f"online-course-{os.getpid()}", variables, tmp_path_factory.mktemp("compose"), files)
    try:
        system.run("up", "--detach", "--no-build", *engine.up_options, *system.services(but=left_out))
        wait(lambda: _answers(_web(variables) + "/health/ready"), UP_SECONDS)
        yield system
    finally:
        system.remove()


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


def _web(variables) -> str:
    return f"http://{HOST}:{variables['WEB_PORT']}"


def _query(variables, query: str, *values) -> list[tuple]:
    connection = psycopg2.connect(
        host=HOST,
        port=variables["POSTGRES_PORT"],
        user="mlops",
        password=variables["DB_PASSWORD"],
        dbname="course",
    )
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(query, values)
            return cursor.fetchall()
    finally:
        connection.close()


def _predict(variables, students: list[dict] | dict):
    answer = requests.post(f"{_web(variables)}/predict", json=students, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _stored(variables, ids: list[str]) -> int:
    found = _query(variables, "SELECT count(*) FROM features WHERE prediction_id = ANY(%s::uuid[])", ids)
    return found[0][0]


def test_the_image_of_the_service_is_small(engine):
    added = engine.size(WEB) - engine.size(containers.BASE)
    print(f"\n{WEB} adds {added / 1e6:.0f} MB to {containers.BASE}")
    assert added <= MAX_ADDED_BYTES


def test_a_prediction_is_answered_and_recorded(system, variables):
    answer = _predict(variables, REQUEST)
    assert answer["CourseCompletion"] in (0, 1) and len(answer["RUN_ID"]) == 32
    wait(lambda: _stored(variables, [answer["PredictionID"]]) == 1)
    assert system


def test_the_day_is_monitored(system, variables):
    students = [REQUEST | {"UserID": 7000 + number, "NumberOfVideosWatched": number % 20} for number in range(200)]
    ids = [answer["PredictionID"] for answer in _predict(variables, students)]
    wait(lambda: _stored(variables, ids) == len(ids))
    today = datetime.now(UTC).date().isoformat()
    system.run(
        *("exec", "-T", "monitoring-worker", "prefect", "deployment", "run", "daily-monitoring/monitoring"),
        *("--param", f"day={today}", "--watch"),
    )
    rows = _query(variables, "SELECT run_id, num_drifted_columns FROM metrics WHERE day = %s", today)
    assert rows and rows[0][1] >= 1  # everybody watches and studies alike, so it is not the population of the training


@pytest.mark.parametrize("service", ["web", "mlflow", "prefect", "training-worker", "monitoring-worker"])
def test_what_is_ours_cannot_change_its_image(system, service):
    system.run("exec", "-T", service, "python", "-c", HARDENED)


def test_each_program_keeps_to_its_own_database(system, variables):
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
        psycopg2.connect(
            host=HOST,
            port=variables["POSTGRES_PORT"],
            user="mlflow",
            password=variables["MLFLOW_DB_PASSWORD"],
            dbname="course",
        )
    assert system


def test_a_stopped_service_has_shipped_what_it_answered(system, variables):
    ids = [_predict(variables, REQUEST)["PredictionID"] for _ in range(50)]
    started = time.monotonic()
    system.run("stop", "--timeout", "60", "web")
    assert time.monotonic() - started < 60  # else it was killed
    assert _stored(variables, ids) == len(ids)
    system.run("start", "web")
    wait(lambda: _answers(_web(variables) + "/health/ready"))


def test_a_second_start_trains_nothing(system, variables):
    before = _query(variables, "SELECT count(DISTINCT run_id) FROM features")
    system.run("up", "--detach", "--no-build", "--no-deps", "--force-recreate", "first-training")
    wait(lambda: "Nothing to train: version 1" in system.run("logs", "first-training"))
    assert _query(variables, "SELECT count(DISTINCT run_id) FROM features") == before


def test_grafana_reads_the_database(system, variables, has_grafana):
    if not has_grafana:
        pytest.skip(f"{GRAFANA} cannot be pulled: its provisioning is checked by monitoring/tests/grafana alone")
    grafana = f"http://{HOST}:{variables['GRAFANA_PORT']}/api"
    wait(lambda: _answers(f"{grafana}/health"))
    admin = ("admin", variables["GRAFANA_ADMIN_PASSWORD"])

    def ask(path: str, body: dict | None = None):
        answer = requests.request("POST" if body else "GET", f"{grafana}/{path}", json=body, auth=admin, timeout=30)
        assert answer.ok, f"{path}: {answer.text}"
        return answer.json()

    assert ask("datasources/uid/course/health")["status"] == "OK"
    folder = SERVICE.parent / "monitoring" / "grafana" / "dashboards"
    for file in folder.glob("*.json"):
        # A browser puts in what was chosen on the page.
        text = file.read_text(encoding="utf-8").replace("${category:sqlstring}", "'Science'").replace("${risk}", "0.5")
        dashboard = json.loads(text)
        assert ask(f"dashboards/uid/{dashboard['uid']}")["meta"]["provisioned"]
        for panel in dashboard["panels"]:
            for target in panel.get("targets", []):
                answer = ask("ds/query", {"queries": [target | {"intervalMs": 60000}], "from": "now-1d", "to": "now"})
                assert all(not result.get("error") for result in answer["results"].values()), panel["title"]
    assert len(ask("v1/provisioning/alert-rules")) == 10
    assert system
