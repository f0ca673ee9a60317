"""Brings the monitoring's tables to the version that `migrations` holds."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

VERSION_TABLE = "monitoring_version"


def upgrade(engine: Engine) -> str:
    """Runs the migrations that the database lacks, and returns its version.

    One that a newer monitoring has made stays, and this one goes on beside it. A user who may not change tables can
    call it too, once they are at the newest version.
    """
    config = Config(str(Path(__file__).resolve().parent.parent / "alembic.ini"))
    config.attributes["engine"] = engine
    migrations = ScriptDirectory.from_config(config)
    newest = migrations.get_current_head() or ""
    with engine.connect() as connection:
        current = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()
    if current and current not in {revision.revision for revision in migrations.walk_revisions()}:
        return current
    if current != newest:
        command.upgrade(config, "head")
    return newest
