"""`make demo`, in full: the story that it tells, the page that it writes, and that it leaves nothing running."""

import json
import os
import re
import signal

import pytest

from stack import leftovers
from stack.settings import MONITORING

DAY = re.compile(r"Day +(\d+), [\d-]+: (\d+) students by version (\d+); (stable|drift)(.*) [\d.]+ s$", re.MULTILINE)


@pytest.fixture(name="days")
def _days(demo):
    """Version, status and the rest of the line, by day."""
    return {int(found[1]): (found[3], found[4], found[5]) for found in DAY.finditer(demo.output)}


@pytest.fixture(name="story")
def _story(demo):
    return json.loads((demo.folder / "demo" / "story.json").read_text(encoding="utf-8"))


def test_all_days_are_told(days, demo):
    assert sorted(days) == list(range(1, 22)), demo.output


def test_drift_is_declared_on_the_day_that_it_sets_in_and_there_is_no_alarm_before(days):
    assert [day for day in range(1, 11) if days[day][1] == "drift"] == [5]
    assert "NumberOfVideosWatched (missing)" in days[5][2] and "alert: Missing values jumped" in days[5][2]
    assert days[11][1] == "drift" and "TimeSpentOnCourse" in days[11][2]
    assert [day for day in range(1, 13) if "decision" in days[day][2]] == []
    assert [day for day in range(1, 13) if "Students differ" in days[day][2]] == []


def test_it_counts_as_lasting_on_the_third_day_and_retraining_starts_once_enough_outcomes_are_known(days):
    assert "alert: Students differ from training for days" in days[13][2]
    decided = {day: rest.split("decision: ")[1] for day, (_, _, rest) in days.items() if "decision" in rest}
    assert decided == {13: "wait", 14: "wait", 15: "retrain"}


def test_there_is_one_retraining_and_a_new_champion_after_which_nothing_drifts(days, demo):
    assert demo.output.count("Retraining (run-pipeline/mlpipeline)") == 1
    assert {day: version for day, (version, _, _) in days.items()} == {day: "12"[day > 15] for day in days}
    assert {days[day][1] for day in range(16, 22)} == {"stable"}


def test_accuracy_falls_with_the_drift_and_recovers_with_the_new_champion(story):
    shown = {figure["label"]: figure["value"] for figure in story["figures"]}
    labels = ("Right about students before", "Right while the drift lasted", "Right with the new champion")
    before, during, after = (float(shown[label].rstrip("%")) for label in labels)
    assert during < before - 3
    assert after > during + 3
    assert after > before - 2


def test_the_page_has_the_story_and_every_panel_and_needs_no_network(demo, story):
    html = (demo.folder / "demo" / "page.html").read_text(encoding="utf-8")
    assert str(demo.folder / "demo" / "page.html") in demo.output
    for event in story["events"]:
        assert event["title"] in html
    panels = 0
    for file in (MONITORING / "grafana" / "dashboards").glob("*.json"):
        dashboard = json.loads(file.read_text(encoding="utf-8"))
        for panel in dashboard["panels"]:
            place = f'id="{dashboard["uid"]}-{panel["id"]}"'
            (shown,) = re.findall(place + r'.*?(?=<div class="panel|</section>)', html, re.DOTALL)
            assert 'class="empty"' not in shown, panel["title"]
            panels += 1
    assert panels >= 30
    assert not re.search(r"""<(?:script|link|img|iframe)[^>]+(?:src|href)=""", html)


def test_nothing_is_left_running(demo):
    assert not leftovers.find(demo.folder / "demo")
    assert demo.output.rstrip().endswith("has stopped all that it started.")


def test_ctrl_c_in_the_midst_leaves_nothing_and_the_next_one_begins_anew(new_stack):
    folder = new_stack.folder / "demo"
    folder.mkdir(parents=True)
    for name in ("run.lock", "page.html"):
        (folder / name).touch()
    new_stack.start(("make", "demo"), start_new_session=True).wait_for("✓ Postgres: ")
    assert not (folder / "page.html").exists()
    os.killpg(new_stack.process.pid, signal.SIGINT)  # as a terminal does, whose foreground make is
    new_stack.process.wait(timeout=90)
    assert not leftovers.find(folder)
    assert "Stopped. The next demo begins anew." in new_stack.output
