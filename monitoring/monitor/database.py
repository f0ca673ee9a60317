"""Reads the predictions of a day from Postgres, and writes its metrics.

The table `features` belongs to the prediction service and is read as it is found there. The table `metrics` is ours.
"""

from datetime import UTC, date, datetime, time, timedelta

import pandas as pd
from sqlalchemy import (
    URL,
    Column,
    Date,
    DateTime,
    Double,
    Engine,
    Integer,
    MetaData,
    Table,
    Text,
    create_engine,
    delete,
    func,
    insert,
    inspect,
    select,
)

from monitor.settings import Settings

METADATA = MetaData()
METRICS = Table(
    "metrics",
    METADATA,
    Column("timestamp", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("day", Date, nullable=False, index=True),
    Column("run_id", Text),  # null on a day without predictions
    Column("rows", Integer, nullable=False),
    Column("prediction_drift", Double),
    Column("num_drifted_columns", Integer),
    Column("share_missing_values", Double),
    Column("status", Text, nullable=False),
)


class NoFeaturesTable(Exception):
    """The prediction service has not written to this database yet."""


def connect(settings: Settings) -> Engine:
    """The database with the predictions."""
    return create_engine(
        URL.create(
            "postgresql+psycopg2",
            username=settings.db_user,
            password=settings.db_password.get_secret_value(),
            host=settings.db_host,
            port=settings.db_port,
            database=settings.db_name,
        ),
        connect_args={"connect_timeout": 10, "application_name": "monitoring"},
    )


def read_predictions(engine: Engine, day: date) -> pd.DataFrame:
    """The rows of `features` whose timestamp falls on `day`, in UTC; raises NoFeaturesTable."""
    if not inspect(engine).has_table("features"):
        raise NoFeaturesTable(
            f"The database {engine.url.database} on {engine.url.host}:{engine.url.port} has no table features. The "
            "prediction service makes it when it starts: check that both use the same DB_HOST and DB_NAME."
        )
    features = Table("features", MetaData(), autoload_with=engine)
    start = datetime.combine(day, time.min, UTC)
    query = select(features).where(features.c.timestamp >= start, features.c.timestamp < start + timedelta(days=1))
    with engine.connect() as connection:
        return pd.read_sql(query, connection)


def replace_metrics(engine: Engine, day: date, rows: list[dict]) -> None:
    """Makes `rows` the metrics of `day`, in place of those of an earlier run, in one transaction."""
    with engine.begin() as connection:
        # Two runs for the same day, at the same time, would each see no row of the other to delete.
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext("metrics"))))
        METADATA.create_all(connection)
        connection.execute(delete(METRICS).where(METRICS.c.day == day))
        connection.execute(insert(METRICS), [{"day": day, **row} for row in rows])
