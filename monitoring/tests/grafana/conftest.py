"""A real Postgres with the tables, empty, with a demo's data, and with a million predictions."""

import itertools
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine

from benchmarks.servers import Postgres
from grafana_reader import make_reader
from monitor.settings import SERVICE

HERE = Path(__file__).resolve().parent
# The moment at which the demo's data ends.
END = datetime(2026, 3, 29, tzinfo=UTC)
SMALL = {"students": 2000, "predictions": 20_000, "outcomes": 5000}
LARGE = {"students": 50_000, "predictions": 1_000_000, "outcomes": 500_000}
READER_PASSWORD = "it's 100% s3cret"
_numbers = itertools.count()


@pytest.fixture(name="postgres", scope="session")
def _postgres(tmp_path_factory):
    postgres = Postgres(tmp_path_factory.mktemp("postgres")).start()
    yield postgres
    postgres.stop()


@pytest.fixture(name="new_database", scope="session")
def _new_database(postgres):
    """Makes an empty database, and returns the settings for it."""
    return lambda: postgres.create(f"test{next(_numbers)}")


@pytest.fixture(name="empty_database")
def _empty_database(new_database):
    """The settings of a database without tables."""
    return new_database()


@pytest.fixture(name="make_tables", scope="session")
def _make_tables():
    """Makes the tables in a database, by the migrations of the service and of the monitoring, with their indexes."""
    services = [SERVICE.parent / "model-deployment", SERVICE]
    for python in (service / ".venv/bin/python" for service in services):
        if not python.is_file():
            pytest.skip(f"needs {python}, which `make environments` makes")

    def make_tables(settings):
        for service in services:
            command = [service / ".venv/bin/python", "migrate.py"]
            subprocess.run(command, cwd=service, env=os.environ | settings, check=True, capture_output=True)

    return make_tables


@pytest.fixture(name="engine_of", scope="session")
def _engine_of():
    """Makes an engine of a user's for a database."""
    engines = []

    def engine_of(settings, user, password):
        address = (settings["DB_HOST"], int(settings["DB_PORT"]), settings["DB_NAME"])
        engines.append(create_engine(URL.create("postgresql+psycopg2", user, password, *address)))
        return engines[-1]

    yield engine_of
    for engine in engines:
        engine.dispose()


@pytest.fixture(name="reader_of", scope="session")
def _reader_of(engine_of):
    """Makes the role that Grafana reads with in a database, and returns an engine of that role's."""

    def reader_of(settings):
        with engine_of(settings, settings["DB_USER"], settings["DB_PASSWORD"]).begin() as connection:
            make_reader(connection, "grafana", READER_PASSWORD)
        return engine_of(settings, "grafana", READER_PASSWORD)

    return reader_of


@pytest.fixture(name="empty", scope="session")
def _empty(new_database, make_tables, reader_of):
    """Grafana's connection to empty tables."""
    settings = new_database()
    make_tables(settings)
    with reader_of(settings).connect() as connection:
        yield connection


def _load(postgres, settings, sizes):
    demo = (HERE / "demo.sql").read_text(encoding="utf-8")
    for name, size in sizes.items():
        demo = demo.replace(f":{name}", str(size))
    postgres.query(demo, settings["DB_NAME"])
    postgres.query("VACUUM ANALYZE", settings["DB_NAME"])


@pytest.fixture(name="demo", scope="session")
def _demo(postgres, new_database, make_tables, reader_of):
    """Grafana's connection to four weeks of a small school."""
    settings = new_database()
    make_tables(settings)
    _load(postgres, settings, SMALL)
    with reader_of(settings).connect() as connection:
        yield connection


@pytest.fixture(name="million", scope="session")
def _million(postgres, new_database, make_tables, reader_of):
    """Grafana's connection to a million predictions of 50,000 students."""
    settings = new_database()
    make_tables(settings)
    _load(postgres, settings, LARGE)
    with reader_of(settings).connect() as connection:
        yield connection


@pytest.fixture(name="end", scope="session")
def _end():
    """The moment at which the demo's data ends."""
    return END
