"""Reads a day's predictions from the table `features`, which belongs to the prediction service: read as it is found.

Counts are exact and made by Postgres. Rows are one a student, their last prediction of the day; of a day with more
students than asked for, they are a sample that is the same each time.
"""

from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from sqlalchemy import (
    Connection,
    Engine,
    Integer,
    MetaData,
    Table,
    Text,
    and_,
    cast,
    column,
    distinct,
    func,
    inspect,
    null,
    or_,
    select,
)

from monitor import database
from monitor.days import Day
from monitor.reference import Reference

PREDICTION, PROBABILITY = "prediction", "probability"
TABLE = "features"
SEED = 42  # of the sample
HASHES = 2**31


class NoFeaturesTable(Exception):
    """The prediction service has not written to this database yet."""


@dataclass(frozen=True)
class RunOfDay:
    """What a model predicted on a day, counted. `run_id` is None for rows of the original project, which kept none."""

    run_id: str | None
    rows: int
    students: int
    first_prediction: datetime
    last_prediction: datetime
    prediction_rate: float | None
    mean_probability: float | None


@dataclass(frozen=True)
class Predictions:
    """`students`: a row each, named as in the reference. `missing_cells` and `unseen_rows` count all predictions.

    `absent` names the features that the table has no column for; in `students` they are missing.
    """

    students: pd.DataFrame
    missing_cells: int
    unseen_rows: int
    absent: list[str]


def features_table(engine: Engine) -> Table:
    """The table as it is in the database; raises NoFeaturesTable."""
    if not inspect(engine).has_table(TABLE):
        raise NoFeaturesTable(
            f"The database {engine.url.database} on {engine.url.host}:{engine.url.port} has no table {TABLE}. The "
            "prediction service makes it when it starts: check that both use the same DB_HOST and DB_NAME."
        )
    return Table(TABLE, MetaData(), autoload_with=engine)


def runs_of_day(engine: Engine, day: Day) -> list[RunOfDay]:
    """The models that predicted on this day, the one that did so last at the end; raises NoFeaturesTable."""
    table = features_table(engine)
    query = (
        select(
            table.c.run_id,
            func.count().label("rows"),
            # As numbers, which are counted much faster than texts; rows without a student are each about somebody else.
            (func.count(distinct(table.c.user_id)) + func.count() - func.count(table.c.user_id)).label("students"),
            func.min(table.c.timestamp).label("first_prediction"),
            func.max(table.c.timestamp).label("last_prediction"),
            func.avg(table.c.prediction).label("prediction_rate"),
            func.avg(table.c.probability).label("mean_probability"),
        )
        .where(on_day(table, day))
        .group_by(table.c.run_id)
        .order_by("last_prediction", table.c.run_id)
    )
    with database.reading(engine) as connection:
        found = [dict(row) for row in connection.execute(query).mappings()]
    rates = ("prediction_rate", "mean_probability")
    return [
        RunOfDay(**row | {name: None if row[name] is None else float(row[name]) for name in rates}) for row in found
    ]


def read(engine: Engine, day: Day, run: RunOfDay, reference: Reference, max_students: int) -> Predictions:
    """The predictions of one model on a day."""
    table = features_table(engine)
    columns = {feature["name"]: feature["column"] for feature in reference.features}
    present = {name: table.c[of] for name, of in columns.items() if of in table.c}
    with database.reading(engine) as connection:
        missing, unseen = _counts(connection, table, day, run, reference, present)
        students = _sample(connection, table, day, run, present, max_students)
    absent = [name for name in columns if name not in present]
    for name in absent:
        students[name] = None
    return Predictions(students, missing + len(absent) * run.rows, unseen, absent)


def on_day(table: Table, day: Day):
    """Whether a prediction was made on this day."""
    return and_(table.c.timestamp >= day.start, table.c.timestamp < day.end)


def student(table: Table):
    """Who a row is about; rows without a student are each about somebody else."""
    return func.coalesce(cast(table.c.user_id, Text), cast(table.c.prediction_id, Text))


def in_sample(table: Table, students: int, max_students: int):
    """Whether a row's student is one of about `max_students`, drawn by a hash, so that the same are drawn each time."""
    hashed = func.hashtextextended(student(table), SEED).op("&")(HASHES - 1)
    return hashed < int(HASHES * min(1.0, max_students / max(students, 1)))


def _counts(
    connection: Connection, table: Table, day: Day, run: RunOfDay, reference: Reference, present: dict
) -> tuple[int, int]:
    cells = [*present.values(), table.c[PREDICTION]]
    unseen = [
        present[feature["name"]].not_in(feature["categories"])
        for feature in reference.features
        if feature.get("categories") and feature["name"] in present
    ]
    query = select(
        sum(
            (cast(func.count(), Integer) - func.count(cell) for cell in cells[1:]), func.count() - func.count(cells[0])
        ),
        func.count().filter(or_(*unseen)) if unseen else null(),
    ).where(on_day(table, day), table.c.run_id == run.run_id)
    missing, unseen_rows = connection.execute(query).one()
    return int(missing), int(unseen_rows or 0)


def _sample(
    connection: Connection, table: Table, day: Day, run: RunOfDay, present: dict, max_students: int
) -> pd.DataFrame:
    who = student(table)
    query = (
        select(
            *(found.label(name) for name, found in present.items()),
            table.c[PREDICTION],
            table.c[PROBABILITY],
        )
        .distinct(who)
        .where(on_day(table, day), table.c.run_id == run.run_id, in_sample(table, run.students, max_students))
        .order_by(who, table.c.timestamp.desc(), column("prediction_id"))
    )
    return database.rows(connection, query)
