"""How the connection to Postgres is made."""

import psycopg2
import pytest

from serving import database
from serving.settings import Settings


@pytest.fixture(name="asked")
def _asked(monkeypatch):
    """What psycopg2 was asked to connect with."""
    asked = {}
    monkeypatch.setattr(psycopg2, "connect", lambda **options: asked.update(options))
    return asked


def test_tls_is_asked_for_as_the_settings_say(asked):
    database.connect(Settings(db_sslmode="verify-full", db_sslrootcert="/etc/rds.pem"))
    assert (asked["sslmode"], asked["sslrootcert"]) == ("verify-full", "/etc/rds.pem")


def test_tls_that_the_server_does_not_speak_is_an_error_and_not_left_out(postgres):
    name = "without_tls"
    environment = postgres.create(name)
    settings = {setting.lower(): value for setting, value in environment.items()}
    with pytest.raises(psycopg2.OperationalError, match="does not support SSL"):
        database.connect(Settings(**settings, db_sslmode="require"))


def test_the_password_may_be_a_token_of_aws(asked, monkeypatch):
    # boto3 signs the token itself; only RDS could check it, so here it is read.
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }.items():
        monkeypatch.setenv(name, value)
    database.connect(Settings(db_auth="iam", db_user="web", db_host="db.example", db_sslmode="require"))
    token = asked["password"]
    assert token.startswith("db.example:5432/?Action=connect&DBUser=web&")
    assert "X-Amz-Signature=" in token and "AKIAEXAMPLE%2F" in token


def test_a_token_that_cannot_be_had_is_like_a_database_that_is_away(monkeypatch):
    for name in "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE":
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(psycopg2.OperationalError, match="DB_AUTH=iam: no token"):
        database.connect(Settings(db_auth="iam", db_sslmode="require"))
