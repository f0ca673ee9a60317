"""The split."""

import pandas as pd
import pytest

from training import prepare


def test_each_student_is_in_one_split(rows, splits):
    students = [set(part["UserID"]) for part in (splits.train, splits.validation, splits.test)]
    assert len(set.union(*students)) == len(rows) == sum(map(len, students))
    assert [len(part) / len(rows) for part in students] == pytest.approx([0.6, 0.2, 0.2], abs=0.02)


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_the_seed_decides_the_split(rows, splits, part):
    again, other = prepare.split_by_student(rows, seed=42), prepare.split_by_student(rows, seed=43)
    pd.testing.assert_frame_equal(getattr(again, part), getattr(splits, part))
    assert not getattr(other, part).equals(getattr(splits, part))


def test_a_student_keeps_their_split_when_data_is_added_or_reordered(rows, splits):
    fewer = prepare.split_by_student(rows.sample(frac=0.5, random_state=1), seed=42)
    assert set(fewer.test["UserID"]) < set(splits.test["UserID"])
    assert set(fewer.train["UserID"]) < set(splits.train["UserID"])
