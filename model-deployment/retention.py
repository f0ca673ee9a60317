"""Deletes what is older than so many days: `python retention.py 400`.

Day by day, oldest first, each day in a transaction of its own, so that it can be stopped and run again at any time.
"""

import argparse
import sys
from datetime import UTC, date, datetime, timedelta

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from serving import database, settings

# And the time that their age is measured by. A student is as old as their latest prediction.
TABLES = {"features": "timestamp", "students": "timestamp", "outcomes": "received_at", "service_metrics": "timestamp"}
KEYS = {"students": "user_id"}  # of tables whose rows others change meanwhile, in the order of this column


def main() -> None:
    """Reads the number of days, deletes, and prints what was deleted."""
    parser = argparse.ArgumentParser(
        description="Deletes predictions, outcomes and what else is older than so many days."
    )
    parser.add_argument("days", type=int, help="days to keep, 1 or more; today is the first of them")
    days = parser.parse_args().days
    if days < 1:
        parser.error(f"days={days}: must be 1 or more")
    first_kept = datetime.now(UTC).date() - timedelta(days=days - 1)
    try:
        connection = database.connect(settings.read())
        try:
            for table, column in TABLES.items():
                print(f"{table}: {delete(connection, table, column, first_kept)} rows before {first_kept} deleted")
        finally:
            connection.close()
    except (settings.SettingsError, psycopg2.Error) as error:
        sys.exit(str(error).strip().splitlines()[0])


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


if __name__ == "__main__":
    main()
