"""What follows from lasting drift: an event that can be read back, and training that starts once."""

import time
import uuid
from datetime import timedelta

import pytest
import requests
from prefect.client.orchestration import get_client

from benchmarks.tables import predict, tell
from daily_monitoring import daily_monitoring
from monitor import act, store, verdict
from monitor.predictions import RunOfDay
from monitor.verdict import Verdict
from tests.conftest import students
from tests.with_servers.conftest import DAY, noon, written

ONE_DAY = timedelta(days=1)
pytestmark = pytest.mark.usefixtures("short_reports")


@pytest.fixture(name="drifting")
def _drifting(engine, train):
    """The run of a model whose third day of drift DAY is, which has not been looked at yet."""
    run_id = train()
    for back in (2, 1, 0):
        day = DAY - back * ONE_DAY
        run = RunOfDay(run_id, 300, 300, noon(day), noon(day), 0.5, 0.5)
        predict(engine, students(300).assign(TimeSpentOnCourse=1.0), noon(day), run_id)
        if back:
            row = verdict.unmeasured(run, verdict.DRIFT, "").metrics
            store.replace_day(engine, day, [Verdict(row, [])])
    return run_id


@pytest.fixture(name="ready")
def _ready(engine, drifting, monkeypatch, training_deployment):  # pylint: disable=unused-argument
    """The same, with ON_DRIFT=retrain and enough outcomes to learn from."""
    monkeypatch.setenv("ON_DRIFT", "retrain")
    monkeypatch.setenv("MIN_STUDENTS", "30")
    monkeypatch.setenv("RETRAIN_OUTCOMES", "300")
    actual = students(300).assign(TimeSpentOnCourse=1.0)["prediction"]
    tell(engine, actual, noon(DAY), user_id=range(1, 301))
    return drifting


def _events(prefect_server, run_id, at_least=1):
    """The events about a model; Prefect keeps them a moment after they were emitted."""
    asked = {"filter": {"resource": {"id": [f"online-course.model.{run_id}"]}}}
    latest = time.monotonic() + 20
    while True:
        found = requests.post(f"{prefect_server}/events/filter", json=asked, timeout=10).json()["events"]
        if len(found) >= at_least or time.monotonic() > latest:
            return found
        time.sleep(0.2)


def _trainings(run_id):
    """The training runs that were started because of a model."""
    with get_client(sync_client=True) as prefect:
        runs = prefect.read_flow_runs()
    return [run for run in runs if (run.idempotency_key or "").endswith(run_id)]


def _decided(engine, day=DAY):
    (row,) = written(engine, "decisions", day)
    return row


def test_lasting_drift_is_an_event_with_its_reason_and_a_row(engine, drifting, prefect_server):
    assert daily_monitoring(day=DAY)["action"] == "notify"
    row = _decided(engine)
    assert (row["run_id"], row["action"], row["drifted_days"], row["days"]) == (drifting, "notify", 3, 3)
    assert row["flow_run_url"] is None
    (event,) = _events(prefect_server, drifting)
    assert event["event"] == act.EVENT
    assert event["payload"] == {"day": str(DAY), "action": "notify", "reason": row["reason"]}
    assert _trainings(drifting) == []


def test_lasting_drift_starts_training_once_on_what_was_predicted_since_it_began(engine, ready, prefect_server):
    assert daily_monitoring(day=DAY)["action"] == "retrain"
    (training,) = _trainings(ready)
    assert training.parameters == {"data_source": "postgres", "data_since": str(DAY - 2 * ONE_DAY)}
    with get_client(sync_client=True) as prefect:
        deployment = prefect.read_deployment_by_name(act.TRAINING)
    assert (training.deployment_id, training.parent_task_run_id) == (deployment.id, None)
    row = _decided(engine)
    assert (row["action"], row["outcomes_since"]) == ("retrain", 300)
    assert row["flow_run_url"].endswith(f"/runs/flow-run/{training.id}") and "/api" not in row["flow_run_url"]
    (event,) = _events(prefect_server, ready)
    assert event["payload"]["action"] == "retrain"
    assert daily_monitoring(day=DAY)["action"] == "retrain"
    assert [run.id for run in _trainings(ready)] == [training.id]
    assert _decided(engine) == row and len(_events(prefect_server, ready)) == 1


def test_another_source_is_asked_for_without_a_first_day(engine, ready, monkeypatch):
    monkeypatch.setenv("RETRAIN_DATA_SOURCE", "kaggle")
    daily_monitoring(day=DAY)
    (training,) = _trainings(ready)
    assert training.parameters == {"data_source": "kaggle"}
    assert _decided(engine)["action"] == "retrain"


@pytest.mark.parametrize("next_day", [DAY, DAY + ONE_DAY], ids=["the same day", "the next day"])
def test_what_a_run_has_started_and_not_noted_is_noted_by_the_next_and_not_started_again(
    engine, ready, monkeypatch, prefect_server, next_day
):
    def fail(*_):
        raise SystemError("ended here")

    with monkeypatch.context() as broken:
        broken.setattr(store, "finish_decision", fail)
        with pytest.raises(SystemError, match="ended here"):
            daily_monitoring(day=DAY)
    (training,) = _trainings(ready)
    assert (_decided(engine)["done"], _decided(engine)["flow_run_url"]) == (False, None)
    daily_monitoring(day=next_day)
    assert [run.id for run in _trainings(ready)] == [training.id]
    assert _decided(engine)["done"] and _decided(engine)["flow_run_url"].endswith(str(training.id))
    assert len(_events(prefect_server, ready)) == 1


def test_retraining_waits_for_outcomes_and_starts_when_they_are_there(engine, ready, monkeypatch, prefect_server):
    monkeypatch.setenv("RETRAIN_OUTCOMES", "301")
    assert daily_monitoring(day=DAY)["action"] == "wait"
    assert "RETRAIN_OUTCOMES=301" in _decided(engine)["reason"] and _trainings(ready) == []
    assert [event["payload"]["action"] for event in _events(prefect_server, ready)] == ["wait"]
    monkeypatch.setenv("RETRAIN_OUTCOMES", "300")
    assert daily_monitoring(day=DAY)["action"] == "retrain"
    assert len(_trainings(ready)) == 1


def test_in_the_cool_down_there_is_no_other_event_and_no_other_training(engine, ready, prefect_server):
    store.replace_decision(
        engine, DAY - 6 * ONE_DAY, {"action": "retrain", "reason": "before", "drifted_days": 3, "days": 5, "done": True}
    )
    assert daily_monitoring(day=DAY)["action"] == "cool-down"
    assert str(DAY - 6 * ONE_DAY) in _decided(engine)["reason"]
    assert _trainings(ready) == [] and _events(prefect_server, ready, at_least=0) == []


def test_switched_off_nothing_follows_but_a_row(engine, ready, monkeypatch, prefect_server):
    monkeypatch.setenv("ON_DRIFT", "off")
    assert daily_monitoring(day=DAY)["action"] == "off"
    assert _decided(engine)["drifted_days"] == 3
    assert _trainings(ready) == [] and _events(prefect_server, ready, at_least=0) == []


def test_without_the_training_deployment_the_run_fails_and_keeps_what_it_has_measured(engine, ready, monkeypatch):
    nowhere = f"run-pipeline/{uuid.uuid4().hex}"
    with monkeypatch.context() as renamed:
        renamed.setattr(act, "TRAINING", nowhere)
        for _ in range(2):
            with pytest.raises(act.NoTraining, match=f"Prefect has no deployment {nowhere}"):
                daily_monitoring(day=DAY)
    assert (_decided(engine)["action"], _decided(engine)["done"]) == ("retrain", False)
    assert [row["status"] for row in written(engine, "metrics")] == ["drift"]
    assert _trainings(ready) == []


def test_training_that_cannot_be_started_is_no_longer_tried_when_it_is_switched_off(engine, ready, monkeypatch):
    with monkeypatch.context() as renamed:
        renamed.setattr(act, "TRAINING", f"run-pipeline/{uuid.uuid4().hex}")
        with pytest.raises(act.NoTraining):
            daily_monitoring(day=DAY)
        monkeypatch.setenv("ON_DRIFT", "notify")
        daily_monitoring(day=DAY + ONE_DAY)
    assert _decided(engine, DAY + ONE_DAY)["action"] == "none" and _trainings(ready) == []


def test_accuracy_below_the_tests_is_a_cause_of_its_own(engine, run_id):
    day = students(300)
    predict(engine, day, noon(DAY), run_id)
    tell(engine, 1 - day["prediction"], noon(DAY), user_id=range(1, 301))
    found = daily_monitoring(day=DAY)
    assert (
        found["action"] == "notify"
        and "accuracy was 0.000 on 300 students predicted since 2026-03-02" in found["reason"]
    )
    assert [row["status"] for row in written(engine, "live_quality")] == ["below test"]
