"""Connects to Postgres. Which password is used is decided here, so a new kind of it is a function in PASSWORDS."""

from typing import Callable

import psycopg2
from psycopg2.extensions import connection as Connection

from serving.settings import Settings

CONNECT_TIMEOUT_SECONDS = 5
STATEMENT_TIMEOUT = "60s"


def _given(settings: Settings) -> str:
    return settings.db_password.get_secret_value()


def _iam_token(settings: Settings) -> str:
    """What AWS RDS takes as a password for the next 15 minutes; boto3 finds the region and the credentials."""
    # Imported here: the packages of category aws are only needed for this.
    import boto3  # pylint: disable=import-outside-toplevel
    from botocore.exceptions import BotoCoreError  # pylint: disable=import-outside-toplevel

    try:
        return boto3.client("rds").generate_db_auth_token(settings.db_host, settings.db_port, settings.db_user)
    except BotoCoreError as error:
        raise psycopg2.OperationalError(f"DB_AUTH=iam: no token for the password: {error}") from error


PASSWORDS: dict[str, Callable[[Settings], str]] = {"password": _given, "iam": _iam_token}


def connect(settings: Settings) -> Connection:
    """A new connection; raises psycopg2.OperationalError if there is none to be had."""
    return psycopg2.connect(
        host=settings.db_host,
        port=settings.db_port,
        user=settings.db_user,
        password=PASSWORDS[settings.db_auth](settings),
        dbname=settings.db_name,
        sslmode=settings.db_sslmode,
        **({"sslrootcert": str(settings.db_sslrootcert)} if settings.db_sslrootcert else {}),
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        # A server that vanished without a word is noticed within half a minute.
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=3,
        tcp_user_timeout=30_000,
        client_encoding="UTF8",
        options=f"-c statement_timeout={STATEMENT_TIMEOUT} -c timezone=UTC",
        application_name="model-deployment",
    )
