"""Deletes what is older than RETENTION_DAYS: predictions, outcomes, students, what the service says about itself.

Day by day, oldest first, each day in a transaction of its own, so that it can be stopped and run again at any time. It
runs in a thread of the shipper, which needs no memory of its own; of all instances, one deletes at a time.
"""

import logging
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from serving import companion, database
from serving.settings import Settings

LOG = logging.getLogger(__name__)
FIRST_SECONDS = 60.0
EVERY_SECONDS = 6 * 3600.0
LOCK = 7_283_610_254  # any number, the same for all instances
# And the time that their age is measured by. A student is as old as their latest prediction.
TABLES = {"features": "timestamp", "students": "timestamp", "outcomes": "received_at", "service_metrics": "timestamp"}
KEYS = {"students": "user_id"}  # of tables whose rows others change meanwhile, in the order of this column


def start(settings: Settings, life: companion.Life) -> None:
    """Has a thread delete as long as this life lasts, if RETENTION_DAYS is set."""
    if settings.retention_days:
        threading.Thread(target=keep_on, args=(settings, life), name="retention", daemon=True).start()


def keep_on(
    settings: Settings, life: companion.Life, first: float = FIRST_SECONDS, every: float = EVERY_SECONDS
) -> None:
    """Deletes after the first seconds, and then every so many, as long as this life lasts."""
    life.wait(first)
    while life.goes_on():
        try:
            deleted = dict(apply(settings, settings.retention_days))
            if any(deleted.values()):
                LOG.info("Deleted, since RETENTION_DAYS=%d: %s", settings.retention_days, _listed(deleted))
        except psycopg2.Error as error:
            LOG.warning(
                "What is older than RETENTION_DAYS=%d is not all deleted, which is tried again in %.0f hours: %s",
                settings.retention_days,
                every / 3600,
                str(error).strip(),
            )
        life.wait(every)


def apply(settings: Settings, days: int) -> Iterator[tuple[str, int]]:
    """Deletes the rows of each table from before the last `days` days, today included, in UTC.

    Gives each table, when it is done, and the number of rows; nothing while another process does so. Raises
    psycopg2.Error; what is deleted until then stays deleted.
    """
    first_kept = datetime.now(UTC).date() - timedelta(days=days - 1)
    connection = database.connect(settings)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,))  # until the connection ends
            if not cursor.fetchone()[0]:
                return
        for table, column in TABLES.items():
            yield table, delete(connection, table, column, first_kept)
    finally:
        connection.close()


def delete(connection: Connection, table: str, column: str, first_kept: date) -> int:
    """Deletes the rows of all days before `first_kept`, in UTC, and returns their number."""
    names = {"table": sql.Identifier(table), "column": sql.Identifier(column)}
    deleted = 0
    while True:
        with connection, connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")  # a day can be large
            cursor.execute(
                sql.SQL("SELECT min({column}) FROM {table} WHERE {column} < %s").format(**names), (first_kept,)
            )
            oldest = cursor.fetchone()[0]
            if oldest is None:
                return deleted
            next_day = min(oldest.date() + timedelta(days=1), first_kept)
            if table in KEYS:
                _lock(cursor, names | {"key": sql.Identifier(KEYS[table])}, next_day)
            cursor.execute(sql.SQL("DELETE FROM {table} WHERE {column} < %s").format(**names), (next_day,))
            deleted += cursor.rowcount


def _lock(cursor: Cursor, names: dict[str, sql.Identifier], end: date) -> None:
    """Locks the rows in the order in which the service locks them, so that neither waits for the other forever."""
    cursor.execute(sql.SQL("SELECT FROM {table} WHERE {column} < %s ORDER BY {key} FOR UPDATE").format(**names), (end,))


def _listed(deleted: dict[str, int]) -> str:
    return ", ".join(f"{number} rows of {table}" for table, number in deleted.items())
