"""Runs Alembic's migrations on the database of the service's settings, one process at a time."""

from alembic import context
from sqlalchemy import create_engine, pool, text

from serving import database, schema, settings

# Alembic puts them into the module while it runs.
# pylint: disable=no-member
LOCK = 7306361  # any number; the same in every process of the service


def _migrate() -> None:
    found = context.config.attributes.get("settings") or settings.read()
    engine = create_engine("postgresql+psycopg2://", creator=lambda: database.connect(found), poolclass=pool.NullPool)
    with engine.begin() as connection:
        # A large table takes its time.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        # Without it, two that start at the same moment would both find the first migration undone.
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        context.configure(connection=connection, version_table=schema.VERSION_TABLE)
        context.run_migrations()


_migrate()
