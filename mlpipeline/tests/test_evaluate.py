"""Quality and drift of predictions whose figures are known."""

import numpy as np
import pandas as pd
import pytest

from training import evaluate, model, schema


def test_quality_of_known_predictions():
    predicted = pd.DataFrame(
        {
            schema.TARGET: [1, 1, 0, 0],
            "prediction": [1, 0, 0, 0],
            "probability": [0.9, 0.4, 0.5, 0.1],
        }
    )
    assert evaluate.quality(predicted) == {
        "accuracy": 0.75,
        "roc_auc": 0.75,  # of the four pairs of a completed and a dropped course, three are in the right order
        "mean_squared_error": pytest.approx((0.01 + 0.36 + 0.25 + 0.01) / 4),
    }


@pytest.fixture(name="predicted", scope="module")
def _predicted(pipeline, splits):
    return model.predict(pipeline, splits)


def test_rows_of_the_same_population_have_not_drifted(predicted):
    drift = evaluate.drift(predicted.validation, predicted.train)
    assert drift["num_drifted_columns"] == 0
    assert drift["prediction_drift"] < 0.05
    assert drift["share_missing_values"] == 0


def test_less_time_spent_is_drift_of_that_column(predicted):
    current = predicted.validation.assign(TimeSpentOnCourse=predicted.validation["TimeSpentOnCourse"] * 0.5)
    assert evaluate.drift(current, predicted.train)["num_drifted_columns"] == 1


def test_missing_values_are_counted_in_cells(predicted):
    current = predicted.validation.head(100).copy()
    current.loc[current.index[:30], "TimeSpentOnCourse"] = np.nan
    drift = evaluate.drift(current, predicted.train)
    assert drift["share_missing_values"] == pytest.approx(30 / (100 * 6))
