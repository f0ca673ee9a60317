"""What becomes of the figures of a part, whatever it wrote."""

import json

import pytest

from runner import rows
from runner.rows import Row

FIGURE = {"what": "accuracy", "target": ">= 0.770", "measured": "0.7787", "met": True}
REASON = "it ended with code 1: no space left"


@pytest.fixture(name="file")
def _file(tmp_path):
    return tmp_path / "figures.json"


def _read(file, figures):
    file.write_text(json.dumps(figures), encoding="utf-8")
    return rows.read(file, REASON)


def test_figures_are_read_as_they_are(file):
    assert _read(file, [FIGURE]) == [Row("accuracy", ">= 0.770", "0.7787", True)]


def test_what_was_not_measured_says_why(file):
    found = _read(file, [FIGURE, FIGURE | {"measured": None, "met": None}])
    assert [row.measured for row in found] == ["0.7787", f"not measured: {REASON}"]


def test_a_part_that_wrote_nothing_has_one_row(file):
    assert rows.read(file, REASON) == [Row("all of it", "", f"not measured: {REASON}", None)]


@pytest.mark.parametrize("text", ["", "[", "{}", "[]", "null", "[1]", "\xff"])
def test_a_file_that_holds_no_figures_counts_as_none(file, text):
    file.write_text(text, encoding="latin-1")
    assert rows.read(file, REASON) == rows.missing(REASON)


@pytest.mark.parametrize("change", [{"met": "yes"}, {"what": None}, {"target": 3}, {"measured": 0.77}, {"unit": "s"}])
def test_figures_of_another_form_count_as_none(file, change):
    assert _read(file, [FIGURE, FIGURE | change]) == rows.missing(REASON)
