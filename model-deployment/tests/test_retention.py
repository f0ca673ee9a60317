"""What is too old is deleted by the service itself, on a real PostgreSQL server."""

import logging
import queue
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from serving import database as connecting
from serving import retention, schema
from serving.outbox.postgres import Postgres
from serving.settings import Settings
from tests.rounds import Rounds


@pytest.fixture(name="settings")
def _settings(database):
    """Those of a service that keeps three days, in whose database there are rows of the last ten."""
    settings = Settings(**{setting.lower(): value for setting, value in database[1].items()} | {"retention_days": 3})
    schema.upgrade(settings)
    columns = ["prediction_id", "timestamp", "user_id", "prediction"]
    days = [(datetime.now(UTC) - timedelta(days=days)).isoformat() for days in range(10)]
    rows = "".join(f"{uuid.uuid4()}\t{day}\t{user}\t1\n" for user, day in enumerate(days, 1))
    assert Postgres(settings).insert("features", columns, rows.encode()) == []
    return settings


@pytest.fixture(name="kept")
def _kept(postgres, settings):
    return lambda: [
        postgres.query(f"SELECT count(*) FROM {table}", database=settings.db_name)[0][0]
        for table in ("features", "students")
    ]


def test_the_service_deletes_what_is_older_than_it_is_told(settings, kept, caplog):
    caplog.set_level(logging.INFO)
    life = Rounds(2)
    retention.keep_on(settings, life, first=60, every=3600)
    assert kept() == [3, 3]
    assert life.waited == [60, 3600, 3600]
    (message,) = caplog.messages  # the second round has nothing to say
    assert message.startswith("Deleted, since RETENTION_DAYS=3: 7 rows of features, 7 rows of students, ")


def test_one_instance_deletes_at_a_time(settings, kept):
    with closing(connecting.connect(settings)) as other, other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", (retention.LOCK,))
        assert not list(retention.apply(settings, 3))
        assert kept() == [10, 10]
    assert dict(retention.apply(settings, 3))["features"] == 7


def test_a_user_with_the_rights_that_the_page_names_can_delete(settings, postgres, kept):
    role = f"deleter_{uuid.uuid4().hex}"
    postgres.query(
        f"CREATE ROLE {role} LOGIN PASSWORD 'p'; "
        f"GRANT SELECT, DELETE ON features, outcomes, service_metrics, students TO {role}; "
        f"GRANT UPDATE ON students TO {role}",
        database=settings.db_name,
    )
    assert dict(retention.apply(Settings(**settings.model_dump() | {"db_user": role, "db_password": "p"}), 3))
    assert kept() == [3, 3]


def test_a_postgres_that_is_away_is_said_and_tried_again(settings, kept, caplog):
    away = settings.model_copy(update={"db_port": 9})
    retention.keep_on(away, Rounds(1), every=3600)
    (message,) = caplog.messages
    assert message.startswith(
        "What is older than RETENTION_DAYS=3 is not all deleted, which is tried again in 1 hours:"
    )
    assert kept() == [10, 10]


def test_without_a_number_of_days_nothing_is_started(settings, monkeypatch):
    started, life = queue.Queue(), Rounds(0)
    monkeypatch.setattr(retention, "keep_on", lambda *arguments: started.put(arguments))
    retention.start(settings.model_copy(update={"retention_days": None}), life)
    retention.start(settings, life)
    assert started.get(timeout=60) == (settings, life)
    assert started.empty()
