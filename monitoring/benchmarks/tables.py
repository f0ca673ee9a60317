"""The prediction service's tables as its migrations make them, and rows for them."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

import pandas as pd
from sqlalchemy import Engine, MetaData, Table, insert, text

TABLES = """
    CREATE TABLE features (
        timestamp timestamptz NOT NULL,
        user_id bigint,
        device_type integer,
        course_category text,
        time_spent_on_course double precision,
        number_of_videos_watched integer,
        number_of_quizzes_taken integer,
        prediction integer,
        prediction_id uuid NOT NULL,
        run_id text,
        probability double precision,
        PRIMARY KEY (prediction_id, timestamp)
    );
    CREATE INDEX features_timestamp ON features (timestamp);
    CREATE INDEX features_user_id ON features (user_id, timestamp);
    CREATE TABLE outcomes (
        outcome_id uuid NOT NULL,
        received_at timestamptz NOT NULL,
        prediction_id uuid,
        user_id bigint,
        course_completion integer NOT NULL CHECK (course_completion IN (0, 1)),
        occurred_at timestamptz NOT NULL,
        PRIMARY KEY (outcome_id, occurred_at),
        CHECK (prediction_id IS NOT NULL OR user_id IS NOT NULL)
    );
    CREATE INDEX outcomes_prediction_id ON outcomes (prediction_id);
    CREATE INDEX outcomes_user_id ON outcomes (user_id, occurred_at);
    CREATE INDEX outcomes_received_at ON outcomes (received_at);
"""
COLUMNS = {
    "CourseCategory": "course_category",
    "DeviceType": "device_type",
    "TimeSpentOnCourse": "time_spent_on_course",
    "NumberOfVideosWatched": "number_of_videos_watched",
    "NumberOfQuizzesTaken": "number_of_quizzes_taken",
    "prediction": "prediction",
    "probability": "probability",
}


def make(engine: Engine) -> None:
    """Makes the tables, empty."""
    execute(engine, TABLES)


def execute(engine: Engine, statement: str, **values) -> None:
    """Runs a statement in a transaction of its own."""
    with engine.begin() as connection:
        connection.execute(text(statement), values)


def rows_of(engine: Engine, query: str) -> list[tuple]:
    """What a query gives."""
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def predict(
    engine: Engine,
    students: pd.DataFrame,
    at: datetime | Sequence[datetime],
    run_id: str | None = "run",
    users: Iterable[int | None] | None = None,
) -> list[uuid.UUID]:
    """Writes predictions of these students, numbered from 1 where `users` does not say; gives the predictions' ids."""
    times = [at] * len(students) if isinstance(at, datetime) else list(at)
    users = list(range(1, len(students) + 1) if users is None else users)
    ids = [uuid.uuid4() for _ in times]
    named = students[[name for name in COLUMNS if name in students]].rename(columns=COLUMNS).astype(object)
    rows = named.where(named.notna(), None).to_dict("records")
    _insert(
        engine,
        "features",
        [
            row | {"timestamp": time, "user_id": user, "prediction_id": prediction, "run_id": run_id}
            for row, time, user, prediction in zip(rows, times, users, ids, strict=True)
        ],
    )
    return ids


def tell(
    engine: Engine, actual: Iterable[int], at: datetime, received: datetime | None = None, **who: Iterable
) -> None:
    """Writes what became of students, who are named by `user_id` or by `prediction_id`, one each."""
    name, named = next(iter(who.items()))
    _insert(
        engine,
        "outcomes",
        [
            {"course_completion": int(what), name: one, "occurred_at": at, "received_at": received or at}
            | {"outcome_id": uuid.uuid4()}
            for what, one in zip(actual, named, strict=True)
        ],
    )


def _insert(engine: Engine, name: str, rows: list[dict]) -> None:
    if rows:
        with engine.begin() as connection:
            connection.execute(insert(Table(name, MetaData(), autoload_with=connection)), rows)
