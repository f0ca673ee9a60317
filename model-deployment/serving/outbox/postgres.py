"""Puts rows of the outbox into Postgres, each once however often it is sent."""

import io
from dataclasses import dataclass

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from serving import database, schema
from serving.outbox.segment import END
from serving.settings import Settings


@dataclass(frozen=True)
class Rejected:
    """A row that Postgres takes under no circumstances, and why."""

    row: bytes
    reason: str


class Postgres:
    """Connects at the first batch, and again after a failure. Brings the tables to their newest version first."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self._connection: Connection | None = None

    def open(self) -> None:
        """Brings the tables to their newest version, however long that takes, and connects; nothing where it has.

        Raises psycopg2's errors, or SQLAlchemy's from a migration.
        """
        if self._connection is None:
            schema.upgrade(self._settings)
            self._connection = database.connect(self._settings)

    def insert(self, table: str, columns: list[str], data: bytes) -> list[Rejected]:
        """Inserts whole appends of the outbox; rows whose key is there already are left as they are.

        Once it returns, all rows are in Postgres but those it returns. Raises psycopg2's errors, or SQLAlchemy's
        from a migration, if the database cannot be used; then any part of the rows may be there, and the call is to
        be repeated.
        """
        try:
            return self._insert(table, columns, data.replace(END, b"\n"))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Lets go of the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _insert(self, table: str, columns: list[str], lines: bytes) -> list[Rejected]:
        try:
            self._copy(table, columns, lines)
            return []
        except (psycopg2.DataError, psycopg2.IntegrityError) as error:
            rows = lines.splitlines(keepends=True)
            if len(rows) == 1:
                return [Rejected(rows[0], str(error).strip().splitlines()[0])]
            middle = len(rows) // 2
            return [
                rejected
                for half in (rows[:middle], rows[middle:])
                for rejected in self._insert(table, columns, b"".join(half))
            ]

    def _copy(self, table: str, columns: list[str], lines: bytes) -> None:
        """One transaction: COPY, which is fast, into a table of this connection, and from there what is new."""
        self.open()
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        parts = {"table": sql.Identifier(table), "batch": sql.Identifier(f"batch_{table}"), "names": names}
        with self._connection, self._connection.cursor() as cursor:
            cursor.execute(
                sql.SQL("CREATE TEMPORARY TABLE IF NOT EXISTS {batch} (LIKE {table}) ON COMMIT DELETE ROWS").format(
                    **parts
                )
            )
            cursor.copy_expert(sql.SQL("COPY {batch} ({names}) FROM STDIN").format(**parts), io.BytesIO(lines))
            cursor.execute(
                sql.SQL("INSERT INTO {table} ({names}) SELECT {names} FROM {batch} ON CONFLICT DO NOTHING").format(
                    **parts
                )
            )
