"""The behaviour checks: the real model passes, and a model that misbehaves fails the one that it should."""

import numpy as np
import pandas as pd
import pytest

from training import behaviour, prepare, schema, selection, synthetic, validate
from training.features import model_input
from training.selection import Tuned


def _engaged(rows):
    """A model that behaves: the probability grows with each number."""
    return 0.2 + 0.2 * ((rows["TimeSpentOnCourse"] > 20) + 0.0 + (rows["NumberOfVideosWatched"] > 5)).to_numpy()


def _engaged_for_50_hours(rows):
    return (rows["TimeSpentOnCourse"] > 50).to_numpy(float)


def _failed(score, splits):
    return "".join(behaviour.objections(behaviour.check(score, splits.test, splits.train, threshold=0.5, seed=1)))


def test_the_trained_model_behaves(trained):
    checks = behaviour.check(trained.score, trained.splits.validation, trained.splits.train, threshold=0.5, seed=1)
    assert len(checks) == 6
    assert not behaviour.objections(checks), checks


def test_a_model_that_does_what_is_expected_passes(splits):
    assert not _failed(_engaged, splits)


@pytest.mark.parametrize(
    ("misbehaving", "failed"),
    [
        (lambda rows: _engaged(rows) + 0.1 * (rows["CourseCategory"] == "Arts"), "invariance to CourseCategory"),
        (lambda rows: _engaged(rows) + 0.1 * rows["DeviceType"], "invariance to DeviceType"),
        (lambda rows: _engaged(rows) - 0.2 * (rows["NumberOfQuizzesTaken"] > 7), "direction of NumberOfQuizzesTaken"),
        (lambda rows: _engaged(rows) - 0.2 * (rows["TimeSpentOnCourse"] > 90), "direction of TimeSpentOnCourse"),
        (lambda rows: 0.5 + 0.01 * np.sign(np.sin(rows["TimeSpentOnCourse"] * 1e4)), "rounding of the time"),
        (lambda rows: _engaged(rows) + np.where(rows["CourseCategory"] == "Health", np.nan, 0), "invariance to Course"),
        (lambda rows: np.full(len(rows), np.nan), "invariance to CourseCategory (nan, at most 0.03), inv"),
    ],
)
def test_a_model_that_misbehaves_fails(splits, misbehaving, failed):
    assert failed in _failed(lambda rows: np.asarray(misbehaving(rows)), splits)


def _of_few_students(seed, effect):
    """A model of the kind that finds categories wherever it can, its splits, and a category with this effect."""
    random = np.random.default_rng(seed)
    rows = synthetic.generate(seed, 1_200, copies=0)
    rows["CourseCategory"] = random.choice(schema.COURSE_CATEGORIES, len(rows), p=[0.06, 0.5, 0.24, 0.12, 0.08])
    odds = (rows["TimeSpentOnCourse"] - 50) / 30 + effect * (rows["CourseCategory"] == "Health")
    rows["CourseCompletion"] = (random.random(len(rows)) < 1 / (1 + np.exp(-odds))).astype(int)
    splits = prepare.split_by_student(validate.check(rows).rows, seed)
    tuned = Tuned("logistic regression", {"model__C": 10}, log_loss=0.5, standard_error=0.01)
    pipeline = selection.train(tuned, splits.train, (), seed)
    return lambda of_whom: pipeline.predict_proba(model_input(of_whom))[:, 1], splits


@pytest.mark.parametrize("seed", range(10))
def test_what_chance_makes_of_few_students_fails_no_check(seed):
    score, splits = _of_few_students(seed, effect=0)
    assert not _failed(score, splits)


def test_a_category_with_an_effect_is_found_among_few_students_too():
    score, splits = _of_few_students(0, effect=2)
    assert "invariance to CourseCategory" in _failed(score, splits)


def test_noise_grows_as_students_become_fewer():
    assert behaviour.noise_of_step(10_000) == pytest.approx(np.sqrt(0.25 / 500 + 0.25 / 500))
    learned = pd.Series(["Arts"] * 100 + ["Health"] * 300)
    of_a_difference = np.sqrt(0.2 / 100 + 0.2 / 300)
    assert behaviour.noise_of_category(learned, "Arts", 0.2) == pytest.approx(0.75 * of_a_difference)
    assert behaviour.noise_of_category(learned, "Health", 0.2) == pytest.approx(0.25 * of_a_difference)
    assert behaviour.noise_of_category(learned, "Science", 0.2) > 0.4  # nobody took it


def test_one_student_may_change_class_however_few_there_are(splits):
    few = splits.test[:100].assign(TimeSpentOnCourse=[50.001] + [40.0] * 99)
    last = behaviour.check(_engaged_for_50_hours, few, splits.train, 0.5, seed=1)[-1]
    assert last.measured == 0.01 and last.passed
