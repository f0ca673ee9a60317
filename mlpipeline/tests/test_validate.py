"""What is let in, what is set aside and why, and when there is too much of it."""

import numpy as np
import pandas as pd
import pytest

from training import schema, synthetic, validate


@pytest.fixture(name="data")
def _data():
    """300 good rows, in columns that take any value."""
    return synthetic.generate(rows=300, copies=0).astype(object)


def _reasons(data):
    return validate.check(data).quarantined["reason"].to_dict()


def test_good_rows_pass_and_one_of_each_set_of_copies_stays():
    checked = validate.check(synthetic.generate())
    assert (checked.read, checked.copies, len(checked.rows)) == (9000, 877, 8123)
    assert checked.quarantined.empty
    assert checked.rows["UserID"].is_unique
    assert checked.rows["NumberOfVideosWatched"].dtype == np.int64


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("UserID", "A17", "UserID is 'A17', not a number"),
        ("UserID", None, "UserID is missing"),
        ("UserID", -1, "UserID is '-1', allowed are 0 to 9007199254740991"),
        ("UserID", 2.5, "UserID is '2.5', allowed are whole numbers"),
        ("CourseCategory", "Art", "CourseCategory is 'Art', allowed are Arts, Business, Health, Programming, Science"),
        ("CourseCategory", None, "CourseCategory is missing"),
        ("DeviceType", 2, "DeviceType is '2', allowed are 0, 1"),
        ("DeviceType", "laptop", "DeviceType is 'laptop', not a number"),
        ("DeviceType", None, "DeviceType is missing"),
        ("TimeSpentOnCourse", -0.5, "TimeSpentOnCourse is '-0.5', allowed are 0 to 10000"),
        ("TimeSpentOnCourse", "soon", "TimeSpentOnCourse is 'soon', not a number"),
        ("TimeSpentOnCourse", float("inf"), "TimeSpentOnCourse is 'inf', allowed are 0 to 10000"),
        ("NumberOfVideosWatched", 1.5, "NumberOfVideosWatched is '1.5', allowed are whole numbers"),
        ("NumberOfQuizzesTaken", 10**9, "NumberOfQuizzesTaken is '1000000000', allowed are 0 to 100000"),
        ("QuizScores", 101, "QuizScores is '101', allowed are 0 to 100"),
        ("CourseCompletion", None, "CourseCompletion is missing"),
        ("CourseCompletion", 2, "CourseCompletion is '2', allowed are 0 and 1"),
    ],
)
def test_a_faulty_row_is_set_aside_with_its_number_and_reason(data, column, value, reason):
    data.loc[7, column] = value
    checked = validate.check(data)
    assert (len(checked.rows), list(checked.quarantined["row"])) == (299, [8])
    assert list(checked.quarantined["reason"]) == [reason]


@pytest.mark.parametrize("column", ["UserID", "NumberOfVideosWatched"])
def test_a_whole_number_beyond_the_range_of_floats_is_a_faulty_row(data, column):
    data = data.astype({column: object})
    data.loc[7, column] = 10**310
    assert _reasons(data).keys() == {7}
    data.loc[7, column] = -(10**310)
    assert _reasons(data).keys() == {7}


def test_all_reasons_of_a_row_are_given(data):
    data.loc[3, ["TimeSpentOnCourse", "DeviceType"]] = [-1, 9]
    assert _reasons(data) == {
        3: "DeviceType is '9', allowed are 0, 1; TimeSpentOnCourse is '-1', allowed are 0 to 10000"
    }


def test_a_missing_number_is_no_fault(data):
    data.loc[:4, [*schema.NUMERICAL, *schema.NOT_REQUESTED]] = None
    checked = validate.check(data)
    assert checked.quarantined.empty
    assert checked.rows["NumberOfVideosWatched"].isna().sum() == 5


def test_numbers_as_text_and_truth_values_are_read(data):
    text = data.astype({"TimeSpentOnCourse": str, "NumberOfVideosWatched": str})
    text["CourseCompletion"] = text["CourseCompletion"] == 1
    pd.testing.assert_frame_equal(validate.check(text).rows, validate.check(data).rows)


def test_a_student_with_several_different_rows_cannot_be_used(data):
    data.loc[1, "UserID"] = data.loc[0, "UserID"]
    student = data.loc[0, "UserID"]
    assert _reasons(data) == dict.fromkeys([0, 1], f"UserID {student} has several different rows")
    assert validate.check(data).most_frequent == "Most frequent: 2 x UserID: has several different rows (row 1, 2)."


def test_a_few_faulty_rows_are_accepted_and_kept_in_a_file(data, tmp_path):
    data.loc[:9, "TimeSpentOnCourse"] = "?"
    checked = validate.check(data)
    assert len(validate.accept(checked, 0.05).rows) == 290
    saved = pd.read_csv(validate.save_quarantine(checked, tmp_path))
    assert list(saved["row"]) == list(range(1, 11))
    assert set(saved["reason"]) == {"TimeSpentOnCourse is '?', not a number"}
    assert list(saved["TimeSpentOnCourse"]) == ["?"] * 10


def test_too_many_stop_the_run_and_the_most_frequent_reasons_are_named(data):
    data.loc[:19, "TimeSpentOnCourse"] = range(-20, 0)
    with pytest.raises(validate.DataRejected) as raised:
        validate.accept(validate.check(data), 0.05)
    assert "20 in quarantine (6.7%)" in str(raised.value)
    assert "At most 5.0%" in str(raised.value)
    assert "20 x TimeSpentOnCourse: allowed are 0 to 10000 (row 1, 2, 3, 4, 5, ...)" in str(raised.value)


def test_columns_whose_values_changed_places_stop_the_run():
    shuffled = synthetic.generate().rename(columns={"TimeSpentOnCourse": "QuizScores", "QuizScores": "DeviceType"})
    shuffled["TimeSpentOnCourse"] = shuffled["CourseCategory"]
    with pytest.raises(validate.DataRejected, match="100.0%"):
        validate.accept(validate.check(shuffled.loc[:, ~shuffled.columns.duplicated()]), 0.05)


def test_too_few_students_stop_the_run():
    with pytest.raises(validate.DataRejected, match="150 students to use. Training needs 200 students"):
        validate.accept(validate.check(synthetic.generate(rows=150, copies=0)), 0.05)
