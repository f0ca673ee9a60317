"""The model: how good it is, and what it may see."""

import numpy as np
import pandas as pd
import pytest

from training import evaluate, model, prepare, schema


def test_it_comes_near_the_best_that_the_rule_in_the_data_allows(pipeline, splits):
    quality = evaluate.quality(model.predict(pipeline, splits).test)
    assert quality["accuracy"] > 0.75
    assert quality["roc_auc"] > 0.78
    assert quality["mean_squared_error"] < 0.18


def test_on_the_real_data_too(real_data):
    splits = prepare.split_by_student(prepare.drop_copies(pd.read_csv(real_data)), seed=42)
    quality = evaluate.quality(model.predict(model.train(splits.train, seed=42), splits).test)
    assert quality["accuracy"] > 0.75
    assert quality["roc_auc"] > 0.78


def test_it_sees_only_what_a_request_holds(rows):
    assert list(model.model_input(rows)) == schema.FEATURE_NAMES


def test_the_same_data_and_seed_give_the_same_model(pipeline, splits):
    again = model.predict(model.train(splits.train, seed=42), splits)
    pd.testing.assert_frame_equal(again.test, model.predict(pipeline, splits).test)


def test_a_missing_number_counts_as_the_median_and_an_unseen_category_as_none(pipeline, splits):
    rows = splits.test.head(50).assign(CourseCategory="Cooking", TimeSpentOnCourse=np.nan)
    as_median = rows.assign(TimeSpentOnCourse=splits.train["TimeSpentOnCourse"].median())
    known = as_median.assign(CourseCategory="Science")
    scores = [pipeline.predict_proba(model.model_input(given))[:, 1] for given in (rows, as_median, known)]
    assert scores[0] == pytest.approx(scores[1], abs=1e-9)
    assert scores[1] == pytest.approx(scores[2], abs=0.1)
