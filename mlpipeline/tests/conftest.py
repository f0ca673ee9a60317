"""Data and models that several tests use."""

import os
from pathlib import Path

import pytest

from training import model, prepare, synthetic

REAL_DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "online_course_engagement_data.csv"


@pytest.fixture(name="rows", scope="session")
def _rows():
    """Distinct rows of synthetic data."""
    return prepare.drop_copies(synthetic.generate())


@pytest.fixture(name="splits", scope="session")
def _splits(rows):
    return prepare.split_by_student(rows, seed=42)


@pytest.fixture(name="pipeline", scope="session")
def _pipeline(splits):
    return model.train(splits.train, seed=42)


@pytest.fixture(name="real_data", scope="session")
def _real_data():
    """The public dataset, which is not part of the project: REAL_DATA names the file."""
    file = Path(os.environ.get("REAL_DATA", REAL_DATA))
    if not file.is_file():
        pytest.skip("needs the Kaggle file: set REAL_DATA to its path")
    return file
