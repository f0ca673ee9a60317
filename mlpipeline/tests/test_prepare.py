"""Cleaning and splitting."""

import pandas as pd
import pytest

from training import prepare


def test_one_of_each_set_of_exact_copies_stays():
    rows = pd.DataFrame({"UserID": [1, 1, 1, 2], "TimeSpentOnCourse": [5.0, 5.0, 6.0, 5.0]})
    kept = prepare.drop_copies(rows)
    assert kept.to_dict("list") == {"UserID": [1, 1, 2], "TimeSpentOnCourse": [5.0, 6.0, 5.0]}


def test_no_student_is_in_two_splits_even_with_several_rows():
    rows = pd.DataFrame({"UserID": [student for student in range(200) for _ in range(3)]})
    splits = prepare.split_by_student(rows, seed=1)
    students = [set(part["UserID"]) for part in (splits.train, splits.validation, splits.test)]
    assert [len(part) for part in students] == [120, 40, 40]
    assert len(set.union(*students)) == 200


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_the_seed_decides_the_split(rows, splits, part):
    again, other = prepare.split_by_student(rows, seed=42), prepare.split_by_student(rows, seed=43)
    pd.testing.assert_frame_equal(getattr(again, part), getattr(splits, part))
    assert not getattr(other, part).equals(getattr(splits, part))
