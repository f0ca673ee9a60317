"""The behaviour checks: the real model passes, and a model that misbehaves fails the one that it should."""

import numpy as np
import pytest

from training import behaviour


def _engaged(rows):
    """A model that behaves: the probability grows with each number."""
    return 0.2 + 0.2 * ((rows["TimeSpentOnCourse"] > 20) + 0.0 + (rows["NumberOfVideosWatched"] > 5)).to_numpy()


def _failed(score, rows):
    return "".join(behaviour.objections(behaviour.check(score, rows, threshold=0.5, seed=1)))


def test_the_trained_model_behaves(trained):
    checks = behaviour.check(trained.score, trained.splits.validation, threshold=0.5, seed=1)
    assert len(checks) == 6
    assert not behaviour.objections(checks), checks


def test_a_model_that_does_what_is_expected_passes(splits):
    assert not _failed(_engaged, splits.test)


@pytest.mark.parametrize(
    ("misbehaving", "failed"),
    [
        (lambda rows: _engaged(rows) + 0.1 * (rows["CourseCategory"] == "Arts"), "invariance to CourseCategory"),
        (lambda rows: _engaged(rows) + 0.1 * rows["DeviceType"], "invariance to DeviceType"),
        (lambda rows: _engaged(rows) - 0.2 * (rows["NumberOfQuizzesTaken"] > 7), "direction of NumberOfQuizzesTaken"),
        (lambda rows: _engaged(rows) - 0.2 * (rows["TimeSpentOnCourse"] > 90), "direction of TimeSpentOnCourse"),
        (lambda rows: 0.5 + 0.01 * np.sign(np.sin(rows["TimeSpentOnCourse"] * 1e4)), "rounding of the time"),
        (lambda rows: np.full(len(rows), np.nan), "invariance to CourseCategory, invariance to DeviceType, "),
    ],
)
def test_a_model_that_misbehaves_fails(splits, misbehaving, failed):
    assert failed in _failed(lambda rows: np.asarray(misbehaving(rows)), splits.test)
