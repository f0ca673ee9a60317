"""The flows on ordinary days: what they write, what they write again, and what they pick up later."""

from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from urllib.parse import urlsplit

import mlflow
import pytest
from prefect.client.orchestration import get_client

import daily_monitoring as flow_module
from benchmarks.tables import execute, predict, rows_of, tell
from daily_monitoring import backfill, daily_monitoring
from monitor import store
from monitor.days import NotInOrder
from monitor.report import WIDE_ENOUGH
from tests.conftest import METRICS, students
from tests.with_servers.conftest import DAY, noon, written

ONE_DAY = timedelta(days=1)


@pytest.fixture(name="scheduled")
def _scheduled(monkeypatch):
    """Runs the flow as its schedule does in the morning after `day`."""

    def scheduled(day):
        six_in_the_morning = datetime.combine(day + ONE_DAY, time(6), UTC)
        monkeypatch.setattr(flow_module, "flow_run", SimpleNamespace(scheduled_start_time=six_in_the_morning))
        return daily_monitoring()

    return scheduled


def _when_written(engine, table="metrics"):
    return dict(rows_of(engine, f"SELECT day, timestamp FROM {table}"))


def test_a_day_leaves_rows_a_report_artifacts_and_a_decision(engine, run_id, environment):
    day = students(300)
    ids = predict(engine, day, noon(DAY), run_id)
    tell(engine, day["actual"], noon(DAY), prediction_id=ids)
    found = daily_monitoring(day=DAY)
    assert (found["day"], found["action"]) == ("2026-03-02", "none")
    assert "0 of the last 1 days drifted" in found["reason"]
    (row,) = written(engine, "metrics")
    assert (row["status"], row["rows"], row["compared"], row["num_drifted_columns"]) == ("stable", 300, 300, 0)
    assert 0 < row["prediction_drift"] < 0.1 and row["method"] and row["alpha"] == 0.01
    assert len(written(engine, "feature_drift")) == 14
    (quality,) = written(engine, "live_quality")
    assert (quality["outcomes"], quality["test_accuracy"], quality["status"]) == (300, METRICS["accuracy"], "as tested")
    assert quality["accuracy"] == (day["prediction"] == day["actual"]).mean()
    for url, kind in ((row["report_url"], "drift"), (quality["report_url"], "quality")):
        _, experiment, report = urlsplit(url).fragment.split("/experiments/")[-1].partition("/runs/")
        run, _, path = report.partition("/artifacts/")
        assert experiment and path == f"{kind}/{run_id}.html?workflowType=machine_learning"
        path = path.partition("?")[0]
        page = mlflow.MlflowClient(environment["TRACKING_URI"]).download_artifacts(run, path)
        with open(page, encoding="utf-8") as file:
            html = file.read()
        assert "<html" in html and f"<head>{WIDE_ENOUGH}" in html
    with get_client(sync_client=True) as prefect:
        shown = {artifact.key: artifact.data for artifact in prefect.read_latest_artifacts()}
    assert row["report_url"] in shown["evidently-report"]
    assert found["reason"] in shown["decision"]


@pytest.mark.usefixtures("short_reports")
def test_a_second_run_replaces_the_days_rows(engine, run_id, train):
    predict(engine, students(300).assign(TimeSpentOnCourse=1.0), noon(DAY), run_id)
    daily_monitoring(day=DAY)
    assert [row["status"] for row in written(engine, "metrics")] == ["drift"]
    execute(engine, "DELETE FROM features")
    second = train()
    predict(engine, students(200), noon(DAY), second)
    daily_monitoring(day=DAY)
    assert [(row["run_id"], row["status"]) for row in written(engine, "metrics")] == [(second, "stable")]
    assert {row["run_id"] for row in written(engine, "feature_drift")} == {second}
    assert [row["run_id"] for row in written(engine, "decisions")] == [second]


@pytest.mark.usefixtures("engine")
def test_without_a_day_it_is_the_day_before_the_run_was_scheduled_for():
    before = datetime.now(UTC).date()
    found = daily_monitoring()["day"]
    assert found in {str(before - ONE_DAY), str(datetime.now(UTC).date() - ONE_DAY)}


@pytest.mark.usefixtures("short_reports")
def test_late_predictions_are_picked_up_by_the_next_scheduled_run_and_other_days_left_alone(engine, run_id, scheduled):
    for back in range(4):
        predict(engine, students(120, seed=back), noon(DAY - back * ONE_DAY), run_id, users=range(120))
    scheduled(DAY)
    before = _when_written(engine)
    assert sorted(before) == [DAY - back * ONE_DAY for back in (2, 1, 0)]  # RECOMPUTE_DAYS=3
    predict(engine, students(30, seed=9), noon(DAY), run_id, users=range(500, 530))
    predict(engine, students(120, seed=8), noon(DAY + ONE_DAY), run_id)
    assert scheduled(DAY + ONE_DAY)["day"] == str(DAY + ONE_DAY)
    after = _when_written(engine)
    assert {day for day in before if after[day] != before[day]} == {DAY}
    assert sorted(after) == [DAY + number * ONE_DAY for number in (-2, -1, 0, 1)]
    assert [row["rows"] for row in written(engine, "metrics", DAY)] == [150]


@pytest.mark.usefixtures("short_reports")
def test_outcomes_that_arrive_late_fill_the_quality_of_their_day_of_prediction(engine, run_id, scheduled):
    day, later = students(200), DAY + 20 * ONE_DAY
    ids = predict(engine, day, noon(DAY), run_id)
    predict(engine, students(120), noon(DAY + ONE_DAY), run_id, users=range(1000, 1120))
    daily_monitoring(day=DAY)
    assert written(engine, "live_quality") == []
    tell(engine, day["actual"][:120], noon(later), prediction_id=ids[:120])
    scheduled(later)
    assert [row["outcomes"] for row in written(engine, "live_quality")] == [120]
    tell(engine, day["actual"][120:], noon(later + ONE_DAY), user_id=range(121, 201))
    tell(engine, 1 - day["actual"][:10], noon(later + ONE_DAY), prediction_id=ids[:10])
    scheduled(later + ONE_DAY)
    (row,) = written(engine, "live_quality")
    wrong = (day["prediction"] != day["actual"]) ^ (day.index < 10)
    assert (row["outcomes"], row["predictions"]) == (200, 200)
    assert row["accuracy"] == pytest.approx(1 - wrong.mean())
    assert list(_when_written(engine, "live_quality")) == [DAY]


@pytest.mark.usefixtures("short_reports")
def test_a_backfill_looks_at_each_day_of_the_range_and_decides_nothing(engine, run_id):
    day = students(120)
    for number in (0, 2, 3):
        ids = predict(engine, day, noon(DAY + number * ONE_DAY), run_id)
        tell(engine, day["actual"], noon(DAY + 9 * ONE_DAY), prediction_id=ids)
    backfill(DAY, DAY + 2 * ONE_DAY)
    told = dict(rows_of(engine, "SELECT day, status FROM metrics"))
    assert list(told.values()) == ["stable", "no predictions", "stable"]
    assert sorted(_when_written(engine, "live_quality")) == [DAY, DAY + 2 * ONE_DAY]
    assert rows_of(engine, "SELECT * FROM decisions") == []


@pytest.mark.usefixtures("engine")
def test_days_that_make_no_sense_fail_before_anything_is_looked_at():
    with pytest.raises(NotInOrder, match="must not be before"):
        backfill(DAY, DAY - ONE_DAY)
    ahead = datetime.now(UTC).date() + 3 * ONE_DAY
    for look_at in (lambda: daily_monitoring(day=ahead), lambda: backfill(DAY, ahead)):
        with pytest.raises(NotInOrder, match="must not be after today"):
            look_at()


@pytest.mark.usefixtures("short_reports")
def test_what_was_measured_stays_when_the_predictions_are_deleted_for_their_age(engine, run_id):
    day = students(120)
    ids = predict(engine, day, noon(DAY), run_id)
    tell(engine, day["actual"], noon(DAY), prediction_id=ids)
    daily_monitoring(day=DAY)
    before = written(engine, "metrics"), written(engine, "feature_drift"), written(engine, "live_quality")
    execute(engine, "DELETE FROM features")
    backfill(DAY, DAY)
    predict(engine, students(120, seed=2), noon(DAY + ONE_DAY), run_id)
    assert daily_monitoring(day=DAY + ONE_DAY)["action"] == "none"
    assert (written(engine, "metrics"), written(engine, "feature_drift"), written(engine, "live_quality")) == before


@pytest.mark.usefixtures("short_reports")
def test_an_older_prediction_service_without_outcomes_is_monitored_and_backfilled(engine, run_id):
    execute(engine, "DROP TABLE outcomes")
    predict(engine, students(120), noon(DAY), run_id)
    daily_monitoring(day=DAY)
    backfill(DAY, DAY)
    assert [row["status"] for row in written(engine, "metrics")] == ["stable"]


@pytest.mark.usefixtures("short_reports")
def test_an_earlier_day_is_looked_at_again_without_a_new_decision(engine, run_id):
    for number in (0, 1):
        predict(engine, students(120, seed=number), noon(DAY + number * ONE_DAY), run_id)
        daily_monitoring(day=DAY + number * ONE_DAY)
    before = _when_written(engine, "decisions")
    assert daily_monitoring(day=DAY) == {"day": str(DAY), "action": None, "reason": None}
    assert _when_written(engine, "decisions") == before


def test_the_first_run_makes_the_tables(empty_engine, engine, run_id):
    execute(engine, "DROP TABLE metrics, feature_drift, live_quality, decisions, monitoring_version")
    predict(engine, students(3), noon(DAY), run_id)
    daily_monitoring(day=DAY)
    assert store.counts(empty_engine, DAY) == {run_id: 3}


@pytest.mark.usefixtures("short_reports")
def test_days_are_those_of_the_time_zone(engine, run_id, monkeypatch, scheduled):
    monkeypatch.setenv("TIME_ZONE", "Pacific/Auckland")
    predict(engine, students(120), noon(date(2026, 6, 1)), run_id)  # midnight there
    # At 06:00 in UTC it is the evening of the next day there.
    assert scheduled(date(2026, 6, 2))["day"] == "2026-06-02"
    assert [row["rows"] for row in written(engine, "metrics", date(2026, 6, 2))] == [120]
