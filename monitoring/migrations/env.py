"""Runs Alembic's migrations on the database of the monitoring's settings, one process at a time."""

from alembic import context
from sqlalchemy import text

from monitor import database, schema, settings

# Alembic puts them into the module while it runs.
# pylint: disable=no-member
LOCK = 7306362  # any number; the same in every process of the monitoring, and not the prediction service's


def _migrate() -> None:
    engine = context.config.attributes.get("engine") or database.connect(settings.read())
    with engine.begin() as connection:
        # Without it, two that start at the same moment would both find the first migration undone.
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        context.configure(connection=connection, version_table=schema.VERSION_TABLE)
        context.run_migrations()


_migrate()
