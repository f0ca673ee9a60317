"""A service on a small real model, its outbox in a folder of the test, and a real database."""

import uuid
from pathlib import Path

import pytest

from benchmarks.contestants import STUDENT
from benchmarks.servers import Postgres
from predict import create_app
from serving.model import Model
from serving.settings import Settings

# The artifacts `serving` of a training run on synthetic data, in a folder named like the run.
MODEL_CACHE = Path(__file__).parent / "model"
RUN_ID = next(MODEL_CACHE.iterdir()).name


@pytest.fixture(name="model", scope="session")
def _model():
    return Model(MODEL_CACHE / RUN_ID)


@pytest.fixture(name="settings")
def _settings(tmp_path):
    return Settings(run_id=RUN_ID, model_cache=MODEL_CACHE, outbox_dir=tmp_path / "outbox", web_concurrency=1)


@pytest.fixture(name="client")
def _client(settings):
    return create_app(settings).test_client()


@pytest.fixture(name="request_body")
def _request_body():
    return dict(STUDENT)


@pytest.fixture(name="postgres", scope="session")
def _postgres(tmp_path_factory):
    """A PostgreSQL server."""
    server = Postgres(tmp_path_factory.mktemp("postgres"))
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(name="database")
def _database(postgres):
    """An empty database: its name, and the environment that leads the service there."""
    name = f"test_{uuid.uuid4().hex}"
    return name, postgres.create(name)


@pytest.fixture(name="model_cache", scope="session")
def _model_cache():
    return MODEL_CACHE
