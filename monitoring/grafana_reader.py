"""Makes the role that Grafana reads the database with, or brings it up to date: `python grafana_reader.py`."""

import argparse
import sys

from psycopg2.extensions import encrypt_password
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from monitor.database import connect
from monitor.settings import SettingsError, read

# Only one at a time: a role belongs to the whole server, and Postgres fails changes to it that cross.
LOCK = "SELECT pg_advisory_xact_lock(hashtext('grafana reader'))"
# Only roles that this program has made are changed: another one may be somebody's who writes.
MARK = "reads for Grafana; made by grafana_reader.py"
FOREIGN = """
    SELECT rolsuper OR rolname = current_user OR shobj_description(oid, 'pg_authid') IS DISTINCT FROM %(mark)s
    FROM pg_roles WHERE rolname = %(role)s
"""
UNREADABLE = """
    SELECT string_agg(relname, ', ' ORDER BY relname) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')
        AND NOT has_table_privilege(%(role)s::text, oid, 'SELECT')
"""
# Postgres quotes the names, since it takes no parameters in these statements.
ROLE = """
    SELECT format(
        CASE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = %(role)s) THEN 'ALTER' ELSE 'CREATE' END
        || ' ROLE %%I LOGIN PASSWORD %%L CONNECTION LIMIT 20',
        %(role)s::text, %(verifier)s::text
    )
"""
RIGHTS = """
    SELECT format(statement, %(role)s::text, current_database(), %(mark)s::text) FROM unnest(ARRAY[
        'COMMENT ON ROLE %%1$I IS %%3$L',
        'ALTER ROLE %%1$I SET default_transaction_read_only = on',
        'ALTER ROLE %%1$I SET statement_timeout = ''10s''',
        'GRANT CONNECT ON DATABASE %%2$I TO %%1$I',
        'GRANT USAGE ON SCHEMA public TO %%1$I',
        'GRANT SELECT ON ALL TABLES IN SCHEMA public TO %%1$I',
        'ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO %%1$I'
    ]) AS statement
"""


class GrafanaSettings(BaseSettings):
    """Settings of Grafana's role, each read from the environment variable of the same name."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True)

    grafana_db_user: str = Field("grafana", min_length=1, description="Role that Grafana reads with")
    grafana_db_password: SecretStr = Field(SecretStr(""), description="Its password, which has no default")


class ReaderError(Exception):
    """The role cannot be made; the message says why."""


def make_reader(connection: Connection, role: str, password: str) -> None:
    """Makes the role, or gives it this password and these rights; all of it or nothing, and again changes nothing.

    It reads all tables of the schema public, and those that the user of this connection makes later.
    """
    connection.exec_driver_sql(LOCK)
    if connection.exec_driver_sql(FOREIGN, {"role": role, "mark": MARK}).scalar():
        raise ReaderError(
            f"GRAFANA_DB_USER={role} is a user that was not made by this program and may do more than read. Choose "
            "another name."
        )
    # What Postgres keeps of a password. Its log may have the statement, so the password itself is not in it.
    verifier = encrypt_password(password, role, connection.connection.dbapi_connection, "scram-sha-256")
    for query in (ROLE, RIGHTS):
        for (statement,) in connection.exec_driver_sql(query, {"role": role, "verifier": verifier, "mark": MARK}).all():
            # As it is: a percent sign in a name is one.
            connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
    # Postgres only warns where the user of this connection may not give a right.
    if unreadable := connection.exec_driver_sql(UNREADABLE, {"role": role}).scalar():
        raise ReaderError(
            f"{role} could not be given the right to read {unreadable}: run this as who owns these tables."
        )


def main() -> int:
    """Makes the role in the database that DB_* name; gives the exit code."""
    try:
        grafana, settings = GrafanaSettings(), read()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    password = grafana.grafana_db_password.get_secret_value()
    if not password:
        print(
            "GRAFANA_DB_PASSWORD is not set: choose a password for the role that Grafana reads with.", file=sys.stderr
        )
        return 1
    engine = connect(settings)
    try:
        with engine.begin() as connection:
            make_reader(connection, grafana.grafana_db_user, password)
    except ReaderError as error:
        print(error, file=sys.stderr)
        return 1
    except SQLAlchemyError as error:
        # Postgres' words without the statement, which SQLAlchemy adds to them.
        fault = str(getattr(error, "orig", None) or type(error).__name__).strip()
        print(
            f"{settings.db_user} could not make the role {grafana.grafana_db_user} in {settings.db_name} on "
            f"{settings.db_host}:{settings.db_port}: {fault}",
            file=sys.stderr,
        )
        return 1
    finally:
        engine.dispose()
    print(f"{grafana.grafana_db_user} reads the tables in {settings.db_name}, and those that are added.")
    return 0


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    sys.exit(main())
