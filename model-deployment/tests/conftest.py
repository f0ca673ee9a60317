"""A service on a small real model, with predictions kept in memory."""

import os
from pathlib import Path

import pytest

from predict import create_app
from serving.model import Model
from serving.settings import Settings
from serving.store import StoreUnavailable

# The artifacts `serving` of a training run on synthetic data, in a folder named like the run.
MODEL_CACHE = Path(__file__).parent / "model"
RUN_ID = next(MODEL_CACHE.iterdir()).name


class FakeStore:
    """Keeps predictions in a list; refuses them while `is_down`."""

    def __init__(self):
        self.rows: list[dict] = []
        self.is_down = False

    def write(self, rows: list[dict]) -> None:
        """As PredictionStore does."""
        if self.is_down:
            raise StoreUnavailable("connection refused at 10.1.2.3")
        self.rows += rows


@pytest.fixture(name="model", scope="session")
def _model():
    return Model(MODEL_CACHE / RUN_ID)


@pytest.fixture(name="store")
def _store():
    return FakeStore()


@pytest.fixture(name="client")
def _client(store):
    return create_app(Settings(run_id=RUN_ID, model_cache=MODEL_CACHE), store).test_client()


@pytest.fixture(name="request_body")
def _request_body():
    return {
        "UserID": 6001,
        "CourseCategory": "Science",
        "DeviceType": 1,
        "TimeSpentOnCourse": 42.238989,
        "NumberOfVideosWatched": 8,
        "NumberOfQuizzesTaken": 7,
    }


@pytest.fixture(name="database")
def _database():
    """The settings of a real database of which the test may do what it wants; `make end-to-end` gives one."""
    if not os.environ.get("TEST_DB_NAME"):
        pytest.skip("needs a Postgres server: `make end-to-end` runs this with one")
    return Settings(db_name=os.environ["TEST_DB_NAME"])


@pytest.fixture(name="model_cache", scope="session")
def _model_cache():
    return MODEL_CACHE
