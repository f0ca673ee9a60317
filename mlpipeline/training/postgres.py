"""Pulls what was predicted and what came out, from the tables of the prediction service.

They belong to that service: what is known of them stands in QUERY, and in the columns that `schema.py` gives features.
"""

from contextlib import closing
from datetime import UTC, date, datetime, time
from pathlib import Path

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import QueryCanceledError
from psycopg2.extensions import connection as Connection

from training import schema
from training.errors import SourceError, SourceUnreachable
from training.settings import Settings

TABLES = ["features", "outcomes"]
MAX_STUDENTS = 1_000_000
STATEMENT_TIMEOUT_MINUTES = 10
# What a server that answers says to someone whom it does not let in; psycopg2 gives no code for it.
REFUSALS = (
    "authentication failed",
    "no password supplied",
    "pg_hba.conf",
    "does not exist",
    "permission denied",
    "not permitted to log in",
    "does not support SSL",
    "certificate verify failed",
)

# Outcomes are fewer than predictions. So it begins with them, and finds their predictions by indexes: by the key
# (prediction_id, timestamp), and by (user_id, timestamp), one look for each student.
QUERY = """
COPY (
    WITH of_prediction AS (
        SELECT DISTINCT ON (prediction_id) prediction_id, course_completion
        FROM outcomes
        WHERE prediction_id IS NOT NULL
        ORDER BY prediction_id, occurred_at DESC, received_at DESC, outcome_id DESC
    ), of_student AS (
        -- A student's latest outcome is that of all their predictions before it, and later ones have none.
        SELECT DISTINCT ON (user_id) user_id, occurred_at, course_completion
        FROM outcomes
        WHERE prediction_id IS NULL AND occurred_at >= {since}
        ORDER BY user_id, occurred_at DESC, received_at DESC, outcome_id DESC
    ), known AS (
        SELECT features.user_id, timestamp, prediction_id, {features}, course_completion, 2 AS precedence
        FROM of_prediction JOIN features USING (prediction_id)
        WHERE features.user_id IS NOT NULL AND timestamp >= {since}
        UNION ALL
        SELECT of_student.user_id, timestamp, prediction_id, {features}, course_completion, 1
        FROM of_student CROSS JOIN LATERAL (
            SELECT timestamp, prediction_id, {features}
            FROM features
            WHERE features.user_id = of_student.user_id AND timestamp BETWEEN {since} AND of_student.occurred_at
            ORDER BY timestamp DESC, prediction_id DESC
            LIMIT 1
        ) AS latest_before
    ), latest AS (
        SELECT DISTINCT ON (user_id) *
        FROM known
        ORDER BY user_id, timestamp DESC, prediction_id DESC, precedence DESC
    )
    SELECT {columns}
    FROM (SELECT * FROM latest ORDER BY timestamp DESC, prediction_id DESC LIMIT {max_students}) AS taken
    ORDER BY user_id  -- the same rows, the same file
) TO STDOUT WITH (FORMAT csv, HEADER)
"""


def copy(settings: Settings, since: date | None, file: Path) -> None:
    """Writes to a CSV file, for each student, their latest prediction whose outcome is known, and that outcome.

    A prediction's outcome is the latest of those that name the prediction, or else of those that name its student alone
    and did not occur before it. `since` leaves out predictions before that day in UTC. Of more than MAX_STUDENTS
    students, those with the latest predictions are taken. Nobody who writes to the tables has to wait for it.
    """
    place = f"The database {settings.db_name} on {settings.db_host}:{settings.db_port}"
    with closing(_connect(settings)) as connection:
        try:
            if missing := _missing(connection):
                raise SourceError(
                    f"{place} has no table {' and no table '.join(missing)}. The prediction service makes it when it "
                    "starts: check that both use the same DB_HOST and DB_NAME."
                )
            rows = _copy(connection, since, file)
        except QueryCanceledError as error:
            raise SourceError(
                f"{place} did not give the predictions and outcomes within {STATEMENT_TIMEOUT_MINUTES} minutes. Set "
                "data_since to a later day."
            ) from error
        except psycopg2.Error as error:
            if connection.closed or isinstance(error, psycopg2.OperationalError):
                raise SourceUnreachable(f"{place} stopped answering: {_in_a_line(error)}") from error
            raise SourceError(f"{place} cannot be read: {_in_a_line(error)}") from error
    if not rows:
        made = f"made since {since} (UTC)" if since else "that names its student"
        raise SourceError(
            f"{place} has no prediction {made} whose outcome is known. The prediction service takes outcomes at "
            "POST /outcomes."
        )


def _connect(settings: Settings) -> Connection:
    try:
        connection = psycopg2.connect(
            host=settings.db_host,
            port=settings.db_port,
            user=settings.db_user,
            password=settings.db_password.get_secret_value(),
            dbname=settings.db_name,
            sslmode=settings.db_sslmode,
            **({"sslrootcert": str(settings.db_sslrootcert)} if settings.db_sslrootcert else {}),
            connect_timeout=10,
            # A server that vanished without a word is noticed within half a minute.
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
            client_encoding="UTF8",
            # The last one has numbers written out so that they are read as they were, whatever the server's own is.
            options=f"-c statement_timeout={STATEMENT_TIMEOUT_MINUTES}min -c extra_float_digits=1",
            application_name="mlpipeline",
        )
    except psycopg2.OperationalError as error:
        address, said = f"Postgres on {settings.db_host}:{settings.db_port}", _in_a_line(error)
        if any(refusal in said for refusal in REFUSALS):
            raise SourceError(
                f"{address} does not let the user {settings.db_user} into the database {settings.db_name}. Check "
                f"DB_USER, DB_PASSWORD, DB_NAME and DB_SSLMODE. It says: {said}"
            ) from error
        raise SourceUnreachable(f"{address} does not answer: {said}") from error
    connection.set_session(readonly=True)
    return connection


def _missing(connection: Connection) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM unnest(%s) AS name WHERE to_regclass(name) IS NULL", (TABLES,))
        return [name for (name,) in cursor.fetchall()]


def _copy(connection: Connection, since: date | None, file: Path) -> int:
    """Writes the file, and gives its number of rows, which never are in this process's memory."""
    with connection.cursor() as cursor, file.open("wb") as target:
        cursor.copy_expert(_query(since), target)
        return cursor.rowcount


def _query(since: date | None) -> sql.Composed:
    first = datetime.combine(since, time.min, UTC).isoformat() if since else "-infinity"
    named = {schema.STUDENT: "user_id", schema.TARGET: "course_completion"}
    named |= {feature.name: feature.column for feature in schema.FEATURES}
    columns = [
        sql.SQL("{} AS {}").format(
            sql.SQL("NULL") if name in schema.NOT_REQUESTED else sql.Identifier(named[name]), sql.Identifier(name)
        )
        for name in schema.COLUMNS
    ]
    return sql.SQL(QUERY).format(
        since=sql.SQL("{}::timestamptz").format(sql.Literal(first)),
        features=sql.SQL(", ").join(sql.Identifier(feature.column) for feature in schema.FEATURES),
        columns=sql.SQL(", ").join(columns),
        max_students=sql.Literal(MAX_STUDENTS),
    )


def _in_a_line(error: psycopg2.Error) -> str:
    return " ".join(str(error).split())
