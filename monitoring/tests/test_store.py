"""What is written to the monitoring's own tables and read back, on a real Postgres."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from benchmarks.tables import rows_of
from monitor import store, verdict
from monitor.predictions import RunOfDay
from monitor.verdict import DRIFT, NO_REFERENCE, NOT_ENOUGH_DATA, STABLE, Verdict

DAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def _run(run_id="run", rows=10):
    return RunOfDay(run_id, rows, rows, NOON, NOON, 0.5, 0.5)


def _counted(status=NOT_ENOUGH_DATA, **run):
    return verdict.unmeasured(_run(**run), status, "")


def _with_drift(columns=("a",), **run):
    drift = [
        {"run_id": run.get("run_id", "run"), "column": column, "aspect": "values", "method": "chi-square"}
        | {"score": 0.5, "threshold": 0.05, "p_value": 0.001, "drifted": True}
        for column in columns
    ]
    return Verdict(_counted(DRIFT, **run).metrics, drift)


def _quality(run_id="run", accuracy=0.75, outcomes=200):
    return {"run_id": run_id, "accuracy": accuracy, "outcomes": outcomes, "predictions": 300, "status": "as tested"}


def _decision(action, **changes):
    return {"action": action, "reason": "why", "drifted_days": 0, "days": 0, "done": True} | changes


def _columns(engine):
    return [row["column"] for row in store.rows_of(engine, store.FEATURE_DRIFT, DAY)]


def test_a_days_rows_replace_those_of_before_and_no_other_days(engine):
    other = DAY + timedelta(days=1)
    store.replace_day(engine, DAY, [_with_drift(["a", "b"]), _with_drift(["a"], run_id="second")])
    store.replace_day(engine, other, [_with_drift()])
    store.replace_day(engine, DAY, [_with_drift(["c"], rows=20)])
    (row,) = store.rows_of(engine, store.METRICS, DAY)
    assert (row["day"], row["run_id"], row["rows"], row["status"]) == (DAY, "run", 20, DRIFT)
    assert _columns(engine) == ["c"]
    assert (
        len(store.rows_of(engine, store.METRICS, other)) == len(store.rows_of(engine, store.FEATURE_DRIFT, other)) == 1
    )


def test_rows_say_when_they_were_written(engine):
    store.replace_day(engine, DAY, [_counted()])
    assert rows_of(engine, "SELECT now() - timestamp < interval '1 minute' FROM metrics") == [(True,)]


@pytest.mark.parametrize("failing", [_with_drift(["c", "c"]), _with_drift([None])], ids=["twice", "null"])
def test_rows_that_cannot_be_written_leave_those_of_before(engine, failing):
    store.replace_day(engine, DAY, [_with_drift(["a"], rows=10)])
    with pytest.raises(IntegrityError):
        store.replace_day(engine, DAY, [_counted(run_id="first"), Verdict(_counted(rows=20).metrics, failing.drift)])
    assert [(row["run_id"], row["rows"]) for row in store.rows_of(engine, store.METRICS, DAY)] == [("run", 10)]
    assert _columns(engine) == ["a"]


def test_a_day_has_one_row_of_a_model_and_one_without(engine):
    for run_id in ("run", None):
        with pytest.raises(IntegrityError):
            store.replace_day(engine, DAY, [_counted(run_id=run_id), _counted(run_id=run_id)])
    store.replace_day(engine, DAY, [_counted(), _counted(run_id=None)])
    assert len(store.rows_of(engine, store.METRICS, DAY)) == 2


def test_of_many_who_write_a_day_at_once_one_has_the_last_word(engine):
    def write(number):
        columns = [f"{number}-{column}" for column in range(number)]
        store.replace_day(engine, DAY, [_with_drift(columns, rows=number), _with_drift(rows=number, run_id="second")])
        store.replace_quality(engine, DAY, [_quality(outcomes=number)])
        store.replace_decision(engine, DAY, _decision("none", days=number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(1, 17)))
    rows = store.rows_of(engine, store.METRICS, DAY)
    (number,) = {row["rows"] for row in rows}
    assert sorted(row["run_id"] for row in rows) == ["run", "second"]
    assert sorted(_columns(engine)) == sorted([*(f"{number}-{column}" for column in range(number)), "a"])
    assert len(store.rows_of(engine, store.LIVE_QUALITY, DAY)) == len(store.rows_of(engine, store.DECISIONS, DAY)) == 1


def test_quality_and_decision_of_a_day_are_replaced_too(engine):
    store.replace_quality(engine, DAY, [_quality(), _quality("second")])
    store.replace_quality(engine, DAY, [_quality(accuracy=None)])
    (row,) = store.rows_of(engine, store.LIVE_QUALITY, DAY)
    assert (row["run_id"], row["accuracy"]) == ("run", None)
    store.replace_quality(engine, DAY, [])
    assert store.rows_of(engine, store.LIVE_QUALITY, DAY) == []
    for action in ("notify", "none"):
        store.replace_decision(engine, DAY, _decision(action))
    assert [row["action"] for row in store.rows_of(engine, store.DECISIONS, DAY)] == ["none"]


def test_counts_tell_a_day_without_predictions_from_a_day_not_looked_at(engine):
    assert store.counts(engine, DAY) is None
    store.replace_day(engine, DAY, [verdict.no_predictions()])
    assert store.counts(engine, DAY) == {}
    store.replace_day(engine, DAY, [_counted(), _counted(run_id="second", rows=3)])
    assert store.counts(engine, DAY) == {"run": 10, "second": 3}


def test_a_day_without_reference_counts_as_not_looked_at_since_mlflow_may_have_it_again(engine):
    store.replace_day(engine, DAY, [_counted(), _counted(NO_REFERENCE, run_id="second")])
    assert store.counts(engine, DAY) is None


def test_a_day_is_the_latest_until_a_later_one_is_looked_at(engine):
    assert store.is_latest(engine, DAY)
    store.replace_day(engine, DAY, [verdict.no_predictions()])
    assert store.is_latest(engine, DAY) and not store.is_latest(engine, DAY - timedelta(days=1))


def test_the_day_before_is_the_last_that_was_decided_about(engine):
    assert store.last_decided_day(engine, DAY) is None
    for back in (0, 3, 9):
        store.replace_decision(engine, DAY - timedelta(days=back), _decision("none"))
    assert store.last_decided_day(engine, DAY) == DAY - timedelta(days=3)


def test_statuses_are_of_the_days_on_which_the_model_was_compared(engine):
    told = [DRIFT, STABLE, NOT_ENOUGH_DATA, DRIFT, NO_REFERENCE, STABLE]
    days = [DAY + timedelta(days=number) for number in range(len(told))]
    for day, status in zip(days, told):
        store.replace_day(engine, day, [_counted(status), _counted(DRIFT, run_id="other")])
    assert store.statuses(engine, "run", days[4]) == [(days[0], DRIFT), (days[1], STABLE), (days[3], DRIFT)]
    assert store.statuses(engine, "run", days[5])[-1] == (days[5], STABLE)
    assert store.statuses(engine, "new", days[-1]) == []


def test_judged_days_are_the_last_of_which_enough_outcomes_are_known(engine):
    told = ["as tested", "not enough data", "below test", "no reference", "as tested"]
    days = [DAY + timedelta(days=number) for number in range(len(told))]
    for day, status in zip(days, told):
        store.replace_quality(engine, day, [_quality() | {"status": status}, _quality("other")])
    assert store.judged_days(engine, "run", days[-1], 2) == [days[2], days[4]]
    assert store.judged_days(engine, "run", days[3], 9) == [days[0], days[2]]


def test_the_last_day_that_was_decided_so_is_one_before_of_whichever_model(engine):
    for number, action in enumerate(["notify", "notify", "retrain", "none"]):
        store.replace_decision(engine, DAY + timedelta(days=number), _decision(action, run_id=f"run {number}"))
    assert store.last_decided(engine, "notify", DAY + timedelta(days=9)) == DAY + timedelta(days=1)
    assert store.last_decided(engine, "notify", DAY + timedelta(days=1)) == DAY
    assert store.last_decided(engine, "notify", DAY) is None
    assert store.last_decided(engine, "wait", DAY + timedelta(days=9)) is None


def test_decisions_that_are_not_carried_out_are_found_until_they_are(engine):
    for number, done in enumerate([False, True, False]):
        store.replace_decision(engine, DAY - timedelta(days=number), _decision("retrain", done=done))
    found = [row["day"] for row in store.unfinished_decisions(engine)]
    assert found == [DAY - timedelta(days=2), DAY]
    store.finish_decision(engine, DAY, "http://prefect/run")
    (row,) = store.rows_of(engine, store.DECISIONS, DAY)
    assert (row["done"], row["flow_run_url"]) == (True, "http://prefect/run")
    assert [row["day"] for row in store.unfinished_decisions(engine)] == [DAY - timedelta(days=2)]


def test_of_several_who_decide_at_once_one_waits_for_the_other(engine):
    events = []

    def decide(number):
        with store.deciding(engine):
            events.append(number)
            time.sleep(0.05)
            events.append(number)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(decide, range(4)))
    assert events[::2] == events[1::2] and sorted(events[::2]) == [0, 1, 2, 3]
