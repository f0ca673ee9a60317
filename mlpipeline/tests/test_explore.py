"""What the data says."""

import numpy as np
import pytest

from training import explore


@pytest.fixture(name="exploration", scope="module")
def _exploration(splits):
    return explore.explore(splits.train)


def test_it_finds_the_thresholds_at_which_completion_jumps(exploration):
    found = {at.feature: at for at in exploration.thresholds}
    expected = {
        "TimeSpentOnCourse": 20,
        "NumberOfVideosWatched": 5.5,
        "NumberOfQuizzesTaken": 3.5,
        "QuizScores": 70,
        "CompletionRate": 60,
    }
    for name, value in expected.items():
        assert found[name].value == pytest.approx(value, abs=1), name
        assert found[name].completed_above > 2 * found[name].completed_below


def test_the_findings_can_be_read(exploration, splits):
    assert f"{len(splits.train)} students, 4" in exploration.markdown
    assert "| NumberOfQuizzesTaken | 3.5 |" in exploration.markdown
    assert "| CourseCategory | Arts |" in exploration.markdown
    assert "No number is missing" in exploration.markdown


def test_missing_numbers_are_told(splits):
    rows = splits.train.copy()
    rows.loc[:9, "TimeSpentOnCourse"] = None
    assert "Missing: 10 of TimeSpentOnCourse." in explore.explore(rows).markdown


def test_there_are_pictures_and_a_summary(exploration):
    pictures = [content for name, content in exploration.files.items() if name.endswith(".png")]
    assert len(pictures) == 3
    assert all(content.startswith(b"\x89PNG") and len(content) > 10_000 for content in pictures)
    assert b"TimeSpentOnCourse" in exploration.files["summary.html"]


def test_columns_that_are_empty_constant_or_far_apart_do_no_harm(splits):
    rows = splits.train.assign(QuizScores=np.nan, NumberOfVideosWatched=7)
    rows.loc[0, "NumberOfQuizzesTaken"] = 99_999
    rows.loc[rows["CourseCategory"] == "Arts", "CourseCompletion"] = 1
    found = explore.explore(rows)
    assert {at.feature for at in found.thresholds} == {"TimeSpentOnCourse", "NumberOfQuizzesTaken", "CompletionRate"}
    assert len(found.files) == 4
