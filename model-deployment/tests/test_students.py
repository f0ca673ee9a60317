"""The table `students` holds the latest prediction of each student, whoever wrote it and in whatever order."""

import random
import threading
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest
from alembic import command
from alembic.config import Config

from benchmarks.servers import wait
from serving import database as connecting
from serving import schema
from serving.outbox.postgres import Postgres
from serving.retention import delete
from serving.settings import SERVICE, Settings

COLUMNS = ["prediction_id", "timestamp", "run_id", "user_id", "course_category", "prediction", "probability"]
START = datetime(2026, 1, 1, tzinfo=UTC)
KEPT = "user_id, timestamp, prediction_id, run_id, course_category, prediction, probability"
EXPECTED = (
    f"SELECT DISTINCT ON (user_id) {KEPT} FROM features WHERE user_id IS NOT NULL "
    "ORDER BY user_id, timestamp DESC, prediction_id DESC"
)


def _row(user, minute=0, its_id=None):
    values = (
        its_id or uuid.uuid4(),
        (START + timedelta(minutes=minute)).isoformat(),
        "a",
        user,
        "Arts",
        1,
        minute / 1000,
    )
    return ("\t".join(map(str, values)) + "\n").encode()


@pytest.fixture(name="target")
def _target(database):
    name, environment = database
    settings = Settings(**{setting.lower(): value for setting, value in environment.items()})
    schema.upgrade(settings)
    return settings, name


@pytest.fixture(name="query")
def _query(postgres, target):
    return lambda statement, *parameters: postgres.query(statement, *parameters, database=target[1])


@pytest.fixture(name="assert_right")
def _assert_right(query):
    def assert_right(number):
        found = query(f"SELECT {KEPT} FROM students ORDER BY user_id")
        assert len(found) == number
        assert found == query(EXPECTED)

    return assert_right


def test_the_latest_prediction_of_a_batch_is_kept(target, query, assert_right):
    Postgres(target[0]).insert("features", COLUMNS, _row(1, 5) + _row(1, 9) + _row(2, 3) + _row(1, 7))
    assert_right(2)
    assert query("SELECT timestamp FROM students WHERE user_id = 1") == [(START + timedelta(minutes=9),)]


def test_an_older_row_that_comes_late_replaces_nothing_and_a_newer_one_does(target, query, assert_right):
    postgres = Postgres(target[0])
    for minute, latest in (5, 5), (3, 5), (9, 9):
        postgres.insert("features", COLUMNS, _row(1, minute))
        assert_right(1)
        assert query("SELECT timestamp FROM students") == [(START + timedelta(minutes=latest),)]


def test_of_predictions_of_one_moment_the_same_is_kept_in_whatever_order_they_come(target, query, assert_right):
    postgres = Postgres(target[0])
    ids = sorted(str(uuid.uuid4()) for _ in range(4))
    for its_id in (ids[2], ids[0], ids[3], ids[1]):
        postgres.insert("features", COLUMNS, _row(1, its_id=its_id))
    assert_right(1)
    assert query("SELECT prediction_id::text FROM students") == [(ids[3],)]


def test_rows_that_are_sent_again_change_nothing(target, query, assert_right):
    postgres, data = Postgres(target[0]), _row(1, 1) + _row(2, 2)
    postgres.insert("features", COLUMNS, data)
    before = query("SELECT xmin::text, ctid::text FROM students ORDER BY user_id")
    postgres.insert("features", COLUMNS, data)
    assert query("SELECT xmin::text, ctid::text FROM students ORDER BY user_id") == before
    assert_right(2)


def test_rows_without_a_student_are_passed_over(target, query, assert_right):
    Postgres(target[0]).insert("features", COLUMNS, _row("\\N") + _row(1))
    assert_right(1)
    assert len(query("SELECT 1 FROM features")) == 2


def test_rows_from_before_the_table_are_in_it(database, postgres):
    name, environment = database
    settings = Settings(**{setting.lower(): value for setting, value in environment.items()})
    config = Config(str(SERVICE / "alembic.ini"))
    config.attributes["settings"] = settings
    command.upgrade(config, "0001")
    postgres.query(
        "INSERT INTO features (prediction_id, timestamp, user_id, prediction) "
        "SELECT gen_random_uuid(), now() - n * interval '1 hour', nullif(mod(n, 10), 0), 1 "
        "FROM generate_series(1, 100) n",
        database=name,
    )
    schema.upgrade(settings)
    found = postgres.query(f"SELECT {KEPT} FROM students ORDER BY user_id", database=name)
    assert len(found) == 9
    assert found == postgres.query(EXPECTED, database=name)


def test_writers_at_once_do_not_lock_each_other_out(target, assert_right):
    """Each of them writes the same students, in an order of its own."""
    failures = []

    def write(seed):
        chance = random.Random(seed)
        postgres = Postgres(target[0])
        try:
            for _ in range(15):
                users = chance.sample(range(300), 300)
                rows = b"".join(_row(user, chance.randrange(10_000)) for user in users)
                failures.extend(postgres.insert("features", COLUMNS, rows))
        except psycopg2.Error as error:
            failures.append(error)
        finally:
            postgres.close()

    threads = [threading.Thread(target=write, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert_right(300)


def test_who_deletes_old_students_and_who_writes_do_not_lock_each_other_out(target, query):
    postgres = Postgres(target[0])
    for user in (2, 1):  # so that 2 is found first where nobody asks for an order
        postgres.insert("features", COLUMNS, _row(user))
    with closing(connecting.connect(target[0])) as writing, closing(connecting.connect(target[0])) as deleting:
        deleted = []
        end = (START + timedelta(days=1)).date()
        thread = threading.Thread(target=lambda: deleted.append(delete(deleting, "students", "timestamp", end)))
        with writing, writing.cursor() as cursor:
            cursor.execute("UPDATE students SET timestamp = now() WHERE user_id = 1")
            thread.start()
            wait(lambda: query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))
            cursor.execute("UPDATE students SET run_id = 'b' WHERE user_id = 2")
        thread.join()
    assert deleted == [1]
    assert query("SELECT user_id FROM students") == [(1,)]


def test_a_schema_of_its_own_and_a_hostile_search_path_are_no_trouble(target, postgres, query):
    """Who inserts may set where names are looked for, and must not lead the trigger elsewhere."""
    query(
        "CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.students (LIKE students); SET search_path = elsewhere; "
        "CREATE TEMPORARY TABLE students (LIKE public.students); INSERT INTO public.features "
        "(prediction_id, timestamp, user_id) VALUES (gen_random_uuid(), now(), 7)"
    )
    assert query("SELECT user_id FROM public.students") == [(7,)]
    name = f"own_{uuid.uuid4().hex}"
    postgres.query(f'CREATE DATABASE "{name}"', database="postgres")
    postgres.query(
        f'CREATE SCHEMA "Our own"; ALTER DATABASE "{name}" SET search_path = "Our own", public', database=name
    )
    Postgres(target[0].model_copy(update={"db_name": name})).insert("features", COLUMNS, _row(1))
    assert postgres.query('SELECT user_id FROM "Our own".students', database=name) == [(1,)]


def test_only_who_migrates_may_use_the_function_of_the_trigger(target, query):
    role = f"writer_{uuid.uuid4().hex}"
    query(f"CREATE ROLE {role}")
    assert query(
        "SELECT has_function_privilege(%s, 'keep_students()', 'EXECUTE'), "
        "has_table_privilege(%s, 'students', 'UPDATE')",
        role,
        role,
    ) == [(False, False)]
    assert target


def test_it_is_kept_where_features_is_partitioned_by_day(target, query, assert_right):
    """As an operator would do it: the table becomes a partition of a new one, which gets the trigger."""
    Postgres(target[0]).insert("features", COLUMNS, _row(1) + _row(2))
    query(
        "ALTER TABLE features RENAME TO features_old; "
        "CREATE TABLE features (LIKE features_old INCLUDING INDEXES) PARTITION BY RANGE (timestamp); "
        "ALTER TABLE features ATTACH PARTITION features_old FOR VALUES FROM (MINVALUE) TO ('2026-01-02'); "
        "CREATE TABLE features_new PARTITION OF features FOR VALUES FROM ('2026-01-02') TO (MAXVALUE); "
        "CREATE TRIGGER keep_students AFTER INSERT ON features REFERENCING NEW TABLE AS added "
        "FOR EACH STATEMENT EXECUTE FUNCTION keep_students()"
    )
    Postgres(target[0]).insert("features", COLUMNS, _row(1, 5) + _row(2, 24 * 60) + _row(3, 24 * 60))
    assert_right(3)


def test_a_students_predictions_and_the_last_service_metrics_are_found_by_an_index(target, query):
    for index, statement in {
        "features_user_id": "SELECT * FROM features WHERE user_id = 1 ORDER BY timestamp DESC LIMIT 1",
        "service_metrics_timestamp": "SELECT * FROM service_metrics WHERE timestamp > now()",
    }.items():
        assert index in str(query(f"SET enable_seqscan = off; EXPLAIN {statement}"))
    assert target
