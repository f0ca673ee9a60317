"""Scores of predictions whose figures are known."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from training import evaluate, schema


def _predicted(actual, predictions, probabilities):
    return pd.DataFrame({schema.TARGET: actual, "prediction": predictions, "probability": probabilities})


def test_scores_of_known_predictions():
    found = evaluate.scores(_predicted([1, 1, 0, 0], [1, 0, 0, 0], [0.9, 0.4, 0.5, 0.1]))
    brier = (0.01 + 0.36 + 0.25 + 0.01) / 4
    known = {
        "accuracy": 0.75,
        "balanced_accuracy": 0.75,
        "precision": 1.0,
        "recall": 0.5,
        "f1": pytest.approx(2 / 3),
        "roc_auc": 0.75,  # of the four pairs of a completed and a dropped course, three are in the right order
        "pr_auc": pytest.approx((1 + 2 / 3) / 2),  # precision at the first and at the second student who completes
        "log_loss": pytest.approx(-np.log([0.9, 0.4, 0.5, 0.9]).mean()),
        "brier_score": pytest.approx(brier),
        "mean_squared_error": pytest.approx(brier),
        "root_mean_squared_error": pytest.approx(brier**0.5),
        "calibration_error": pytest.approx((0.1 + 0.6 + 0.5 + 0.1) / 4),  # each student in a bin of their own
    }
    assert {name: found[name] for name in known} == known


@pytest.mark.parametrize("decimals", [1, 6], ids=["many alike", "hardly any alike"])
def test_scores_are_those_of_scikit_learn(decimals):
    random = np.random.default_rng(decimals)
    probability = random.random(300).round(decimals)  # with 0 and 1 among them, where many are alike
    actual, prediction = (random.random(300) < probability).astype(int), (probability >= 0.4).astype(int)
    actual[probability == 0] = 1  # a model that was sure, and wrong
    found = evaluate.scores(_predicted(actual, prediction, probability))
    known = {
        "accuracy": pytest.approx(metrics.accuracy_score(actual, prediction)),
        "balanced_accuracy": pytest.approx(metrics.balanced_accuracy_score(actual, prediction)),
        "precision": pytest.approx(metrics.precision_score(actual, prediction)),
        "recall": pytest.approx(metrics.recall_score(actual, prediction)),
        "f1": pytest.approx(metrics.f1_score(actual, prediction)),
        "roc_auc": pytest.approx(metrics.roc_auc_score(actual, probability)),
        "pr_auc": pytest.approx(metrics.average_precision_score(actual, probability)),
        "log_loss": pytest.approx(metrics.log_loss(actual, probability)),
        "brier_score": pytest.approx(metrics.brier_score_loss(actual, probability)),
        "mean_squared_error": pytest.approx(metrics.mean_squared_error(actual, probability)),
        "root_mean_squared_error": pytest.approx(metrics.root_mean_squared_error(actual, probability)),
        "calibration_error": pytest.approx(evaluate.calibration_error(actual, probability)),
    }
    assert {name: found[name] for name in known} == known


def test_there_is_no_ranking_where_all_outcomes_are_alike():
    found = evaluate.scores(_predicted([1, 1], [1, 0], [0.9, 0.4]))
    assert np.isnan([found["roc_auc"], found["pr_auc"]]).all()


def test_a_model_that_never_says_yes_has_no_precision_but_scores():
    found = evaluate.scores(_predicted([1, 0, 0], [0, 0, 0], [0.3, 0.3, 0.3]))
    assert (found["precision"], found["recall"], found["f1"], found["balanced_accuracy"]) == (0, 0, 0, 0.5)


def test_calibration_error_weighs_bins_by_their_students():
    actual, probability = np.array([1, 1, 1, 0, 0]), np.array([0.81, 0.81, 0.81, 0.81, 0.2])
    # Four students at 0.81 of whom 0.75 complete, one at 0.2 who does not.
    assert evaluate.calibration_error(actual, probability) == pytest.approx((4 * 0.06 + 1 * 0.2) / 5)
    assert list(evaluate.calibration(actual, probability)[2]) == [1, 4]


def test_intervals_hold_the_score_and_narrow_with_more_students():
    random = np.random.default_rng(1)
    probability = random.random(4000)
    many = _predicted((random.random(4000) < probability).astype(int), (probability > 0.5).astype(int), probability)
    wide, narrow = (evaluate.intervals(part, seed=1)["accuracy"] for part in (many.head(200), many))
    assert narrow[0] < evaluate.scores(many)["accuracy"] < narrow[1]
    # Four and a half times as narrow for twenty times the students; 1.96 standard errors on either side.
    assert (wide[1] - wide[0]) / (narrow[1] - narrow[0]) == pytest.approx(20**0.5, rel=0.25)
    assert narrow[1] - narrow[0] == pytest.approx(2 * 1.96 * (0.75 * 0.25 / 4000) ** 0.5, rel=0.2)


def test_slices_show_a_group_that_the_model_serves_badly(predicted):
    wrong = predicted.test.assign(
        prediction=np.where(predicted.test["DeviceType"] == 1, 1 - predicted.test[schema.TARGET], 1)
    )
    found = evaluate.slices(wrong).set_index(["feature", "value"])
    assert len(found) == 7
    assert found.loc[("DeviceType", "1"), "accuracy"] == 0
    assert found.loc[("DeviceType", "0"), "accuracy"] > 0.3
    assert found.loc["CourseCategory", "rows"].sum() == len(predicted.test)


def test_a_group_with_one_outcome_has_no_scores(predicted):
    lucky = predicted.test.assign(
        CourseCompletion=np.where(predicted.test["DeviceType"] == 1, 1, predicted.test[schema.TARGET])
    )
    found = evaluate.slices(lucky).set_index(["feature", "value"])
    assert np.isnan(found.loc[("DeviceType", "1"), "roc_auc"])
    assert found.loc[("DeviceType", "1"), "completed"] == 1


def test_importance_tells_what_matters_from_what_does_not(trained):
    found = evaluate.importance(trained, trained.splits.test, seed=1).set_index("feature")["importance"]
    assert found[schema.NUMERICAL].min() > 0.05
    assert found[schema.CATEGORICAL].abs().max() < 0.01


def test_bounds_are_named_after_their_score():
    assert evaluate.with_intervals({"f1": 0.7}, {"f1": (0.6, 0.8)}) == {"f1": 0.7, "f1_low": 0.6, "f1_high": 0.8}
