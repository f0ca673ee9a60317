"""The split."""

from dataclasses import replace

import pandas as pd
import pytest

from training import prepare
from training.validate import DataRejected


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


def test_a_model_of_another_seed_has_learned_from_some_of_the_test_students(splits):
    other = prepare.split_by_student(pd.concat([splits.train, splits.test]), seed=7)
    unseen = prepare.not_in_train(splits.test, seed=7)
    assert 0.3 < len(unseen) / len(splits.test) < 0.5
    assert not set(unseen["UserID"]) & set(other.train["UserID"])
    assert len(prepare.not_in_train(splits.test, seed=42)) == len(splits.test)


@pytest.mark.parametrize("outcome", [0, 1])
def test_a_split_with_too_few_of_an_outcome_is_refused(splits, outcome):
    few = splits.test[(splits.test["CourseCompletion"] != outcome) | (splits.test.index < 10)]
    with pytest.raises(DataRejected, match="The test split has .* it needs 10 of either"):
        prepare.check(replace(splits, test=few))


@pytest.mark.parametrize(
    ("outcome", "said"), [(0, "^0 students completed and "), (1, "students completed and 0 did not")]
)
def test_where_all_came_to_the_same_no_seed_is_asked_for(splits, outcome, said):
    same = {name: part.assign(CourseCompletion=outcome) for name, part in vars(splits).items()}
    with pytest.raises(DataRejected, match=said) as raised:
        prepare.check(prepare.Splits(**same))
    assert "seed" not in str(raised.value)


def test_a_feature_without_any_value_in_a_split_is_refused(splits):
    empty = splits.validation.assign(NumberOfQuizzesTaken=None)
    with pytest.raises(DataRejected, match="NumberOfQuizzesTaken: no value in the validation split"):
        prepare.check(replace(splits, validation=empty))
    assert prepare.check(splits) is splits
