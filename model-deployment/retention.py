"""Deletes predictions and outcomes that are older than so many days: `python retention.py 400`.

Day by day, oldest first, each day in a transaction of its own, so that it can be stopped and run again at any time.
"""

import argparse
import sys
from datetime import UTC, date, datetime, timedelta

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from serving import database, settings

TABLES = {"features": "timestamp", "outcomes": "received_at"}  # and the time that their age is measured by


def main() -> None:
    """Reads the number of days, deletes, and prints what was deleted."""
    parser = argparse.ArgumentParser(description="Deletes predictions and outcomes that are older than so many days.")
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
            cursor.execute(sql.SQL("DELETE FROM {table} WHERE {column} < %s").format(**names), (next_day,))
            deleted += cursor.rowcount


if __name__ == "__main__":
    main()
