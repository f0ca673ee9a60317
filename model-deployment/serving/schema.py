"""The tables' version: what `migrations` holds, and what the database has."""

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from serving import database
from serving.settings import SERVICE, Settings

VERSION_TABLE = "model_deployment_version"


def upgrade(settings: Settings) -> str:
    """Runs the migrations that the database lacks, and returns its version; raises psycopg2's or SQLAlchemy's errors.

    A user who may not change tables can call it too, once they are at the newest version.
    """
    config = Config(str(SERVICE / "alembic.ini"))
    config.attributes["settings"] = settings
    migrations = ScriptDirectory.from_config(config)
    newest = migrations.get_current_head() or ""
    current = _current(settings)
    if current and current not in {revision.revision for revision in migrations.walk_revisions()}:
        return current  # of a newer service, beside which this one goes on
    if current != newest:
        command.upgrade(config, "head")
    return newest


def _current(settings: Settings) -> str | None:
    connection = database.connect(settings)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass(%s)", (VERSION_TABLE,))
            if cursor.fetchone()[0] is None:
                return None
            cursor.execute(f"SELECT version_num FROM {VERSION_TABLE}")
            found = cursor.fetchone()
            return found[0] if found else None
    finally:
        connection.close()
