"""On a real Postgres server, which `make end-to-end` gives."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from monitor import database as db

DAY = date(2026, 3, 1)
FEATURES = "CREATE TABLE features (timestamp timestamptz, run_id text, user_id bigint)"


@pytest.fixture(name="engine")
def _engine(database):
    engine = db.connect(database)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS features, metrics"))
    yield engine
    engine.dispose()


def _metrics(engine):
    with engine.connect() as connection:
        return connection.execute(text("SELECT day, run_id, rows, status FROM metrics ORDER BY day, run_id")).all()


def _row(run_id, rows=1):
    return {"run_id": run_id, "rows": rows, "status": "ok"}


def test_a_day_is_from_midnight_to_midnight_utc(engine):
    with engine.begin() as connection:
        connection.execute(text(FEATURES))
        for user, moment in enumerate(
            [
                "2026-02-28 23:59:59.999999+00",
                "2026-03-01 00:00:00+00",
                "2026-03-01 23:59:59.999999+00",
                "2026-03-02 00:00:00+00",
                "2026-03-02 01:30:00+02",
            ]
        ):
            connection.execute(
                text("INSERT INTO features VALUES (:moment, 'r', :user)"), {"moment": moment, "user": user}
            )
    assert sorted(db.read_predictions(engine, DAY)["user_id"]) == [1, 2, 4]


def test_without_the_table_of_predictions_it_says_what_to_check(engine):
    with pytest.raises(db.NoFeaturesTable, match="check that both use the same DB_HOST and DB_NAME"):
        db.read_predictions(engine, DAY)


def test_writing_a_day_again_replaces_its_rows_and_no_others(engine):
    db.replace_metrics(engine, DAY, [_row("a"), _row("b")])
    db.replace_metrics(engine, date(2026, 3, 2), [_row("a")])
    db.replace_metrics(engine, DAY, [_row("b", rows=7)])
    assert _metrics(engine) == [(DAY, "b", 7, "ok"), (date(2026, 3, 2), "a", 1, "ok")]


def test_a_day_whose_rows_cannot_be_written_keeps_the_old_ones(engine):
    db.replace_metrics(engine, DAY, [_row("a")])
    with pytest.raises(IntegrityError):
        db.replace_metrics(engine, DAY, [{"run_id": "b", "rows": None, "status": "ok"}])
    assert _metrics(engine) == [(DAY, "a", 1, "ok")]


def test_the_same_day_written_many_times_at_once_has_its_rows_once(engine):
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: db.replace_metrics(engine, DAY, [_row("a")]), range(8)))
    assert _metrics(engine) == [(DAY, "a", 1, "ok")]
