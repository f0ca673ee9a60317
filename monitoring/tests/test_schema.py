"""The monitoring's tables: made, adopted from earlier versions, and made by several at once."""

import os
import subprocess
import sys
import uuid

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import ProgrammingError

from benchmarks.tables import execute, rows_of
from monitor import schema
from monitor.settings import SERVICE

NEWEST = max((SERVICE / "migrations" / "versions").glob("m*.py")).name[1:5]
TABLES = {"metrics", "feature_drift", "live_quality", "decisions", "monitoring_version"}
ORIGINAL = """
    CREATE TABLE metrics (
        timestamp timestamp,
        prediction_drift float,
        num_drifted_columns integer,
        share_missing_values float
    );
    INSERT INTO metrics VALUES
        ('2026-03-02 06:00', 0.25, 2, 0.125), ('2026-03-02 07:00', 0.5, 3, 0.25), ('2026-03-03 06:00', NULL, NULL, NULL),
        (NULL, 0.75, 1, 0);
"""
EARLIER = """
    CREATE TABLE metrics (
        timestamp timestamptz NOT NULL DEFAULT now(),
        day date NOT NULL,
        run_id text,
        rows integer NOT NULL,
        prediction_drift double precision,
        num_drifted_columns integer,
        share_missing_values double precision,
        status text NOT NULL
    );
    CREATE INDEX ix_metrics_day ON metrics (day);
    INSERT INTO metrics VALUES
        ('2026-03-02 06:00Z', '2026-03-01', 'first', 500, 0.25, 2, 0.125, 'drift'),
        ('2026-03-02 06:00Z', '2026-03-01', 'second', 300, 0.1, 0, 0, 'stable'),
        ('2026-03-03 06:00Z', '2026-03-02', NULL, 0, NULL, NULL, NULL, 'no predictions');
"""


def _columns(engine):
    return {
        name: {
            column["name"]: (str(column["type"]), column["nullable"]) for column in inspect(engine).get_columns(name)
        }
        for name in TABLES
    }


@pytest.fixture(name="new")
def _new(postgres):
    """The columns of the tables where there were none."""
    settings = postgres.create(f"test_{uuid.uuid4().hex}")
    engine = _engine_of(settings, settings["DB_USER"], settings["DB_PASSWORD"])
    schema.upgrade(engine)
    columns = _columns(engine)
    engine.dispose()
    return columns


def _engine_of(settings, user, password):
    host = f"{settings['DB_HOST']}:{settings['DB_PORT']}"
    return create_engine(f"postgresql+psycopg2://{user}:{password}@{host}/{settings['DB_NAME']}")


def test_an_empty_database_gets_the_tables_and_no_others(empty_engine):
    assert schema.upgrade(empty_engine) == NEWEST
    assert set(inspect(empty_engine).get_table_names()) == TABLES
    assert rows_of(empty_engine, "SELECT * FROM monitoring_version") == [(NEWEST,)]


def test_doing_it_again_changes_nothing(empty_engine):
    schema.upgrade(empty_engine)
    execute(
        empty_engine, "INSERT INTO metrics (day, rows, students, compared, status) VALUES (now(), 1, 1, 1, 'stable')"
    )
    assert schema.upgrade(empty_engine) == NEWEST
    assert rows_of(empty_engine, "SELECT rows FROM metrics") == [(1,)]


@pytest.mark.parametrize("before", [ORIGINAL, EARLIER], ids=["the original's", "an earlier version's"])
def test_an_adopted_table_has_the_columns_of_a_new_one(empty_engine, new, before):
    execute(empty_engine, before)
    schema.upgrade(empty_engine)
    assert _columns(empty_engine) == new


def test_the_originals_rows_are_kept_as_the_days_before_they_were_written_the_last_of_each(empty_engine):
    execute(empty_engine, ORIGINAL)
    schema.upgrade(empty_engine)
    columns = "day::text, prediction_drift, num_drifted_columns, share_missing_values, rows, students, compared, status"
    assert rows_of(empty_engine, f"SELECT {columns} FROM metrics ORDER BY day") == [
        ("1969-12-31", 0.75, 1, 0, 0, 0, 0, "not enough data"),
        ("2026-03-01", 0.5, 3, 0.25, 0, 0, 0, "not enough data"),
        ("2026-03-02", None, None, None, 0, 0, 0, "not enough data"),
    ]
    assert rows_of(empty_engine, "SELECT timestamp::text FROM metrics WHERE day = '2026-03-01'") == [
        ("2026-03-02 07:00:00+00",)
    ]


def test_the_earlier_versions_rows_are_kept_and_its_verdicts_are_not(empty_engine):
    execute(empty_engine, EARLIER)
    schema.upgrade(empty_engine)
    columns = "day::text, run_id, rows, prediction_drift, num_drifted_columns, share_missing_values, status"
    assert rows_of(empty_engine, f"SELECT {columns} FROM metrics ORDER BY day, run_id") == [
        ("2026-03-01", "first", 500, 0.25, 2, 0.125, "not enough data"),
        ("2026-03-01", "second", 300, 0.1, 0, 0, "not enough data"),
        ("2026-03-02", None, 0, None, None, None, "no predictions"),
    ]


def test_several_that_start_at_once_migrate_once(empty_engine, empty_database):
    execute(empty_engine, EARLIER)
    started = [
        subprocess.Popen(  # pylint: disable=consider-using-with  # communicate waits for it
            [sys.executable, "migrate.py"],
            cwd=SERVICE,
            env=os.environ | empty_database,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(3)
    ]
    said = [process.communicate(timeout=120)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], said
    assert all(one.endswith(f"The monitoring's tables are at version {NEWEST}.\n") for one in said)
    assert rows_of(empty_engine, "SELECT * FROM monitoring_version") == [(NEWEST,)]


def test_a_migration_that_fails_changes_nothing(empty_engine):
    execute(empty_engine, f"{ORIGINAL}; CREATE TABLE decisions (mine text)")
    with pytest.raises(ProgrammingError, match='relation "decisions" already exists'):
        schema.upgrade(empty_engine)
    assert len(inspect(empty_engine).get_columns("metrics")) == 4
    assert rows_of(empty_engine, "SELECT count(*) FROM metrics") == [(4,)]


@pytest.fixture(name="of_another")
def _of_another(empty_engine, empty_database):
    """The database as a user sees it who may read and write rows, and no more."""
    user = f"writer_{uuid.uuid4().hex}"
    execute(
        empty_engine,
        f"""
        CREATE ROLE {user} LOGIN PASSWORD 'secret';
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, DELETE ON TABLES TO {user}
        """,
    )
    engine = _engine_of(empty_database, user, "secret")
    yield engine
    engine.dispose()


def test_a_user_who_may_not_change_tables_needs_not_once_they_are_up_to_date(empty_engine, of_another):
    schema.upgrade(empty_engine)
    assert schema.upgrade(of_another) == NEWEST
    with pytest.raises(ProgrammingError, match="must be owner"):
        execute(of_another, "ALTER TABLE metrics ADD COLUMN mine text")


def test_a_user_who_may_not_make_tables_is_told_so(of_another):
    with pytest.raises(ProgrammingError, match="permission denied for schema public"):
        schema.upgrade(of_another)


def test_the_program_says_in_a_line_what_is_wrong(empty_database):
    wrong = os.environ | empty_database | {"DB_PASSWORD": "wrong"}
    done = subprocess.run(
        [sys.executable, "migrate.py"], cwd=SERVICE, env=wrong, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1 and "password authentication failed" in done.stderr


def test_older_code_goes_on_with_the_tables_of_a_newer_one(empty_engine):
    schema.upgrade(empty_engine)
    execute(empty_engine, "UPDATE monitoring_version SET version_num = '9999'")
    assert schema.upgrade(empty_engine) == "9999"
    assert rows_of(empty_engine, "SELECT * FROM monitoring_version") == [("9999",)]


def test_the_prediction_services_versions_are_none_of_ours(empty_engine):
    execute(
        empty_engine, "CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('0002')"
    )
    schema.upgrade(empty_engine)
    with empty_engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "0002"
