"""Drift of days whose difference from the reference is known."""

import numpy as np
import pytest

from monitor import drift


def test_a_day_of_the_same_population_has_not_drifted(predictions, reference):
    metrics = drift.measure(predictions, reference)
    assert metrics["num_drifted_columns"] == 0
    assert metrics["prediction_drift"] < 0.05
    assert (metrics["rows"], metrics["share_missing_values"], metrics["status"]) == (1000, 0, "ok")


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("time_spent_on_course", lambda values: values * 0.5),
        ("number_of_videos_watched", lambda values: values * 0),
        ("device_type", lambda values: values * 0),
        ("course_category", lambda values: values.where(values != "Arts", "Health")),
    ],
)
def test_a_changed_feature_is_one_drifted_column(predictions, reference, column, change):
    predictions[column] = change(predictions[column])
    assert drift.measure(predictions, reference)["num_drifted_columns"] == 1


def test_other_predictions_are_prediction_drift(predictions, reference):
    metrics = drift.measure(predictions.assign(prediction=1), reference)
    assert metrics["prediction_drift"] > 0.3
    assert metrics["num_drifted_columns"] == 1


def test_missing_values_are_counted_in_cells(predictions, reference):
    predictions.loc[predictions.index[:100], "number_of_videos_watched"] = np.nan
    metrics = drift.measure(predictions, reference)
    assert metrics["share_missing_values"] == pytest.approx(100 / (1000 * 5))


def test_a_column_that_is_empty_all_day_has_drifted(predictions, reference):
    metrics = drift.measure(predictions.assign(time_spent_on_course=np.nan), reference)
    assert metrics["num_drifted_columns"] == 1
    assert metrics["share_missing_values"] == pytest.approx(1 / 5)


def test_a_category_read_as_a_float_is_no_drift(predictions, reference):
    predictions["device_type"] = predictions["device_type"].astype(float)
    assert drift.measure(predictions, reference)["num_drifted_columns"] == 0


def test_one_prediction_is_measured_without_an_error(predictions, reference):
    assert drift.measure(predictions.head(1), reference)["rows"] == 1


def test_hours_are_not_cut_to_whole_ones_where_the_reference_has_only_those(predictions, reference):
    reference.rows["TimeSpentOnCourse"] = reference.rows["TimeSpentOnCourse"].round().astype("int64")
    current = drift.as_reference(predictions, reference)
    assert (current["TimeSpentOnCourse"] % 1 != 0).any()
