"""On a real Postgres server, which `make end-to-end` gives."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psycopg2
import pytest

from serving.store import PredictionStore, StoreUnavailable


def _row(**changes):
    return {
        "prediction_id": str(uuid.uuid4()),
        "timestamp": datetime.now(UTC),
        "run_id": "0" * 32,
        "user_id": 2**62,
        "device_type": 1,
        "course_category": "Science",
        "time_spent_on_course": None,
        "number_of_videos_watched": 2**31 - 1,
        "number_of_quizzes_taken": 7,
        "prediction": 1,
        "probability": 0.75,
    } | changes


def _query(settings, statement, *parameters):
    connection = psycopg2.connect(
        host=settings.db_host,
        port=settings.db_port,
        user=settings.db_user,
        password=settings.db_password.get_secret_value(),
        dbname=settings.db_name,
    )
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall()
    finally:
        connection.close()


def test_a_row_is_kept_once_however_often_it_is_written(database):
    store, row = PredictionStore(database), _row()
    store.write([row])
    store.write([row, _row()])
    found = _query(
        database,
        "SELECT user_id, time_spent_on_course, probability FROM features WHERE prediction_id = %s",
        row["prediction_id"],
    )
    assert found == [(2**62, None, 0.75)]


def test_a_batch_is_kept_whole_or_not_at_all(database):
    good, bad = _row(), _row(prediction=None)
    with pytest.raises(psycopg2.IntegrityError):
        PredictionStore(database).write([good, bad])
    assert not _query(database, "SELECT 1 FROM features WHERE prediction_id = %s", good["prediction_id"])


def test_it_goes_on_after_its_connections_were_cut(database):
    store, row = PredictionStore(database), _row()
    store.write([_row()])
    cut = _query(
        database,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'model-deployment'",
    )
    assert cut
    store.write([row])
    assert _query(database, "SELECT 1 FROM features WHERE prediction_id = %s", row["prediction_id"])


def test_many_processes_may_start_at_once(database):
    rows = [_row() for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda row: PredictionStore(database).write([row]), rows))
    ids = [row["prediction_id"] for row in rows]
    found = _query(database, "SELECT count(*) FROM features WHERE prediction_id::text = ANY(%s)", ids)
    assert found == [(8,)]


def test_without_a_server_it_says_so(database):
    nobody_listens = database.model_copy(update={"db_port": 9})
    with pytest.raises(StoreUnavailable, match="refused"):
        PredictionStore(nobody_listens).write([_row()])


def test_a_server_that_takes_no_writes_is_not_the_requests_fault(database, monkeypatch):
    monkeypatch.setenv("PGOPTIONS", "-c default_transaction_read_only=on")  # as after a failover
    with pytest.raises(StoreUnavailable, match="read-only transaction"):
        PredictionStore(database).write([_row()])
