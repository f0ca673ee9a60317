"""Grafana's role on a real Postgres: it reads, now and later, and does nothing else."""

import pytest
from sqlalchemy.exc import SQLAlchemyError

import grafana_reader

PASSWORD = "it's 100% s3cret"


@pytest.fixture(name="environment")
def _environment(empty_database, postgres, monkeypatch):
    """The settings of a database with a table, in the environment."""
    postgres.query("CREATE TABLE before (n int)", empty_database["DB_NAME"])
    for name, value in (empty_database | {"GRAFANA_DB_PASSWORD": PASSWORD, "GRAFANA_DB_USER": "grafana"}).items():
        monkeypatch.setenv(name, value)
    return empty_database


@pytest.fixture(name="reader")
def _reader(environment, reader_of):
    assert grafana_reader.main() == 0
    with reader_of(environment).connect() as connection:
        yield connection


def test_it_reads_tables_of_now_and_of_later(reader, environment, postgres):
    postgres.query("CREATE TABLE later AS SELECT 7 AS n", environment["DB_NAME"])
    assert reader.exec_driver_sql("SELECT count(*) FROM before").scalar() == 0
    assert reader.exec_driver_sql("SELECT n FROM later").scalar() == 7


@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO before VALUES (1)", "DELETE FROM before", "CREATE TABLE mine (n int)", "DROP TABLE before"],
)
def test_it_writes_nothing_even_in_a_transaction_that_could(reader, statement):
    with pytest.raises(SQLAlchemyError, match="read-only"):
        reader.exec_driver_sql(statement)
    reader.rollback()
    reader.exec_driver_sql("SET TRANSACTION READ WRITE")
    with pytest.raises(SQLAlchemyError, match="permission denied|must be owner"):
        reader.exec_driver_sql(statement)


def test_its_statements_end_after_ten_seconds(reader):
    assert reader.exec_driver_sql("SHOW statement_timeout").scalar() == "10s"


def test_doing_it_again_changes_the_password_and_nothing_else(reader, environment, reader_of, monkeypatch, capsys):
    monkeypatch.setenv("GRAFANA_DB_PASSWORD", "another")
    assert grafana_reader.main() == 0
    monkeypatch.setenv("GRAFANA_DB_PASSWORD", PASSWORD)
    assert grafana_reader.main() == 0
    assert reader.exec_driver_sql("SELECT count(*) FROM before").scalar() == 0
    with reader_of(environment).connect() as connection:
        assert connection.exec_driver_sql("SELECT current_user").scalar() == "grafana"
    assert "another" not in capsys.readouterr().out


@pytest.mark.parametrize("password", ["", None])
def test_without_a_password_it_says_which_setting_is_missing(environment, monkeypatch, capsys, password):
    if password is None:
        monkeypatch.delenv("GRAFANA_DB_PASSWORD")
    else:
        monkeypatch.setenv("GRAFANA_DB_PASSWORD", password)
    assert environment and grafana_reader.main() == 1
    assert "GRAFANA_DB_PASSWORD is not set" in capsys.readouterr().err


def test_a_wrong_setting_is_named(environment, monkeypatch, capsys):
    monkeypatch.setenv("DB_SSLMODE", "required")
    assert environment and grafana_reader.main() == 1
    assert "DB_SSLMODE=required" in capsys.readouterr().err


def test_the_owner_of_the_tables_is_not_made_a_reader(environment, monkeypatch, capsys):
    monkeypatch.setenv("GRAFANA_DB_USER", environment["DB_USER"])
    assert grafana_reader.main() == 1
    assert "may do more than read" in capsys.readouterr().err


def test_no_error_and_no_log_of_postgres_has_the_password(environment, postgres, monkeypatch, capsys, caplog):
    postgres.query("CREATE ROLE weak LOGIN PASSWORD 'weak'")
    monkeypatch.setenv("DB_USER", "weak")
    monkeypatch.setenv("DB_PASSWORD", "weak")
    assert environment and grafana_reader.main() == 1
    output = capsys.readouterr()
    assert "permission denied" in output.err
    log = postgres.log.read_text(encoding="utf-8")
    assert "CREATE ROLE" in log or "ALTER ROLE" in log
    for text in (output.err, output.out, caplog.text, log):
        assert PASSWORD not in text and "s3cret" not in text and "Traceback" not in text


def test_when_postgres_is_away_it_says_where_it_looked(environment, monkeypatch, capsys):
    monkeypatch.setenv("DB_PORT", "1")
    assert environment and grafana_reader.main() == 1
    assert "127.0.0.1:1" in capsys.readouterr().err
