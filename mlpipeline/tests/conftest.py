"""Data and models that several tests use."""

import os
from pathlib import Path

import pytest

from training import model, prepare, selection, synthetic, validate
from training.selection import Tuned

REAL_DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "online_course_engagement_data.csv"


@pytest.fixture(name="rows", scope="session")
def _rows():
    """Synthetic data as it comes out of validation."""
    return validate.check(synthetic.generate()).rows


@pytest.fixture(name="splits", scope="session")
def _splits(rows):
    return prepare.split_by_student(rows, seed=42)


@pytest.fixture(name="tree", scope="session")
def _tree():
    """The candidate that usually wins."""
    return Tuned("decision tree", {"model__max_leaf_nodes": 8}, log_loss=0.5, standard_error=0.01)


@pytest.fixture(name="pipeline", scope="session")
def _pipeline(tree, splits):
    return selection.train(tree, splits.train, (), seed=42)


@pytest.fixture(name="trained", scope="session")
def _trained(pipeline, splits):
    return model.with_threshold(pipeline, 0.5, splits)


@pytest.fixture(name="predicted", scope="session")
def _predicted(trained):
    return trained.splits


@pytest.fixture(name="real_data", scope="session")
def _real_data():
    """The public dataset, which is not part of the project: REAL_DATA names the file."""
    file = Path(os.environ.get("REAL_DATA", REAL_DATA))
    if not file.is_file():
        pytest.skip("needs the Kaggle file: set REAL_DATA to its path")
    return file
