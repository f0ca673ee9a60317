"""The demo's students are as they are said to be, and what is told of them is what happened."""

import json
import os
import subprocess
from collections import Counter
from datetime import date, datetime

import pytest

from demo import run as demo
from demo import scenario, story
from demo.replay import Day, Replay, in_a_line
from demo.run import environment_of, refuse_what_is_not_ours
from stack import environments, instance
from stack.addresses import Addresses
from stack.console import StepFailed
from stack.postgres import Database
from stack.settings import MLPIPELINE, MODEL_DEPLOYMENT, MONITORING, Settings
from stack.tracking import Version

LAST = date(2026, 11, 22)
FIRST_MODEL = Version("1", "run-1", {}, {}, {"accuracy": 0.78})
SECOND_MODEL = Version("2", "run-2", {"promotion.reason": "not worse than the champion"}, {}, {"accuracy": 0.77})


@pytest.fixture(name="days", scope="module")
def _days():
    """Activity and outcomes of each day."""
    found = {}
    for number, lines in scenario.lines(LAST).items():
        rows = [json.loads(line) for line in lines.splitlines()]
        is_outcome = ["CourseCompletion" in row for row in rows]
        found[number] = tuple([row for row, one in zip(rows, is_outcome) if one is wanted] for wanted in (False, True))
    return found


def _mean(rows, name):
    values = [row[name] for row in rows if row[name] is not None]
    return sum(values) / len(values)


def test_it_is_the_same_each_time():
    assert scenario.lines(LAST) == scenario.lines(LAST)


def test_three_weeks_of_some_hundred_students_end_on_the_last_day(days):
    assert len(days) == 21
    for number, (activity, _) in days.items():
        assert 600 <= len(activity) <= 1000
        assert {datetime.fromisoformat(row["OccurredAt"]).date() for row in activity} == {scenario.day_of(number, LAST)}
    assert scenario.day_of(21, LAST) == LAST


def test_nobody_is_predicted_twice_a_day(days):
    for activity, _ in days.values():
        assert max(Counter(row["UserID"] for row in activity).values()) == 1


def test_time_is_recorded_short_from_the_day_of_the_drift_on_and_nothing_else_changes(days):
    before = [row for number in range(1, scenario.DRIFT_DAY) for row in days[number][0]]
    after = [row for number in range(scenario.DRIFT_DAY, 22) for row in days[number][0]]
    assert _mean(before, scenario.TIME) == pytest.approx(50.5, abs=1)
    assert _mean(after, scenario.TIME) == pytest.approx(50.5 * scenario.RECORDED_SHARE, abs=1)
    for name, mean in ((scenario.VIDEOS, 10), (scenario.QUIZZES, 5), ("DeviceType", 0.5)):
        assert _mean(before, name) == pytest.approx(mean, rel=0.03)
        assert _mean(after, name) == pytest.approx(mean, rel=0.03)


def test_completion_goes_on_to_depend_on_all_of_the_time(days):
    before = [row for number in range(3, scenario.DRIFT_DAY) for row in days[number][1]]
    after = [row for number in range(scenario.DRIFT_DAY + 2, 22) for row in days[number][1]]
    assert _mean(before, "CourseCompletion") == pytest.approx(0.4, abs=0.02)
    assert _mean(after, "CourseCompletion") == pytest.approx(0.4, abs=0.02)


def test_values_are_missing_on_one_day_alone(days):
    missing = {number for number, (activity, _) in days.items() if any(None in row.values() for row in activity)}
    assert missing == {scenario.GAP_DAY}
    share = sum(row[scenario.VIDEOS] is None for row in days[scenario.GAP_DAY][0]) / len(days[scenario.GAP_DAY][0])
    assert share == pytest.approx(scenario.GAP_SHARE, abs=0.02)


def test_outcomes_arrive_two_days_after_the_last_activity_of_a_student(days):
    last = {}
    for activity, _ in days.values():
        last |= {row["UserID"]: datetime.fromisoformat(row["OccurredAt"]) for row in activity}
    assert not days[1][1] and not days[2][1]
    for number, (_, outcomes) in days.items():
        for row in outcomes:
            received, happened = (datetime.fromisoformat(row[name]) for name in ("ReceivedAt", "OccurredAt"))
            assert received.date() == scenario.day_of(number, LAST)
            assert last[row["UserID"]] < happened < received
            assert (received - last[row["UserID"]]).days == scenario.OUTCOME_DAYS


def test_some_students_return_after_a_week_most_of_them_with_more(days):
    first, returned, more = {}, 0, 0
    for activity, _ in days.values():
        for row in activity:
            if row["UserID"] in first:
                before = first[row["UserID"]]
                now, then = (datetime.fromisoformat(one["OccurredAt"]) for one in (row, before))
                assert (now - then).days == scenario.RETURN_DAYS
                returned += 1
                more += row["CourseCategory"] == before["CourseCategory"]
            first[row["UserID"]] = row
    assert returned == 14 * scenario.RETURNING
    assert 0.6 < more / returned < 0.9


def _day(number, version="1", status="stable", **given):
    plain = {"drifted": [], "alerts": [], "action": "none", "reason": "all is well", "training": None}
    return Day(number, scenario.day_of(number, LAST), version, 800, status, **plain | given)


@pytest.fixture(name="replay")
def _replay():
    """A replay that goes as it is meant to."""
    drifted = {"status": "drift", "drifted": ["TimeSpentOnCourse"]}
    days = [_day(number) for number in range(1, 11)]
    days[4] = _day(5, status="drift", drifted=["NumberOfVideosWatched (missing)"], alerts=["Missing values jumped"])
    days += [_day(11, **drifted), _day(12, **drifted)]
    days.append(_day(13, **drifted, alerts=["Days of drift"], action="wait", reason="3 of 5 days drifted"))
    days.append(_day(14, **drifted, alerts=["Days of drift"], action="retrain", reason="4 of 5", training="id"))
    days += [_day(number, version="2") for number in range(15, 22)]
    return Replay(FIRST_MODEL, days, SECOND_MODEL)


def test_the_story_tells_what_happened_in_its_order(replay):
    told = [(event.day, event.kind, event.title) for event in story.events(replay)]
    assert told == [
        (5, "cause", "A form forgets values"),
        (5, "alarm", "Alert: Missing values jumped"),
        (11, "cause", "Drift sets in"),
        (11, "alarm", "Drift is declared"),
        (13, "alarm", "Alert: Days of drift"),
        (13, "decision", "The drift counts as lasting: retraining waits"),
        (14, "training", "Retraining starts"),
        (15, "good", "Version 2 is champion"),
        (21, "good", "No drift since"),
    ]


def test_a_story_without_drift_and_retraining_does_not_claim_any():
    replay = Replay(FIRST_MODEL, [_day(number) for number in range(1, 22)])
    assert {event.kind for event in story.events(replay)} == {"cause"}


def test_drift_that_goes_on_is_not_called_over(replay):
    replay.days[16] = _day(17, version="2", status="drift")
    assert story.events(replay)[-1].title == "Drift goes on"


class _Answers:
    """In place of the database: of 100 outcomes, 3 in 4 were predicted right."""

    def query(self, _statement, _parameters):
        """The same to every question."""
        return [{"share": 0.75, "outcomes": 100}]


def test_the_figures_are_of_the_days_before_during_and_after(replay):
    figures = {one["label"]: one for one in story.figures(replay, _Answers())}
    assert figures["False alarms before the drift"]["value"] == "0"
    assert figures["Drift was declared after"]["value"] == "0 days"
    assert figures["Right while the drift lasted"]["text"] == "days 11 to 14, version 1, 100 outcomes"
    assert not figures["Right while the drift lasted"]["is_good"]
    assert figures["Right with the new champion"]["text"] == "days 15 to 21, version 2, 100 outcomes"


def test_a_false_alarm_is_counted_and_not_good(replay):
    replay.days[2] = _day(3, status="drift")
    first, *_ = story.figures(replay, _Answers())
    assert (first["value"], first["is_good"]) == ("1", False)


def test_the_line_of_a_day_names_what_drifted_the_alert_and_the_decision(replay):
    assert in_a_line(replay.days[0]) == "800 students by version 1; stable"
    assert in_a_line(replay.days[12]) == (
        "800 students by version 1; drift in TimeSpentOnCourse; alert: Days of drift; decision: wait"
    )


@pytest.mark.parametrize(
    ("service", "package"), [(MLPIPELINE, "training"), (MODEL_DEPLOYMENT, "serving"), (MONITORING, "monitor")]
)
def test_no_setting_of_the_user_s_reaches_the_services(service, package, tmp_path):
    settings = Settings(local_dir=tmp_path, data_source="synthetic")
    chosen = Addresses(Database("127.0.0.1", 1, "mlops", "secret", "course"), None, 2, 3, 4)
    code = f"from {package}.settings import Settings; print(*Settings.model_fields)"
    python = service / ".venv" / "bin" / "python"
    listed = subprocess.run([python, "-c", code], cwd=service, capture_output=True, text=True, check=True).stdout
    names = {name.upper() for name in listed.split()}
    assert len(names) > 10
    assert not names - set(environment_of(settings, chosen))


def test_it_can_be_seen_and_stopped_while_it_makes_the_environments(tmp_path, monkeypatch):
    user = Settings(local_dir=tmp_path)
    seen = []

    def update(settings):
        seen.append((settings.local_dir, instance.read(user.demo_dir)["pid"]))
        raise StepFailed("enough")

    monkeypatch.setattr(environments, "update", update)
    with pytest.raises(StepFailed, match="enough"):
        demo.run(user)
    assert seen == [(user.local_dir, os.getpid())]


def test_a_folder_that_no_demo_made_is_not_deleted(tmp_path):
    refuse_what_is_not_ours(tmp_path / "none")
    refuse_what_is_not_ours(tmp_path)
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(StepFailed, match="was not made by a demo"):
        refuse_what_is_not_ours(tmp_path)
    (tmp_path / instance.LOCK).touch()
    refuse_what_is_not_ours(tmp_path)
