"""Drift of rows whose drift is known."""

import numpy as np
import pytest

from training import drift


def test_rows_of_the_same_population_have_not_drifted(predicted):
    found = drift.measure(predicted.validation, predicted.train)
    assert found["num_drifted_columns"] == 0
    assert found["prediction_drift"] < 0.05
    assert found["share_missing_values"] == 0


def test_less_time_spent_is_drift_of_that_column(predicted):
    current = predicted.validation.assign(TimeSpentOnCourse=predicted.validation["TimeSpentOnCourse"] * 0.5)
    assert drift.measure(current, predicted.train)["num_drifted_columns"] == 1


def test_missing_values_are_counted_in_cells(predicted):
    current = predicted.validation.head(100).copy()
    current.loc[current.index[:30], "TimeSpentOnCourse"] = np.nan
    found = drift.measure(current, predicted.train)
    assert found["share_missing_values"] == pytest.approx(30 / (100 * 6))
