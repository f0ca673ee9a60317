"""A real Postgres with the tables, empty, with a demo's data, and with a hundred thousand predictions."""

import itertools

import pytest
from sqlalchemy import URL, create_engine

from benchmarks import school
from grafana_reader import make_reader

SMALL = {"students": 2000, "predictions": 20_000, "outcomes": 5000}
# Enough for an index to be worth it; `python -m benchmarks dashboards` has ten times as many.
LARGE = {"students": 5000, "predictions": 100_000, "outcomes": 50_000}
READER_PASSWORD = "it's 100% s3cret"
_numbers = itertools.count()


@pytest.fixture(name="migrated", scope="session")
def _migrated(postgres):
    """The name of a database with the tables as the migrations of the service and of the monitoring make them."""
    for python in map(school.python, school.SERVICES):
        if not python.is_file():
            pytest.skip(f"needs {python}, which `make environments` makes")
    settings = postgres.create("migrated")
    school.migrate(settings)
    return settings["DB_NAME"]


@pytest.fixture(name="new_tables", scope="session")
def _new_tables(postgres, migrated):
    """Makes a database with the tables, empty and with their indexes, and returns the settings for it."""
    return lambda: postgres.create(f"tables{next(_numbers)}", migrated)


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
def _empty(new_tables, reader_of):
    """Grafana's connection to empty tables."""
    with reader_of(new_tables()).connect() as connection:
        yield connection


@pytest.fixture(name="reader_of_school", scope="session")
def _reader_of_school(postgres, new_tables, reader_of):
    """Makes Grafana's engine for tables with four weeks of a school of this size."""

    def reader_of_school(size):
        settings = new_tables()
        school.fill(postgres, settings["DB_NAME"], size)
        return reader_of(settings)

    return reader_of_school


@pytest.fixture(name="demo", scope="session")
def _demo(reader_of_school):
    """Grafana's connection to four weeks of a small school."""
    with reader_of_school(SMALL).connect() as connection:
        yield connection


@pytest.fixture(name="large", scope="session")
def _large(reader_of_school):
    """Grafana's connection to a hundred thousand predictions of 5,000 students."""
    with reader_of_school(LARGE).connect() as connection:
        yield connection


@pytest.fixture(name="end", scope="session")
def _end():
    """The moment at which the demo's data ends."""
    return school.END
