"""Reads what became of the students of a day, from the table `outcomes`, which belongs to the prediction service."""

from datetime import date, datetime, timedelta

import pandas as pd
from sqlalchemy import Engine, MetaData, Table, and_, func, inspect, null, or_, select, union

from monitor import database
from monitor.days import Day
from monitor.predictions import PREDICTION, PROBABILITY, TABLE, RunOfDay, in_sample, on_day, student

OUTCOMES = "outcomes"
ACTUAL = "actual"
HORIZON = timedelta(days=90)  # for what is older, there is the flow `backfill`


def exist(engine: Engine) -> bool:
    """Whether there is a table of them at all: an older prediction service has none."""
    return inspect(engine).has_table(OUTCOMES)


def of_day(engine: Engine, day: Day, run: RunOfDay, max_students: int) -> pd.DataFrame:
    """Predicted class, probability and actual outcome of the students that a model predicted in this time, a row each.

    As for drift, a student counts with their last prediction, and of many students it is the same sample. Its outcome
    is the latest of those that name the prediction, or else of those that name the student alone and occurred after it;
    it is missing where none is known.
    """
    features, outcomes = _tables(engine)
    who = student(features)
    predicted = (
        select(features.c.prediction_id, features.c.user_id, features.c.timestamp, features.c[PREDICTION])
        .add_columns(features.c[PROBABILITY])
        .distinct(who)
        .where(on_day(features, day), features.c.run_id == run.run_id, in_sample(features, run.students, max_students))
        .order_by(who, features.c.timestamp.desc(), features.c.prediction_id)
        .subquery()
    )
    latest = select(outcomes.c.course_completion).order_by(outcomes.c.occurred_at.desc(), outcomes.c.received_at.desc())
    of_prediction = latest.where(outcomes.c.prediction_id == predicted.c.prediction_id).limit(1)
    of_student = latest.where(
        outcomes.c.prediction_id.is_(None),
        outcomes.c.user_id == predicted.c.user_id,
        outcomes.c.occurred_at >= predicted.c.timestamp,
    ).limit(1)
    query = select(
        predicted.c[PREDICTION],
        predicted.c[PROBABILITY],
        func.coalesce(of_prediction.scalar_subquery(), of_student.scalar_subquery()).label(ACTUAL),
    ).where(predicted.c[PROBABILITY].is_not(null()))
    with database.reading(engine) as connection:
        return database.rows(connection, query)


def known(predicted: pd.DataFrame) -> pd.DataFrame:
    """Those of the students, as `of_day` gives them, whose outcome is known."""
    found = predicted[predicted[ACTUAL].notna()]
    return found.assign(**{ACTUAL: found[ACTUAL].astype(int)})


def days_with_news(engine: Engine, since: datetime, until: datetime, time_zone: str) -> list[date]:
    """The days, of the HORIZON before `until`, of the predictions whose outcome was received since then."""
    features, outcomes = _tables(engine)
    on = func.date(func.timezone(time_zone, features.c.timestamp)).label("day")
    is_near = and_(
        outcomes.c.received_at >= since, features.c.timestamp >= until - HORIZON, features.c.timestamp < until
    )
    either = union(
        select(on).join_from(outcomes, features, features.c.prediction_id == outcomes.c.prediction_id).where(is_near),
        select(on)
        .join_from(
            outcomes,
            features,
            and_(
                outcomes.c.prediction_id.is_(None),
                features.c.user_id == outcomes.c.user_id,
                features.c.timestamp <= outcomes.c.occurred_at,
            ),
        )
        .where(is_near),
    ).subquery()
    with database.reading(engine) as connection:
        return sorted(connection.scalars(select(either.c.day)))


def known_since(engine: Engine, since: datetime) -> int:
    """How many students were predicted since then, and their outcome is known."""
    features, outcomes = _tables(engine)
    query = select(func.count(func.distinct(features.c.user_id))).where(
        features.c.timestamp >= since,
        or_(
            select(outcomes.c.outcome_id).where(outcomes.c.prediction_id == features.c.prediction_id).exists(),
            select(outcomes.c.outcome_id)
            .where(
                outcomes.c.prediction_id.is_(None),
                outcomes.c.user_id == features.c.user_id,
                outcomes.c.occurred_at >= features.c.timestamp,
            )
            .exists(),
        ),
    )
    with database.reading(engine) as connection:
        return int(connection.scalar(query) or 0)


def _tables(engine: Engine) -> tuple[Table, Table]:
    metadata = MetaData()
    return tuple(Table(name, metadata, autoload_with=engine) for name in (TABLE, OUTCOMES))
