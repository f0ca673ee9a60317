"""MLflow and Prefect as the tracking host in AWS runs them, on a Postgres whose passwords change; AWS is made up."""

import asyncio
import os
import secrets
import ssl
import stat
import subprocess
from contextlib import closing
from pathlib import Path

import asyncpg
import psycopg2
import pytest
import requests

from benchmarks import servers
from tests.with_servers import tls, tracking_host
from training import postgres
from training.errors import SourceError
from training.settings import Settings

ROLES = ("mlflow", "prefect")
AWS = """#!/bin/sh
# Stands in for AWS' command line: gives a file's contents as the token of a role.
[ "$1 $2" = "rds generate-db-auth-token" ] || exit 2
while [ "$1" != --username ]; do shift; done
cat "{folder}/$2"
"""


class Host:
    """The tracking host: its environment, the tokens that AWS gives it, and Postgres, which takes them."""

    def __init__(self, folder, server, authority):
        self._folder, self._server = folder, server
        self.front = tls.Front(server.port, authority.serving("localhost"))
        ports = {"database_host": "localhost", "database_port": str(self.front.port)}
        at = {"tracking_host": "tracking.example", "bucket": "artifacts", "artifacts_prefix": "mlflow"}
        self.environment = tracking_host.environment(region="eu-central-1", **ports, **at) | {
            "CONTAINER_USER": f"{os.getuid()}:{os.getgid()}",
            "PGPASSFILE": str(folder / "run" / "passfile"),
            "PGSSLROOTCERT": str(authority.file),
            "DB_SSLROOTCERT": str(authority.file),
            "PREFECT_HOME": str(folder / "prefect_home"),
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        }
        program = folder / "bin" / "aws"
        program.parent.mkdir()
        program.write_text(AWS.format(folder=folder), encoding="utf-8")
        program.chmod(0o755)
        for role in ROLES:
            self._execute(f"CREATE ROLE {role} LOGIN", f"CREATE DATABASE {role} OWNER {role}")
        # The tests' own user; its password stays.
        (folder / "mlops").write_text(server.create("course")["DB_PASSWORD"], encoding="utf-8")
        self.change_passwords()
        self.write_tokens()

    def change_passwords(self):
        """New ones, as long as tokens and with colons in them, and none of the connections stays."""
        for role in ROLES:
            token = f"localhost:5432/?Action=connect&X-Amz-Signature={secrets.token_hex(700)}"
            (self._folder / role).write_text(token, encoding="utf-8")
            end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'"
            self._execute(f"ALTER ROLE {role} PASSWORD '{token}'", end)

    def write_tokens(self):
        """What the timer does every few minutes."""
        path = {"PATH": f"{self._folder / 'bin'}:{os.environ['PATH']}"}
        subprocess.run([tracking_host.BOOT / "bin" / "database-token"], env=self.environment | path, check=True)

    def _execute(self, *statements):
        with closing(self._server.connect("postgres")) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


@pytest.fixture(name="authority", scope="module")
def _authority(tmp_path_factory):
    return tls.Authority(tmp_path_factory.mktemp("authority"), "authority")


@pytest.fixture(name="host", scope="module")
def _host(tmp_path_factory, authority):
    server = servers.PostgresServer(tmp_path_factory.mktemp("postgres"))
    try:
        server.start()
        host = Host(tmp_path_factory.mktemp("host"), server, authority)
        yield host
        host.front.stop()
    finally:
        server.stop()


@pytest.fixture(name="asking", scope="module")
def _asking(host, start):
    """What asks MLflow and Prefect, started by the commands of their units on free ports, for what is in Postgres."""
    ports = {"5000": str(servers.free_port()), "4200": str(servers.free_port())}

    def command(unit, name):
        found = tracking_host.commands(unit, host.environment)[name]
        return [word.replace("--host=0.0.0.0", "--host=127.0.0.1") for word in on_free_ports(found)]

    def on_free_ports(words):
        return [
            f"--port={ports[word.removeprefix('--port=')]}" if word.startswith("--port=") else word for word in words
        ]

    prefect = start(*command("prefect", "prefect"), **host.environment)
    assert start(*command("mlflow", "mlflow-upgrade"), **host.environment).wait(90) == 0
    mlflow = start(*command("mlflow", "mlflow"), **host.environment)
    asking = {
        "mlflow": (mlflow, f"http://127.0.0.1:{ports['5000']}/api/2.0/mlflow/experiments/search", {"max_results": 5}),
        "prefect": (prefect, f"http://127.0.0.1:{ports['4200']}/api/flows/count", {}),
    }
    for _, url, body in asking.values():
        servers.wait(lambda url=url, body=body: _answers(url, body))
    return asking


def _answers(url, body):
    try:
        return requests.post(url, json=body, timeout=10).ok
    except requests.RequestException:
        return False


def test_they_answer_again_when_the_password_has_changed_and_nobody_restarts_them(host, asking):
    host.change_passwords()
    for _, url, body in asking.values():
        assert not _answers(url, body), "or this test shows nothing"
    host.write_tokens()
    for process, url, body in asking.values():
        servers.wait(lambda url=url, body=body: _answers(url, body), seconds=20)
        assert process.poll() is None


def test_artifacts_are_written_to_s3_by_who_logs_them(asking):
    _, url, body = asking["mlflow"]
    (experiment,) = requests.post(url, json=body, timeout=10).json()["experiments"]
    assert experiment["artifact_location"] == "s3://artifacts/mlflow/0"


def test_mlflow_is_known_by_its_name_in_the_network_alone(host, asking):
    _, url, body = asking["mlflow"]
    for name, answer in (f"{host.environment['TRACKING_HOST']}:5000", 200), ("rebound.example:5000", 403):
        assert requests.post(url, json=body, headers={"Host": name}, timeout=10).status_code == answer


def test_the_tokens_are_for_the_user_of_the_containers_alone(host):
    file = Path(host.environment["PGPASSFILE"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o755
    assert [other.name for other in file.parent.iterdir()] == [file.name]


def test_an_empty_password_has_training_read_the_tokens(host, monkeypatch, tmp_path):
    for name, value in host.environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SourceError, match="has no table"):  # so it was let in
        postgres.copy(Settings(), None, tmp_path / "rows.csv")


def test_nobody_else_is_taken_for_the_database(host, tmp_path, monkeypatch):
    for name, value in (host.environment | {"PGSSLROOTCERT": str(tls.Authority(tmp_path, "other").file)}).items():
        monkeypatch.setenv(name, value)
    at = {"host": "localhost", "port": int(host.environment["DB_PORT"]), "user": "mlflow", "database": "mlflow"}
    with pytest.raises(psycopg2.OperationalError, match="certificate verify failed"):
        psycopg2.connect(**at)
    with pytest.raises(ssl.SSLCertVerificationError):
        asyncio.run(asyncpg.connect(**at))
    monkeypatch.setenv("PGSSLROOTCERT", host.environment["PGSSLROOTCERT"])
    with pytest.raises(psycopg2.OperationalError, match="does not match host name"):
        psycopg2.connect(**at | {"host": "127.0.0.1"})
