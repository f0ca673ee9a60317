"""Rows and tables, on a real PostgreSQL server."""

import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from serving import schema
from serving.outbox.postgres import Postgres
from serving.settings import SERVICE, Settings

NEWEST = max((SERVICE / "migrations" / "versions").glob("r*.py")).name[1:5]
COLUMNS = ["prediction_id", "timestamp", "run_id", "user_id", "course_category", "prediction", "probability"]


def _row(its_id, category="Science", user=1):
    return f"{its_id}\t2026-01-01T00:00:00+00:00\t{'0' * 32}\t{user}\t{category}\t1\t0.75\n\n".encode()


@pytest.fixture(name="target")
def _target(database):
    name, environment = database
    return Settings(**{setting.lower(): value for setting, value in environment.items()}), name


@pytest.fixture(name="read")
def _read(postgres, target):
    return lambda statement: postgres.query(statement, database=target[1])


def test_a_row_is_kept_once_however_often_it_is_sent(target, read):
    first, second = str(uuid.uuid4()), str(uuid.uuid4())
    postgres = Postgres(target[0])
    assert postgres.insert("features", COLUMNS, _row(first)) == []
    assert postgres.insert("features", COLUMNS, _row(first) + _row(second)) == []
    assert sorted(read("SELECT prediction_id::text, user_id, probability FROM features")) == sorted(
        [(first, 1, 0.75), (second, 1, 0.75)]
    )


def test_text_comes_out_as_it_went_in(target, read):
    postgres = Postgres(target[0])
    postgres.insert("features", COLUMNS, _row(uuid.uuid4(), category="tab\\tnewline\\nback\\\\slash"))
    postgres.insert("features", COLUMNS, _row(uuid.uuid4(), category="\\N"))
    found = {category for (category,) in read("SELECT course_category FROM features")}
    assert found == {"tab\tnewline\nback\\slash", None}


def test_a_row_that_is_never_taken_does_not_keep_the_others_out(target, read):
    good = [str(uuid.uuid4()) for _ in range(4)]
    data = b"".join(map(_row, good[:3])) + _row(uuid.uuid4(), user="no-number") + _row(good[3])
    (rejected,) = Postgres(target[0]).insert("features", COLUMNS, data)
    assert b"no-number" in rejected.row and "bigint" in rejected.reason
    assert {its_id for (its_id,) in read("SELECT prediction_id::text FROM features")} == set(good)


def test_it_goes_on_after_its_connection_was_cut(target, read):
    postgres, its_id = Postgres(target[0]), uuid.uuid4()
    postgres.insert("features", COLUMNS, _row(uuid.uuid4()))
    assert read(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'model-deployment' AND datname = current_database()"
    )
    with pytest.raises(psycopg2.Error):
        postgres.insert("features", COLUMNS, _row(its_id))
    postgres.insert("features", COLUMNS, _row(its_id))
    assert len(read("SELECT 1 FROM features")) == 2


def test_many_processes_may_migrate_at_once(database, read):
    with ThreadPoolExecutor(6) as threads:
        ended = list(threads.map(lambda _: _run("migrate.py", database), range(6)))
    assert {(one.returncode, one.stdout) for one in ended} == {(0, f"The tables are at version {NEWEST}.\n")}
    assert read("SELECT version_num FROM model_deployment_version") == [(NEWEST,)]


def test_tables_of_a_newer_service_are_left_alone(target, postgres, read):
    schema.upgrade(target[0])
    postgres.query("UPDATE model_deployment_version SET version_num = '9999'", database=target[1])
    assert schema.upgrade(target[0]) == "9999"
    assert Postgres(target[0]).insert("features", COLUMNS, _row(uuid.uuid4())) == []
    assert read("SELECT version_num FROM model_deployment_version") == [("9999",)]


def test_a_table_of_the_original_project_is_adopted_with_its_rows(target, postgres, read):
    postgres.query(
        "CREATE TABLE features (timestamp timestamp, user_id integer, device_type integer, course_category varchar, "
        "time_spent_on_course float, number_of_videos_watched integer, number_of_quizzes_taken integer, "
        "prediction integer); INSERT INTO features VALUES "
        "('2024-05-01 10:00', 5618, 1, 'Health', 29.9, 17, 3, 0), (NULL, 1, 0, 'Arts', 1, 1, 1, 1)",
        database=target[1],
    )
    schema.upgrade(target[0])
    Postgres(target[0]).insert("features", COLUMNS, _row(uuid.uuid4(), user=2**62))
    assert read("SELECT timestamp::text, user_id, prediction, run_id FROM features ORDER BY timestamp") == [
        ("1970-01-01 00:00:00+00", 1, 1, None),
        ("2024-05-01 10:00:00+00", 5618, 0, None),
        ("2026-01-01 00:00:00+00", 2**62, 1, "0" * 32),
    ]
    assert len(read("SELECT DISTINCT prediction_id FROM features")) == 3


def test_a_table_of_the_version_before_is_adopted_too(target, postgres, read):
    postgres.query(
        "CREATE TABLE features (prediction_id uuid PRIMARY KEY, timestamp timestamptz NOT NULL, run_id text NOT NULL, "
        "user_id bigint NOT NULL, device_type integer, course_category text, time_spent_on_course double precision, "
        "number_of_videos_watched integer, number_of_quizzes_taken integer, prediction integer NOT NULL, "
        "probability double precision NOT NULL); CREATE INDEX features_timestamp ON features (timestamp);"
        "INSERT INTO features VALUES (gen_random_uuid(), now(), 'a', 1, 1, 'Arts', 1, 1, 1, 1, 0.5)",
        database=target[1],
    )
    schema.upgrade(target[0])
    assert read("SELECT run_id, probability FROM features") == [("a", 0.5)]


def test_a_user_who_may_only_write_can_ship_once_the_tables_are_there(target, postgres, read):
    schema.upgrade(target[0])
    role = f"writer_{uuid.uuid4().hex}"
    postgres.query(
        f"CREATE ROLE {role} LOGIN PASSWORD 'p'; GRANT INSERT, SELECT ON features TO {role}; "
        f"GRANT SELECT ON model_deployment_version TO {role}",
        database=target[1],
    )
    writer = Settings(**target[0].model_dump() | {"db_user": role, "db_password": "p"})
    assert Postgres(writer).insert("features", COLUMNS, _row(uuid.uuid4())) == []
    assert len(read("SELECT 1 FROM features")) == len(read("SELECT 1 FROM students")) == 1


def test_a_database_of_another_encoding_keeps_text_as_it_is(postgres, target):
    name = f"latin_{uuid.uuid4().hex}"
    postgres.query(f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0", database="postgres")
    settings = target[0].model_copy(update={"db_name": name})
    assert Postgres(settings).insert("features", COLUMNS, _row(uuid.uuid4(), category="Künste")) == []
    assert postgres.query("SELECT course_category FROM features", database=name) == [("Künste",)]


def test_both_tables_can_be_partitioned_by_time_and_are_indexed_by_it(target, postgres):
    schema.upgrade(target[0])
    for table, column in {"features": "timestamp", "outcomes": "occurred_at"}.items():
        postgres.query(
            f"CREATE TABLE {table}_by_day (LIKE {table} INCLUDING INDEXES) PARTITION BY RANGE ({column})",
            database=target[1],
        )
    plan = postgres.query("SET enable_seqscan = off; EXPLAIN SELECT min(received_at) FROM outcomes", database=target[1])
    assert "outcomes_received_at" in str(plan)


def test_days_can_be_read_by_an_index(target, read):
    schema.upgrade(target[0])
    plan = read(
        "SET enable_seqscan = off; "
        "EXPLAIN SELECT * FROM features WHERE timestamp >= '2026-01-01' AND timestamp < '2026-01-02'"
    )
    assert "features_timestamp" in str(plan)


def _run(script, database, *arguments):
    return subprocess.run(
        [sys.executable, script, *arguments], cwd=SERVICE, env=database[1], capture_output=True, text=True, check=False
    )


def test_old_rows_are_deleted_by_day_and_new_ones_kept(database, target, postgres, read):
    assert _run("migrate.py", database).stdout == f"The tables are at version {NEWEST}.\n"
    postgres.query(
        "INSERT INTO features (prediction_id, timestamp) SELECT gen_random_uuid(), "
        "(now() AT TIME ZONE 'UTC')::date::timestamp AT TIME ZONE 'UTC' + interval '1 minute' - n * interval '1 day' "
        "FROM generate_series(0, 9) n",
        database=target[1],
    )
    postgres.query(
        "UPDATE features SET user_id = 1 + extract(day FROM now() - timestamp); "
        "INSERT INTO students SELECT user_id, timestamp, prediction_id FROM features; "
        "INSERT INTO service_metrics (instance, timestamp) SELECT 'here:1', timestamp FROM features",
        database=target[1],
    )
    ended = _run("retention.py", database, "3")
    for table in "features", "students", "service_metrics":
        assert f"{table}: 7 rows that are older than 3 days deleted" in ended.stdout
        assert len(read(f"SELECT 1 FROM {table}")) == 3
    assert "outcomes: 0 rows" in ended.stdout
    assert "features: 0 rows" in _run("retention.py", database, "3").stdout


@pytest.mark.parametrize("days", ["0", "999999", "x"])
def test_retention_refuses_what_is_no_number_of_days(database, days):
    ended = _run("retention.py", database, days)
    assert ended.returncode == 2 and "days" in ended.stderr


@pytest.mark.parametrize("script", [["migrate.py"], ["retention.py", "3"]])
def test_commands_say_in_a_line_that_postgres_is_away(script):
    ended = _run(script[0], ("", {"DB_PORT": "9"}), *script[1:])
    assert ended.returncode == 1
    assert "refused" in ended.stderr and "Traceback" not in ended.stderr
