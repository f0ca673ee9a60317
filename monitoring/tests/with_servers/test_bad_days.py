"""Days that are not as they should be: each ends in a correct row."""

from datetime import date, timedelta

import mlflow
import numpy as np
import pandas as pd
import pytest

from benchmarks.tables import execute, predict
from daily_monitoring import daily_monitoring
from monitor import days
from monitor.predictions import NoFeaturesTable
from monitor.settings import Settings
from tests.conftest import students
from tests.with_servers.conftest import DAY, noon, written


def _monitored(engine, day=DAY):
    """The day's rows of `metrics`."""
    daily_monitoring(day=day)
    return written(engine, "metrics", day)


def _drifted(engine):
    return {(row["column"], row["aspect"]) for row in written(engine, "feature_drift") if row["drifted"]}


def _artifacts(environment, day=DAY):
    """The files of MLflow's runs of the day, a list for each run."""
    client = mlflow.MlflowClient(environment["TRACKING_URI"])
    experiment = client.get_experiment_by_name(environment["MONITORING_EXPERIMENT"])
    runs = client.search_runs([experiment.experiment_id], f"tags.`monitoring.day` = '{day}'") if experiment else []
    return [sorted(file.path for file in client.list_artifacts(run.info.run_id, "drift")) for run in runs]


def test_an_empty_day_has_one_row_that_says_so_however_often_it_is_looked_at(engine):
    daily_monitoring(day=DAY)
    (row,) = _monitored(engine)
    assert (row["status"], row["run_id"], row["rows"], row["students"], row["compared"]) == (
        "no predictions",
        None,
        0,
        0,
        0,
    )
    assert [row["action"] for row in written(engine, "decisions")] == ["none"]


def test_one_row_is_not_enough(engine, run_id):
    predict(engine, students(1), noon(DAY), run_id)
    (row,) = _monitored(engine)
    assert (row["status"], row["rows"], row["students"], row["compared"]) == ("not enough data", 1, 1, 0)
    assert row["num_drifted_columns"] is row["share_missing_values"] is row["report_url"] is None
    assert row["first_prediction"] == row["last_prediction"] == noon(DAY)


def test_one_student_a_thousand_times_is_one_student(engine, run_id):
    predict(engine, pd.concat([students(1)] * 1000), noon(DAY), run_id, users=[7] * 1000)
    (row,) = _monitored(engine)
    assert (row["status"], row["rows"], row["students"]) == ("not enough data", 1000, 1)


def test_a_column_that_is_null_all_day_is_drift_of_missing_values(engine, run_id):
    predict(engine, students(300).assign(NumberOfVideosWatched=np.nan, CourseCategory=None), noon(DAY), run_id)
    (row,) = _monitored(engine)
    assert (row["status"], row["missing_values_jumped"], row["num_drifted_columns"]) == ("drift", True, 2)
    assert row["share_missing_values"] == pytest.approx(2 / 6)
    assert _drifted(engine) == {("NumberOfVideosWatched", "missing"), ("CourseCategory", "missing")}


@pytest.mark.usefixtures("short_reports")
def test_a_new_category_is_counted_and_is_drift(engine, run_id):
    day = students(300)
    day.loc[:59, "CourseCategory"] = "Music"
    predict(engine, day, noon(DAY), run_id)
    (row,) = _monitored(engine)
    assert (row["status"], row["unseen_category_share"]) == ("drift", 0.2)
    assert _drifted(engine) == {("CourseCategory", "values")}


@pytest.mark.usefixtures("short_reports")
def test_a_column_that_is_dropped_is_missing(engine, run_id):
    predict(engine, students(300), noon(DAY), run_id)
    execute(engine, "ALTER TABLE features DROP COLUMN number_of_videos_watched")
    (row,) = _monitored(engine)
    assert (row["status"], row["missing_values_jumped"]) == ("drift", True)
    assert row["share_missing_values"] == pytest.approx(1 / 6)
    assert _drifted(engine) == {("NumberOfVideosWatched", "missing")}


@pytest.mark.usefixtures("short_reports")
def test_two_models_in_a_day_have_a_row_and_a_report_each_in_one_run_of_mlflow(engine, run_id, train, environment):
    second = train()
    predict(engine, students(300), noon(DAY), run_id)
    changed = students(200, seed=2).assign(TimeSpentOnCourse=1.0)
    predict(engine, changed, noon(DAY) + timedelta(hours=1), second, users=range(1000, 1200))
    rows = {row["run_id"]: row for row in _monitored(engine)}
    assert {run: (row["status"], row["rows"]) for run, row in rows.items()} == {
        run_id: ("stable", 300),
        second: ("drift", 200),
    }
    assert all(row["run_url"].endswith(f"/runs/{run}?workflowType=machine_learning") for run, row in rows.items())
    assert _artifacts(environment) == [sorted(f"drift/{run}.html" for run in (run_id, second))]
    assert [row["run_id"] for row in written(engine, "decisions")] == [second]


@pytest.mark.usefixtures("short_reports")
def test_predictions_that_name_no_model_are_counted_beside_those_of_one(engine, run_id):
    predict(engine, students(300), noon(DAY), run_id)
    predict(engine, students(150), noon(DAY), None, users=[None] * 150)
    rows = {row["run_id"]: row for row in _monitored(engine)}
    assert (rows[None]["status"], rows[None]["rows"], rows[None]["students"]) == ("no reference", 150, 150)
    assert rows[run_id]["status"] == "stable"


@pytest.mark.usefixtures("short_reports")
def test_a_run_that_is_marked_as_deleted_is_compared_with_all_the_same(engine, train, environment):
    deleted = train()
    mlflow.MlflowClient(environment["TRACKING_URI"]).delete_run(deleted)
    predict(engine, students(300), noon(DAY), deleted)
    (row,) = _monitored(engine)
    assert row["status"] == "stable"


def test_predictions_of_a_run_that_is_gone_from_mlflow_are_counted(engine, train, mlflow_server):
    gone = train()
    mlflow_server.forget(gone)
    predict(engine, students(300), noon(DAY), gone)
    (row,) = _monitored(engine)
    assert (row["status"], row["run_id"], row["rows"], row["compared"]) == ("no reference", gone, 300, 0)


@pytest.mark.usefixtures("short_reports")
def test_a_run_that_is_gone_after_it_was_fetched_is_still_compared_with(engine, train, mlflow_server):
    gone = train()
    predict(engine, students(300), noon(DAY), gone)
    daily_monitoring(day=DAY)
    mlflow_server.forget(gone)
    (row,) = _monitored(engine)
    assert row["status"] == "stable"


@pytest.mark.usefixtures("short_reports")
@pytest.mark.parametrize(("day", "hours"), [(date(2026, 10, 25), 25), (date(2026, 3, 29), 23)])
def test_a_day_on_which_clocks_change_has_the_hours_that_it_has(engine, run_id, monkeypatch, day, hours):
    monkeypatch.setenv("TIME_ZONE", "Europe/Berlin")
    whole = days.day(day, Settings().zone)
    times = [whole.start + timedelta(minutes=10 * number - 60) for number in range(6 * (hours + 2))]
    predict(engine, students(len(times)), times, run_id)
    (row,) = _monitored(engine, day)
    assert (row["status"], row["rows"]) == ("stable", 6 * hours)
    assert (row["first_prediction"], row["last_prediction"]) == (whole.start, whole.end - timedelta(minutes=10))


def test_without_the_prediction_services_table_the_run_fails_and_says_so_again(engine):
    execute(engine, "DROP TABLE features")
    for _ in range(2):
        with pytest.raises(NoFeaturesTable, match="has no table features"):
            daily_monitoring(day=DAY)
    assert written(engine, "metrics") == []
