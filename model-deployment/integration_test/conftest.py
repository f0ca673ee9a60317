"""A real service and a real PostgreSQL server, which end with the test."""

import itertools
import uuid

import pytest

from integration_test.programs import Database, Postgres, Service
from serving.settings import SERVICE

MODEL_CACHE = SERVICE / "tests" / "model"
RUN_ID = next(MODEL_CACHE.iterdir()).name


@pytest.fixture(name="model_cache", scope="session")
def _model_cache():
    return MODEL_CACHE


@pytest.fixture(name="shared_postgres", scope="session")
def _shared_postgres(tmp_path_factory):
    """A server for the tests that leave it alone."""
    server = Postgres(tmp_path_factory.mktemp("postgres"))
    try:
        yield server.start()
    finally:
        server.end()


@pytest.fixture(name="database")
def _database(shared_postgres):
    return Database(shared_postgres, f"fault_{uuid.uuid4().hex}")


@pytest.fixture(name="postgres")
def _postgres(tmp_path):
    """A server of one test, which may stop and kill it."""
    server = Postgres(tmp_path / "postgres")
    try:
        yield server.start()
    finally:
        server.end()


@pytest.fixture(name="own_database")
def _own_database(postgres):
    return Database(postgres, "course")


@pytest.fixture(name="new_service")
def _new_service(tmp_path):
    """Makes services that write to a database; they are not started yet."""
    made = []
    numbers = itertools.count(1)

    def make(database, **settings):
        own = {"RUN_ID": RUN_ID, "MODEL_CACHE": str(MODEL_CACHE), "DB_SSLMODE": "disable", "WEB_CONCURRENCY": "2"}
        service = Service(tmp_path / f"service{next(numbers)}", own | database.settings | settings)
        made.append(service)
        return service

    try:
        yield make
    finally:
        for service in made:
            service.end()
