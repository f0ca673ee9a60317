"""What is said of data without training on it."""

import sys

import pytest

import check_data
from training import synthetic


@pytest.fixture(name="told")
def _told(monkeypatch, capsys):
    """A function that checks a source, and gives what the program printed, or what it ended with."""

    def told(*arguments):
        monkeypatch.setattr(sys, "argv", ["check_data.py", *map(str, arguments)])
        try:
            check_data.main()
        except SystemExit as end:
            return str(end)
        return capsys.readouterr().out

    return told


@pytest.fixture(name="file")
def _file(tmp_path):
    return tmp_path / "students.csv"


def test_good_data_is_summed_up(told, file):
    synthetic.generate(rows=300, copies=20).to_csv(file, index=False)
    assert told(file).startswith("300 rows read, 0 in quarantine (0.0%), 20 exact copies dropped, 280 students")


def test_a_few_faulty_rows_are_told_with_their_reason_too(told, file):
    rows = synthetic.generate(rows=300, copies=0)
    rows.loc[6, "DeviceType"] = 7
    rows.to_csv(file, index=False)
    said = told(file)
    assert said.startswith("300 rows read, 1 in quarantine (0.3%), ")
    assert said.endswith("Most frequent: 1 x DeviceType: allowed are 0, 1 (row 7).\n")


def test_a_column_that_is_missing_is_named(told, file):
    synthetic.generate(rows=300, copies=0).drop(columns="DeviceType").to_csv(file, index=False)
    assert told(file).startswith(f"DATA_SOURCE '{file}' lacks the columns DeviceType; it has UserID,")


def test_too_many_faulty_rows_are_told_with_their_reason(told, file):
    synthetic.generate(rows=300, copies=0).assign(DeviceType=7).to_csv(file, index=False)
    assert told(file).endswith("Most frequent: 300 x DeviceType: allowed are 0, 1 (row 1, 2, 3, 4, 5, ...).")


def test_an_outcome_that_is_too_rare_is_told(told, file):
    synthetic.generate(rows=300, copies=0).assign(CourseCompletion=0).to_csv(file, index=False)
    assert told(file).startswith("0 students completed and 300 did not; training needs 10 of either")
