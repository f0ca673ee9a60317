"""Connects to Postgres."""

from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd
from sqlalchemy import URL, Connection, Engine, Select, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from monitor.settings import Settings

STATEMENT_TIMEOUT = "300s"


def connect(settings: Settings) -> Engine:
    """The database with the predictions; the first use of it connects."""
    certificates = {"sslrootcert": str(settings.db_sslrootcert)} if settings.db_sslrootcert else {}
    return create_engine(
        URL.create(
            "postgresql+psycopg2",
            username=settings.db_user,
            password=settings.db_password.get_secret_value(),
            host=settings.db_host,
            port=settings.db_port,
            database=settings.db_name,
        ),
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": 10,
            "application_name": "monitoring",
            "sslmode": settings.db_sslmode,
            "options": f"-c timezone=UTC -c statement_timeout={STATEMENT_TIMEOUT}",
            **certificates,
        },
    )


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one moment of the database, and writes nothing: it holds up nobody who does."""
    with engine.connect() as connection, connection.begin():
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        yield connection


def rows(connection: Connection, query: Select) -> pd.DataFrame:
    """What a query gives; raises SQLAlchemy's errors, which say whether to try again, and not pandas's around them."""
    try:
        return pd.read_sql(query, connection)
    except pd.errors.DatabaseError as error:
        if isinstance(error.__cause__, SQLAlchemyError):
            raise error.__cause__ from None
        raise
