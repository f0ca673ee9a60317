"""Writes predictions to the table `features` in Postgres."""

import threading
from contextlib import contextmanager
from typing import Iterator

import psycopg2
from psycopg2.extensions import cursor
from psycopg2.extras import execute_values
from psycopg2.pool import ThreadedConnectionPool

from serving.settings import Settings

MAX_CONNECTIONS = 8
CONNECT_TIMEOUT_SECONDS = 5
TABLE_LOCK = 7306361  # any number; the same in every process of the service

CREATE_TABLE = """
CREATE TABLE IF NOT EXISTS features (
    prediction_id uuid PRIMARY KEY,
    timestamp timestamptz NOT NULL,
    run_id text NOT NULL,
    user_id bigint NOT NULL,
    device_type integer,
    course_category text,
    time_spent_on_course double precision,
    number_of_videos_watched integer,
    number_of_quizzes_taken integer,
    prediction integer NOT NULL,
    probability double precision NOT NULL
);
CREATE INDEX IF NOT EXISTS features_timestamp ON features (timestamp);
"""


class StoreUnavailable(Exception):
    """Postgres did not take the rows."""


class PredictionStore:
    """The predictions in Postgres. Connects at the first write, and again after a connection was lost."""

    def __init__(self, settings: Settings):
        self._connection = {
            "host": settings.db_host,
            "port": settings.db_port,
            "user": settings.db_user,
            "password": settings.db_password.get_secret_value(),
            "dbname": settings.db_name,
            "connect_timeout": CONNECT_TIMEOUT_SECONDS,
            "application_name": "model-deployment",
        }
        self._pool: ThreadedConnectionPool | None = None
        self._making_pool = threading.Lock()
        self._free = threading.BoundedSemaphore(MAX_CONNECTIONS)

    def write(self, rows: list[dict]) -> None:
        """Writes all rows, or none and raises StoreUnavailable. A row's keys are the table's columns.

        A row whose prediction id is stored already is left as it is, so a write can be repeated.
        """
        columns = list(rows[0])
        statement = f"INSERT INTO features ({', '.join(columns)}) VALUES %s ON CONFLICT (prediction_id) DO NOTHING"
        values = [tuple(row[column] for column in columns) for row in rows]
        for attempt in (1, 2):
            try:
                with self._cursor() as opened:
                    execute_values(opened, statement, values)
                return
            except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
                # The first failure may be a pooled connection that Postgres has closed in the meantime.
                if attempt == 2:
                    raise StoreUnavailable(str(error).strip()) from error
            except (psycopg2.InternalError, psycopg2.ProgrammingError) as error:
                # Read-only after a failover, or a user who may not do this: not the request's fault either.
                raise StoreUnavailable(str(error).strip()) from error

    @contextmanager
    def _cursor(self) -> Iterator[cursor]:
        """A cursor on a pooled connection; what the block does is one transaction."""
        with self._free:
            with self._making_pool:
                self._pool = self._pool or self._make_pool()
            connection = self._pool.getconn()
            try:
                with connection, connection.cursor() as opened:
                    yield opened
            finally:
                self._pool.putconn(connection, close=bool(connection.closed))

    def _make_pool(self) -> ThreadedConnectionPool:
        pool = ThreadedConnectionPool(1, MAX_CONNECTIONS, **self._connection)
        connection = pool.getconn()
        try:
            with connection, connection.cursor() as opened:
                # Processes that start at the same moment would otherwise collide in CREATE TABLE IF NOT EXISTS.
                opened.execute("SELECT pg_advisory_xact_lock(%s)", (TABLE_LOCK,))
                opened.execute(CREATE_TABLE)
        finally:
            pool.putconn(connection)
        return pool
