"""Evidently's distances, and its report."""

from dataclasses import replace

import numpy as np
import pytest

from monitor import distances, shift
from tests.conftest import students

ALL = {
    "CourseCategory",
    "DeviceType",
    "prediction",
    "TimeSpentOnCourse",
    "NumberOfVideosWatched",
    "NumberOfQuizzesTaken",
    "probability",
}


@pytest.fixture(name="measure")
def _measure(reference, tmp_path):
    """A function that gives Evidently's distances of a day; its report is in `tmp_path`."""

    def measure(current, before=reference):
        return distances.measure(distances.typed(current, before), before, tmp_path / "report.html")

    return measure


def test_each_feature_and_what_the_model_made_of_them_has_a_distance(measure):
    found = measure(students(500))
    assert set(found) == ALL
    assert all(0 <= distance < 0.1 for distance in found.values())


def test_a_column_that_has_changed_is_far_and_the_others_are_not(measure):
    found = measure(students(500).assign(TimeSpentOnCourse=lambda rows: rows["TimeSpentOnCourse"] / 2))
    assert found["TimeSpentOnCourse"] > 0.5
    assert distances.exceeded(found) == 1


def test_a_new_category_is_far(measure):
    current = students(500)
    current.loc[:249, "CourseCategory"] = "Music"
    assert measure(current)["CourseCategory"] > 0.4


def test_a_column_without_values_has_no_distance(measure):
    current = students(500).assign(NumberOfVideosWatched=None, CourseCategory=None, DeviceType=np.nan)
    assert set(measure(current)) == ALL - {"NumberOfVideosWatched", "CourseCategory", "DeviceType"}


def test_a_column_that_was_empty_in_the_reference_has_no_distance(measure, reference):
    before = replace(reference, rows=reference.rows.assign(NumberOfVideosWatched=np.nan))
    assert set(measure(students(500), before)) == ALL - {"NumberOfVideosWatched"}


def test_whole_numbers_are_the_same_categories_with_missing_values_as_without(measure, reference):
    with_gaps = students(500).astype({"DeviceType": float})
    with_gaps.loc[:9, "DeviceType"] = np.nan
    gaps_in_reference = reference.rows.astype({"DeviceType": float})
    gaps_in_reference.loc[:9, "DeviceType"] = np.nan
    assert measure(with_gaps)["DeviceType"] < 0.1
    assert measure(students(500), replace(reference, rows=gaps_in_reference))["DeviceType"] < 0.1
    assert measure(with_gaps, replace(reference, rows=gaps_in_reference))["DeviceType"] < 0.1
    for now, before in ((with_gaps, reference.rows), (students(500), gaps_in_reference)):
        (values,) = [one for one in shift.compare(now, before, ["DeviceType"], []) if one.aspect == "values"]
        assert values.score < 0.1


def test_the_report_is_a_page_that_names_the_columns(measure, tmp_path):
    measure(students(500))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<html" in page and all(name in page for name in ALL)


def test_a_distance_at_the_limit_exceeds_it():
    assert distances.exceeded({"a": 0.1, "b": 0.0999, "c": 0.5}) == 2
    assert distances.exceeded({}) == 0
