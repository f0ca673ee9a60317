"""The rows that are written of a day."""

from datetime import UTC, datetime

import numpy as np
import pytest
from sqlalchemy import inspect

from monitor import distances, shift, store, verdict
from monitor.predictions import Predictions, RunOfDay
from tests.conftest import students

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
RUN = RunOfDay("run", 1000, 500, NOON, NOON, 0.4, 0.41)
COUNTS = {"run_id": "run", "rows": 1000, "students": 500, "first_prediction": NOON, "last_prediction": NOON}
FEATURES = ["CourseCategory", "DeviceType", "TimeSpentOnCourse", "NumberOfVideosWatched", "NumberOfQuizzesTaken"]
LINKS = {"report_url": "http://mlflow/report", "run_url": "http://mlflow/run"}


@pytest.fixture(name="judge")
def _judge(reference):
    """A function that gives the verdict on a day of these students."""

    def judge(current, missing_cells=0, unseen_rows=0, absent=()):
        current = current[[*FEATURES, "prediction", "probability"]]
        columns = distances.Columns.of(reference)
        typed, before = distances.typed(current, reference), distances.typed(reference.rows, reference)
        shifts = shift.compare(typed, before, columns.categorical, columns.numerical)
        read = Predictions(current, missing_cells, unseen_rows, list(absent))
        return verdict.measured(RUN, read, shifts, {"prediction": 0.02, "TimeSpentOnCourse": 0.3}, LINKS)

    return judge


def test_a_day_like_the_reference_is_stable_with_all_that_was_measured(judge):
    found = judge(students(500), missing_cells=60, unseen_rows=100)
    assert found.metrics == COUNTS | LINKS | {
        "prediction_rate": 0.4,
        "mean_probability": 0.41,
        "compared": 500,
        "status": "stable",
        "prediction_drift": 0.02,
        "num_drifted_columns": 0,
        "share_drifted_columns": 0,
        "share_missing_values": 0.01,  # of 1000 predictions' five features and the predicted class
        "missing_values_jumped": False,
        "unseen_category_share": 0.1,
        "evidently_drifted_columns": 1,
        "alpha": shift.ALPHA,
        "method": verdict.METHOD,
    }
    assert found.summary == "stable: 1000 predictions of 500 students; drifted: no column"


def test_each_column_and_aspect_that_was_compared_has_a_row(judge):
    rows = judge(students(500)).drift
    assert len(rows) == 14 and {row["run_id"] for row in rows} == {"run"}
    scores = {(row["column"], row["aspect"]): row["evidently_score"] for row in rows if row["evidently_score"]}
    assert scores == {("prediction", "values"): 0.02, ("TimeSpentOnCourse", "values"): 0.3}


def test_a_column_that_drifts_in_two_aspects_is_one_column(judge):
    current = students(500).assign(NumberOfVideosWatched=0.0)
    current.loc[:99, "NumberOfVideosWatched"] = np.nan
    found = judge(current)
    assert found.metrics["status"] == "drift"
    assert (found.metrics["num_drifted_columns"], found.metrics["share_drifted_columns"]) == (1, 1 / 7)
    assert found.metrics["missing_values_jumped"]
    assert found.summary == (
        "drift: 1000 predictions of 500 students; drifted: NumberOfVideosWatched (missing, 0.20), "
        "NumberOfVideosWatched (values, 0.94)"
    )


def test_drift_of_values_alone_is_no_jump_of_missing_values(judge):
    found = judge(students(500).assign(NumberOfVideosWatched=0.0))
    assert (found.metrics["status"], found.metrics["missing_values_jumped"]) == ("drift", False)


def test_a_column_that_the_table_lacks_is_noted(judge):
    found = judge(students(500).assign(NumberOfVideosWatched=None), absent=["NumberOfVideosWatched"])
    assert found.metrics["missing_values_jumped"] and "NumberOfVideosWatched" in found.note
    assert judge(students(500)).note == ""
    two = judge(students(500), absent=["NumberOfVideosWatched", "DeviceType"]).note
    assert two == "the table features has no column for NumberOfVideosWatched, DeviceType, which counts as missing"


def test_what_cannot_be_compared_is_counted_and_nothing_is_said_of_it():
    found = verdict.unmeasured(RUN, verdict.NOT_ENOUGH_DATA, "too few")
    rates = {"prediction_rate": 0.4, "mean_probability": 0.41}
    assert found.metrics == COUNTS | rates | {"compared": 0, "status": "not enough data"}
    assert (found.drift, found.note) == ([], "too few")
    assert found.summary == "not enough data: 1000 predictions of 500 students"


def test_a_day_without_predictions_is_one_row_without_a_model():
    found = verdict.no_predictions()
    assert found.metrics == {"run_id": None, "rows": 0, "students": 0, "compared": 0, "status": "no predictions"}


def test_the_rows_fit_the_tables(engine, judge):
    found = judge(students(500))
    columns = {
        table: {one["name"] for one in inspect(engine).get_columns(table)} for table in ("metrics", "feature_drift")
    }
    assert set(found.metrics) | {"day", "timestamp"} == columns["metrics"]
    assert all(set(row) | {"day"} == columns["feature_drift"] for row in found.drift)
    store.replace_day(engine, NOON.date(), [found, verdict.no_predictions()])
    (written,) = [row for row in store.rows_of(engine, store.METRICS, NOON.date()) if row["run_id"]]
    assert written.items() >= found.metrics.items()
