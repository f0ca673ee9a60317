"""A Postgres server of the user's, in place of the stack's own: whether it can be used, before anything is started."""

import psycopg2

from stack import console
from stack.postgres import Database
from stack.settings import Settings

# A user who may not make tables can do without where the services have made theirs before.
CAN_KEEP_TABLES = """
    SELECT coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)
        OR to_regclass('features') IS NOT NULL AND to_regclass('metrics') IS NOT NULL AS keep_tables
"""
# What the services do with each other's tables and their own, once they are there.
NEEDED = [
    (table, privilege)
    for tables, privileges in (
        ("features outcomes service_metrics", "SELECT INSERT"),
        ("metrics feature_drift live_quality decisions", "SELECT INSERT UPDATE DELETE"),
        ("model_deployment_version monitoring_version", "SELECT"),
    )
    for table in tables.split()
    for privilege in privileges.split()
]
LACKED = """
    SELECT DISTINCT name FROM unnest(%s::text[], %s::text[]) AS needed (name, privilege)
    WHERE NOT has_table_privilege(to_regclass(name), privilege) ORDER BY name
"""


def database(settings: Settings) -> Database:
    """The database that the user named; raises StepFailed where it cannot be used."""
    password = settings.db_password.get_secret_value()
    where = (settings.db_host, settings.db_port, settings.db_user, password, settings.db_name)
    tls = {"sslmode": settings.db_sslmode, "sslrootcert": settings.db_sslrootcert}
    found = Database(*where, tls={name: value for name, value in tls.items() if value})
    try:
        (can,) = found.query(CAN_KEEP_TABLES)
    except psycopg2.OperationalError as error:
        raise console.StepFailed(
            f"Postgres at {found.address} cannot be used: {str(error).strip()}. Check DB_HOST, DB_PORT, DB_USER, "
            "DB_PASSWORD, DB_NAME and DB_SSLMODE; without DB_HOST, a server is started here."
        ) from error
    if not can["keep_tables"]:
        raise console.StepFailed(
            f"Postgres at {found.address} has none of the tables yet, and {settings.db_user} may not make them. "
            f'Have the owner of the database allow it: GRANT CREATE ON SCHEMA public TO "{settings.db_user}"'
        )
    if lacked := found.query(LACKED, tuple(map(list, zip(*NEEDED)))):
        raise console.StepFailed(
            f"Postgres at {found.address} has tables that {settings.db_user} may not use as it has to: "
            f"{', '.join(row['name'] for row in lacked)}. Have their owner allow it: "
            f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "{settings.db_user}"'
        )
    return found
