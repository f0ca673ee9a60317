"""The model: how good it is, and that it is always the same."""

import numpy as np
import pandas as pd
import pytest

from training import evaluate, features, model, prepare, selection, validate


def test_it_comes_near_the_best_that_the_rule_in_the_data_allows(predicted):
    scores = evaluate.scores(predicted.test)
    assert scores["accuracy"] > 0.75
    assert scores["roc_auc"] > 0.78
    assert scores["brier_score"] < 0.175


def test_on_the_real_data_too(real_data, tree):
    splits = prepare.split_by_student(validate.check(pd.read_csv(real_data)).rows, seed=42)
    trained = model.with_threshold(selection.train(tree, splits.train, (), seed=42), 0.5, splits)
    scores = evaluate.scores(trained.splits.test)
    assert scores["accuracy"] > 0.77
    assert scores["roc_auc"] > 0.8
    assert scores["brier_score"] < 0.168


def test_the_same_data_and_seed_give_the_same_model(splits, tree, predicted):
    again = model.with_threshold(selection.train(tree, splits.train, (), seed=42), 0.5, splits)
    pd.testing.assert_frame_equal(again.splits.test, predicted.test)


def test_the_threshold_decides_the_class_and_not_the_probability(splits, pipeline, predicted):
    strict = model.with_threshold(pipeline, 0.8, splits).splits.test
    assert strict["probability"].equals(predicted.test["probability"])
    assert (strict["prediction"] == (strict["probability"] >= 0.8)).all()
    assert strict["prediction"].sum() < predicted.test["prediction"].sum()


def test_a_missing_number_counts_as_the_median_and_an_unseen_category_as_none(splits, pipeline):
    rows = splits.test.head(50).assign(CourseCategory="Cooking", TimeSpentOnCourse=np.nan)
    as_median = rows.assign(TimeSpentOnCourse=splits.train["TimeSpentOnCourse"].median())
    known = as_median.assign(CourseCategory="Science")
    scores = [pipeline.predict_proba(features.model_input(given))[:, 1] for given in (rows, as_median, known)]
    assert scores[0] == pytest.approx(scores[1], abs=1e-9)
    assert np.abs(scores[1] - scores[2]).mean() < 0.03
