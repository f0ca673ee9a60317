"""What database.sh makes in a Postgres like RDS', with an administrator that is no superuser; AWS is a stand-in."""

import json
import os
import shutil
import subprocess
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from benchmarks import servers
from tests.with_servers import tls

SCRIPT = Path(__file__).resolve().parents[3] / "infrastructure" / "database.sh"
ADMINISTRATOR = {"username": "postgres", "password": 'a "quoted" \\ password:'}
# As in RDS: roles of AWS', and an administrator who may give rds_iam away, but is no member of it.
LIKE_RDS = """
    CREATE ROLE postgres LOGIN CREATEROLE CREATEDB PASSWORD '{password}';
    CREATE ROLE rds_iam;
    CREATE ROLE boss SUPERUSER LOGIN PASSWORD 'boss';
"""


@pytest.fixture(name="server", scope="module")
def _server(tmp_path_factory):
    """A server whose superuser has another name than ours have."""
    server = servers.PostgresServer(tmp_path_factory.mktemp("postgres"))
    try:
        server.start()
        with closing(server.connect("postgres")) as connection, connection.cursor() as cursor:
            cursor.execute(LIKE_RDS.format(password=ADMINISTRATOR["password"]))
        with closing(_connect(server, "boss", "boss")) as connection, connection.cursor() as cursor:
            cursor.execute("ALTER ROLE mlops RENAME TO rdsadmin")
            cursor.execute("GRANT rds_iam TO postgres WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")
        yield server
    finally:
        server.stop()


def _connect(server, user, password):
    connection = psycopg2.connect(host="127.0.0.1", port=server.port, user=user, password=password, dbname="postgres")
    connection.autocommit = True
    return connection


@pytest.fixture(name="run", scope="module")
def _run(server, tmp_path_factory):
    """A function that runs the script, as through a tunnel."""
    if not shutil.which("psql"):
        pytest.skip("psql is not installed; the one of the wheel that the servers are from knows no TLS")
    folder = tmp_path_factory.mktemp("administrator")
    authority = tls.Authority(folder, "authority")
    front = tls.Front(server.port, authority.serving("course.example"))
    (folder / "secret.json").write_text(json.dumps(ADMINISTRATOR), encoding="utf-8")
    (folder / "aws").write_text(f"#!/bin/sh\ncat {folder}/secret.json\n", encoding="utf-8")
    (folder / "aws").chmod(0o755)
    given = {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "AWS_REGION": "eu-central-1",
        "DATABASE_HOST": "course.example",
        "DATABASE_SECRET_ARN": "arn",
        "PGSSLROOTCERT": str(authority.file),
        "TUNNEL_PORT": str(front.port),
    }

    def run(**environment):
        return subprocess.run([SCRIPT], env=given | environment, capture_output=True, text=True, check=False)

    yield run
    front.stop()


@pytest.fixture(name="ask")
def _ask(server):
    """A function that gives what a query finds."""
    with closing(_connect(server, "boss", "boss")) as connection, connection.cursor() as cursor:

        def ask(query):
            cursor.execute(query)
            return cursor.fetchall()

        yield ask


def test_it_makes_roles_and_databases_once(run, ask):
    for _ in range(2):
        done = run()
        assert done.returncode == 0, done.stderr
        assert done.stdout.split("\n")[1:4] == [" mlflow owns mlflow", " mlops owns course", " prefect owns prefect"]
        assert not done.stderr and ADMINISTRATOR["password"] not in done.stdout
    roles = ask("""
        SELECT rolname, rolcreaterole, rolcreatedb, pg_has_role(oid, 'rds_iam', 'USAGE') FROM pg_roles
        WHERE rolname IN ('mlops', 'mlflow', 'prefect') ORDER BY 1
    """)
    assert roles == [("mlflow", False, False, True), ("mlops", True, False, True), ("prefect", False, False, True)]
    users = ["mlflow", "mlops", "postgres", "prefect"]
    connecting = ask(f"""
        SELECT datname, array_agg(rolname::text ORDER BY rolname) FROM pg_database, pg_roles
        WHERE rolname = ANY (ARRAY{users}) AND datname IN ('course', 'mlflow', 'prefect')
            AND has_database_privilege(rolname, datname, 'CONNECT')
        GROUP BY 1 ORDER BY 1
    """)
    assert connecting == [("course", ["mlops"]), ("mlflow", ["mlflow"]), ("prefect", ["prefect"])]


def test_the_administrator_keeps_signing_in_with_the_password(run, ask):
    # RDS wants a token from each member of rds_iam, members of members included. What Postgres gives to who makes
    # a role, the right to administer it, is left.
    assert run().returncode == 0
    given = ask("SELECT pg_get_userbyid(roleid)::text FROM pg_auth_members WHERE inherit_option OR set_option")
    assert sorted({role for (role,) in given} - {"rds_iam"}) == [
        "pg_read_all_settings",
        "pg_read_all_stats",
        "pg_stat_scan_tables",
    ]


def test_what_was_cut_short_is_made_good(run, ask):
    assert run().returncode == 0
    ask("GRANT CONNECT ON DATABASE course TO PUBLIC; SELECT")
    assert run().returncode == 0
    assert ask("SELECT has_database_privilege('public', 'course', 'CONNECT')") == [(False,)]


def test_it_gives_the_password_to_no_other_server(run, tmp_path):
    done = run(PGSSLROOTCERT=str(tls.Authority(tmp_path, "other").file))
    assert done.returncode and "certificate verify failed" in done.stderr
