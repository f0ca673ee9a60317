"""When drift lasts, when accuracy is too low, and what follows."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from monitor.decision import Decision, Evidence, began, decide, row
from monitor.settings import Settings

TODAY = date(2026, 3, 10)
DAY_BEFORE = date(2026, 3, 9)
LASTING = "3 of the last 5 days drifted, the latest among them"
TEST = {"accuracy": 0.78, "rows_test": 1600.0}


def _evidence(pattern, **changes):
    """`pattern` has a letter for each of the last days, d for one that drifted."""
    days = [TODAY - timedelta(days=back) for back in reversed(range(len(pattern)))]
    statuses = [(day, "drift" if letter == "d" else "stable") for day, letter in zip(days, pattern)]
    evidence = Evidence(TODAY, "r", statuses, test=TEST, known_from=DAY_BEFORE, since=DAY_BEFORE, outcomes_since=5000)
    return replace(evidence, **changes)


def _action(evidence, **settings):
    return decide(evidence, Settings(**settings)).action


@pytest.mark.parametrize("pattern", ["d.d.d", "..ddd", "ddddd", "ddd"])
def test_three_of_five_days_with_the_latest_among_them_are_lasting_drift(pattern):
    assert _action(_evidence(pattern)) == "notify"


@pytest.mark.parametrize("pattern", ["", "d", "....d", "d...d", "ddd..", "dddd.", "....."])
def test_fewer_days_or_a_latest_day_without_drift_are_not(pattern):
    assert _action(_evidence(pattern)) == "none"


def test_a_latest_day_that_could_not_be_compared_does_not_alarm_again():
    evidence = _evidence("..ddd")
    assert _action(replace(evidence, day=TODAY + timedelta(days=1))) == "none"


def test_accuracy_below_the_tests_is_a_cause_of_its_own():
    assert _action(_evidence(".....", right=700, known=1000)) == "notify"
    assert _action(_evidence(".....", right=760, known=1000)) == "none"
    assert _action(_evidence(".....", right=700, known=1000, test={})) == "none"


def test_what_follows_is_a_setting():
    evidence = _evidence("..ddd")
    actions = {on_drift: _action(evidence, on_drift=on_drift) for on_drift in ("off", "notify", "retrain")}
    assert actions == {"off": "off", "notify": "notify", "retrain": "retrain"}
    assert decide(evidence, Settings(on_drift="off")) == Decision("off", f"{LASTING}; ON_DRIFT=off, so nothing follows")


def test_retraining_waits_until_there_is_enough_to_learn_from():
    few = _evidence("..ddd", outcomes_since=999)
    decision = decide(few, Settings(on_drift="retrain"))
    assert decision.action == "wait"
    assert (
        "RETRAIN_OUTCOMES=1000" in decision.reason and "has 999" in decision.reason and "2026-03-09" in decision.reason
    )
    assert _action(few, on_drift="notify") == "notify"
    assert decide(replace(few, outcomes_since=1000), Settings(on_drift="retrain")) == Decision(
        "retrain", f"{LASTING}; training starts on what was predicted since 2026-03-09", tells=True
    )


def _ago(days):
    return TODAY - timedelta(days=days)


@pytest.mark.parametrize(
    ("event", "on_drift", "action"),
    [
        ({"last_notified": _ago(6)}, "notify", "cool-down"),
        ({"last_notified": _ago(7)}, "notify", "notify"),
        ({"last_retrained": _ago(6)}, "notify", "cool-down"),
        ({"last_retrained": _ago(6)}, "retrain", "cool-down"),
        ({"last_retrained": _ago(7)}, "retrain", "retrain"),
        ({"last_notified": _ago(1)}, "retrain", "retrain"),
        ({"last_waited": _ago(1)}, "retrain", "retrain"),
    ],
)
def test_it_acts_once_in_a_cool_down_and_who_was_told_may_still_retrain(event, on_drift, action):
    assert _action(replace(_evidence("..ddd"), **event), on_drift=on_drift) == action


def test_a_cool_down_says_since_when():
    cooling = replace(_evidence("..ddd"), last_notified=_ago(6))
    assert decide(cooling, Settings()) == Decision(
        "cool-down", f"{LASTING}; the last event was on 2026-03-04, and COOL_DOWN_DAYS=7"
    )


def test_waiting_tells_once_in_a_cool_down():
    few = _evidence("..ddd", outcomes_since=10)
    assert decide(few, Settings(on_drift="retrain")).tells
    assert not decide(replace(few, last_waited=_ago(1)), Settings(on_drift="retrain")).tells
    assert decide(replace(few, last_waited=_ago(8)), Settings(on_drift="retrain")).tells


@pytest.mark.parametrize(
    ("pattern", "days_ago"),
    [
        ("..ddd", 2),
        ("..d.d", 2),
        ("d....d.ddddddddddddddd", 21),  # four days without are fewer than the window of five
        ("d.....d.ddddddddddddddd", 16),
        ("d.....", None),
        ("ddddd.....", None),
        ("d....", 4),
        ("", None),
    ],
)
def test_drift_began_on_its_first_day_after_a_window_without(pattern, days_ago):
    evidence = _evidence(pattern, known_from=None)
    assert began(evidence, Settings()) == (None if days_ago is None else _ago(days_ago))


def test_where_no_day_drifted_retraining_learns_from_the_days_whose_accuracy_is_low():
    assert began(_evidence("....."), Settings()) == DAY_BEFORE


def test_a_row_says_what_was_decided_and_on_what_evidence():
    evidence, settings = _evidence("..ddd", right=700, known=1000), Settings()
    decided = decide(evidence, settings)
    assert row(evidence, decided, settings) == {
        "run_id": "r",
        "action": "notify",
        "reason": decided.reason,
        "drifted_days": 3,
        "days": 5,
        "live_accuracy": 0.7,
        "test_accuracy": 0.78,
        "since": DAY_BEFORE,
        "outcomes_since": 5000,
        "done": False,
    }
    assert row(_evidence(".....", test={}), decided, settings)["live_accuracy"] is None


def test_a_row_of_a_decision_that_tells_is_to_be_carried_out():
    evidence, settings = _evidence("..ddd"), Settings()
    assert row(evidence, decide(evidence, settings), settings)["done"] is False
    calm = _evidence(".....")
    assert row(calm, decide(calm, settings), settings)["done"] is True


def test_the_reason_is_a_sentence_with_the_figures():
    decision = decide(_evidence("..ddd", right=700, known=1000), Settings())
    assert decision.reason == (
        "3 of the last 5 days drifted, the latest among them, and accuracy was 0.700 on 1000 students predicted since "
        "2026-03-09, below the test accuracy 0.780"
    )
    assert decide(_evidence("....d"), Settings()).reason == (
        "1 of the last 5 days drifted, and lasting drift is 3 of 5, the latest among them; too few outcomes are known"
    )
    assert decide(_evidence("....d", right=780, known=1000), Settings()).reason.endswith(
        "; the outcomes known do not show an accuracy below the test's"
    )
    assert decide(_evidence("", run_id=None), Settings()).reason == "no predictions to judge"
