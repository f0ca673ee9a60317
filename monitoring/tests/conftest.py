"""Reference data as a training run leaves it, students of a day that fit it, and a real database."""

import uuid

import numpy as np
import pandas as pd
import pytest

from benchmarks import population, tables
from benchmarks.servers import Postgres
from monitor import database, schema
from monitor.reference import Reference
from monitor.settings import Settings

FEATURES = population.FEATURES
METRICS = {"accuracy": 0.78, "accuracy_low": 0.76, "accuracy_high": 0.8, "roc_auc": 0.81, "rows_test": 1600.0}


def students(count: int, seed: int = 1, change: population.Change | None = None) -> pd.DataFrame:
    """Students with what a model says of them and what became of them, named as in the reference."""
    return population.students(count, np.random.default_rng(seed), change)


@pytest.fixture(name="reference")
def _reference():
    rows = students(1600, seed=0)
    return Reference({"features": FEATURES}, rows.rename(columns={"actual": "CourseCompletion"}), METRICS)


@pytest.fixture(name="postgres", scope="session")
def _postgres(tmp_path_factory):
    postgres = Postgres(tmp_path_factory.mktemp("postgres")).start()
    yield postgres
    postgres.stop()


@pytest.fixture(name="empty_database")
def _empty_database(postgres):
    """The settings of a database without tables, named as in the environment."""
    return postgres.create(f"test_{uuid.uuid4().hex}")


@pytest.fixture(name="empty_engine")
def _empty_engine(empty_database):
    """A database without tables."""
    engine = database.connect(Settings(**{name.lower(): value for name, value in empty_database.items()}))
    yield engine
    engine.dispose()


@pytest.fixture(name="engine")
def _engine(empty_engine):
    """A database of its own, with the prediction service's tables and ours, without rows."""
    tables.make(empty_engine)
    schema.upgrade(empty_engine)
    return empty_engine
