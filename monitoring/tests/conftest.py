"""Reference data as a training run leaves it, and the day's predictions that fit it."""

import os

import numpy as np
import pandas as pd
import pytest

from monitor.reference import Reference
from monitor.settings import Settings

FEATURES = [
    {"name": "CourseCategory", "column": "course_category", "kind": "categorical", "type": "string"},
    {"name": "DeviceType", "column": "device_type", "kind": "categorical", "type": "integer"},
    {"name": "TimeSpentOnCourse", "column": "time_spent_on_course", "kind": "numerical", "type": "number"},
    {"name": "NumberOfVideosWatched", "column": "number_of_videos_watched", "kind": "numerical", "type": "integer"},
]


def _population(rows: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "CourseCategory": random.choice(["Arts", "Health", "Science"], rows),
            "DeviceType": random.integers(0, 2, rows),
            "TimeSpentOnCourse": random.uniform(1, 100, rows),
            "NumberOfVideosWatched": random.integers(0, 21, rows),
            "prediction": random.integers(0, 2, rows),
        }
    )


@pytest.fixture(name="reference")
def _reference():
    return Reference({"features": FEATURES}, _population(2000, seed=1).assign(CourseCompletion=0, probability=0.5))


@pytest.fixture(name="predictions")
def _predictions():
    """A day of the same population, as the table `features` holds it."""
    return (
        _population(1000, seed=2)
        .rename(columns={feature["name"]: feature["column"] for feature in FEATURES})
        .assign(prediction_id="p", run_id="r", user_id=1, probability=0.5)
    )


@pytest.fixture(name="database")
def _database():
    """The settings of a real database of which the test may do what it wants; `make end-to-end` gives one."""
    if not os.environ.get("TEST_DB_NAME"):
        pytest.skip("needs a Postgres server: `make end-to-end` runs this with one")
    return Settings(db_name=os.environ["TEST_DB_NAME"])
