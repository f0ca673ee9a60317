"""Days whose difference from the reference is known. The error rates themselves are measured by the benchmark."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from benchmarks import population
from monitor import shift
from tests.conftest import students

REFERENCE = students(1600, seed=0)
NO_CHANGE = 40


def _compare(current, reference=REFERENCE):
    return shift.compare(current, reference, population.CATEGORICAL, population.NUMERICAL)


def _drifted(current):
    return {(one.column, one.aspect) for one in _compare(current) if one.drifted}


def test_days_of_the_same_population_do_not_drift_whatever_their_size():
    # At most 1% of days may; of so many, two or more would come about by chance once in sixteen times at that limit.
    alarms = sum(bool(_drifted(students(size, seed))) for seed in range(NO_CHANGE) for size in (30, 100, 500))
    assert alarms <= 3


def test_a_category_that_nobody_has_says_nothing():
    may_hold = pd.CategoricalDtype([*REFERENCE["CourseCategory"].unique(), "Law"])
    assert _compare(students(500), REFERENCE.astype({"CourseCategory": may_hold})) == _compare(students(500))


def test_one_student_is_no_drift():
    assert _drifted(students(1)) == set()


@pytest.mark.parametrize("change", population.CHANGES, ids=lambda change: change.name)
def test_each_change_is_noticed_in_the_column_that_it_was_made_to(change):
    expected = {
        "time spent down 10%": ("TimeSpentOnCourse", "values"),
        "time spent down 25%": ("TimeSpentOnCourse", "values"),
        "one category from 20% to 40%": ("CourseCategory", "values"),
        "videos stuck at 0": ("NumberOfVideosWatched", "values"),
        "missing values of one feature from 0 to 5%": ("NumberOfVideosWatched", "missing"),
    }[change.name]
    drifted = _drifted(students(5000, change=change.change))
    assert expected in drifted
    assert {column for column, _ in drifted} <= {expected[0], "prediction", "probability"}


def test_a_difference_that_is_certain_but_small_is_no_drift():
    shifted = students(50_000, change=lambda rows, random: rows.assign(TimeSpentOnCourse=rows[population.TIME] * 0.97))
    (time,) = [
        one
        for one in _compare(shifted, students(50_000, seed=2))
        if (one.column, one.aspect) == (population.TIME, "values")
    ]
    assert time.p_value < shift.ALPHA and time.score < shift.VALUES_THRESHOLD and not time.drifted


def test_a_difference_that_is_large_but_may_be_chance_is_no_drift():
    few = students(12)
    scores = [one for one in _compare(few) if one.aspect == "values" and one.score > 3 * one.threshold]
    assert scores and not any(one.drifted for one in scores)


def test_a_column_that_is_empty_all_day_is_missing_and_its_values_are_not_compared():
    aspects = {
        one.aspect: one for one in _compare(students(500).assign(probability=np.nan)) if one.column == "probability"
    }
    assert list(aspects) == ["missing"] and aspects["missing"].drifted and aspects["missing"].score == 1


def test_fewer_missing_values_than_in_the_reference_are_no_drift():
    reference = REFERENCE.assign(probability=REFERENCE["probability"].where(REFERENCE.index % 2 == 0))
    found = [one for one in _compare(students(500), reference) if one.column == "probability"]
    assert len(found) == 2 and not any(one.drifted for one in found)


def test_a_category_that_the_reference_has_not_counts_as_a_difference():
    current = students(500)
    current.loc[current.index[:100], "CourseCategory"] = "Music"
    (found,) = [one for one in _compare(current) if (one.column, one.aspect) == ("CourseCategory", "values")]
    assert found.drifted and found.score == pytest.approx(0.2, abs=0.05)


def test_the_score_is_the_share_of_students_that_differ():
    current = pd.DataFrame({"a": ["x"] * 70 + ["y"] * 30, "b": [1.0] * 100})
    reference = pd.DataFrame({"a": ["x"] * 50 + ["y"] * 50, "b": [1.0] * 80 + [2.0] * 20})
    scores = {
        one.column: one.score for one in shift.compare(current, reference, ["a"], ["b"]) if one.aspect == "values"
    }
    assert scores == pytest.approx({"a": 0.2, "b": 0.2})


def test_p_values_are_adjusted_for_all_that_is_tried():
    # Of one test alone: the p-value of Fisher's exact test for 3 of 100 against 0 of 1600.
    current = pd.DataFrame({"a": [np.nan] * 3 + [1.0] * 97, "b": [1.0] * 100})
    reference = pd.DataFrame({"a": [1.0] * 1600, "b": [1.0] * 1600})
    (alone,) = [one for one in shift.compare(current[["a"]], reference, [], ["a"]) if one.aspect == "missing"]
    (beside,) = [one for one in shift.compare(current, reference, [], ["a", "b"]) if one.column == "a" and one.score]
    assert beside.p_value == pytest.approx(2 * alone.p_value)


@pytest.mark.parametrize("p_values", [[0.5], [0.01, 0.01], [0.04, 0.001, 0.9, 0.03, 0.5], [0.6, 0.7, 1.0]])
def test_they_are_adjusted_as_statsmodels_does_it(p_values, monkeypatch):
    given = iter(p_values)
    monkeypatch.setattr(shift.stats, "ks_2samp", lambda *_, **__: SimpleNamespace(statistic=0.0, pvalue=next(given)))
    monkeypatch.setattr(shift, "_missing", lambda column, *_: (column, shift.MISSING, "none", 0.0, 0.0, 1.0))
    rows = pd.DataFrame({str(number): [1.0] for number in range(len(p_values))})
    found = [one.p_value for one in shift.compare(rows, rows, [], list(rows)) if one.aspect == "values"]
    _, expected, *_ = multipletests([*p_values, *[1.0] * len(p_values)], method="holm")
    assert found == pytest.approx(expected[: len(p_values)])


def test_without_a_column_there_is_nothing_to_compare():
    assert shift.compare(pd.DataFrame(), pd.DataFrame(), [], []) == []
