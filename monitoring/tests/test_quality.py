"""Scores of predictions whose outcome is known, and whether they are worse than tested."""

import numpy as np
import pandas as pd
import pytest

from monitor import quality
from tests.conftest import METRICS, students

LEAST = quality.Least(outcomes=100, share=0.5)


def _known(actual, predicted, probability=None):
    return pd.DataFrame(
        {
            "actual": actual,
            "prediction": predicted,
            "probability": probability or [0.9 if one else 0.1 for one in predicted],
        }
    )


def test_scores_are_those_of_the_book():
    found = quality.scores(_known([1, 1, 0, 0, 1], [1, 0, 0, 1, 1], [0.9, 0.4, 0.2, 0.6, 0.8]))
    assert found.accuracy == pytest.approx(3 / 5)
    assert found.f1 == pytest.approx(2 / 3)
    assert found.roc_auc == pytest.approx(5 / 6)
    assert found.brier_score == pytest.approx((0.01 + 0.36 + 0.04 + 0.36 + 0.04) / 5)
    assert found.completion_rate == pytest.approx(3 / 5)
    assert found.outcomes == 5


def test_the_interval_of_accuracy_is_wilsons():
    found = quality.scores(_known([1] * 78 + [0] * 22, [1] * 100))
    assert (found.accuracy_low, found.accuracy_high) == (
        pytest.approx(0.6893, abs=1e-4),
        pytest.approx(0.8500, abs=1e-4),
    )


def test_the_interval_of_the_auc_covers_the_truth_as_often_as_it_says():
    truth = quality.scores(students(200_000, seed=1000)).roc_auc
    covered = [
        found.roc_auc_low <= truth <= found.roc_auc_high
        for found in (quality.scores(students(400, seed)) for seed in range(200))
    ]
    assert 0.89 <= np.mean(covered) <= 0.99


def test_a_calibrated_model_has_a_small_calibration_error_and_another_a_large_one():
    known = students(20_000)
    assert quality.scores(known).calibration_error < 0.02
    assert quality.scores(known.assign(probability=0.99)).calibration_error > 0.4


def test_with_outcomes_of_one_class_only_there_is_no_auc():
    found = quality.scores(_known([1, 1], [1, 0]))
    assert (found.roc_auc, found.roc_auc_low, found.roc_auc_high) == (None, None, None)
    assert found.accuracy == 0.5


def test_without_outcomes_there_are_no_scores():
    assert quality.scores(_known([], [])) is None


@pytest.mark.parametrize(
    ("right", "known", "status"),
    [(780, 1000, "as tested"), (900, 1000, "as tested"), (740, 1000, "as tested"), (700, 1000, "below test")]
    + [(30, 60, "not enough data")],
)
def test_accuracy_is_below_the_tests_only_where_that_is_no_chance(right, known, status):
    found = quality.scores(_known([1] * known, [1] * right + [0] * (known - right)))
    row = quality.row(found, predictions=1100, test=METRICS, least=LEAST)
    assert row["status"] == status
    assert (row["test_accuracy"], row["test_accuracy_low"], row["predictions"]) == (0.78, 0.76, 1100)


def test_the_outcomes_that_come_first_are_not_judged_by():
    found = quality.scores(_known([1] * 400, [1] * 200 + [0] * 200))
    assert quality.row(found, 801, METRICS, LEAST)["status"] == "not enough data"
    assert quality.row(found, 800, METRICS, LEAST)["status"] == "below test"


def test_without_the_metrics_of_the_test_nothing_is_said_of_it():
    row = quality.row(quality.scores(students(500)), 500, None, LEAST)
    assert (row["status"], row["p_value"], row["test_accuracy"]) == ("no reference", None, None)
