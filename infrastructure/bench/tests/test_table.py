"""The table."""

import json

import pytest

from runner import table
from runner.machine import Machine, Others
from runner.rows import Row
from runner.run import Outcome


@pytest.fixture(name="machine")
def _machine():
    return Machine("2026-11-24", "abc1234", 2, 23.4, "Debian", "3.11.7", (0.5, 1.0, 1.5))


@pytest.fixture(name="outcomes")
def _outcomes():
    figures = [Row("start", "<= 3 s", "0.7 s", True), Row("memory", "<= 110 MB", "120 MB", False)]
    return [
        Outcome("service", figures, seconds=280.0, others=0.25),
        Outcome("delivery", [Row("a | b", "", "not measured:\nno engine", None)]),
    ]


def test_each_figure_is_a_line(machine, outcomes):
    _, empty, *lines = table.markdown(machine, outcomes).splitlines()
    assert empty == ""
    assert lines == [
        "| part | figure | target | measured | met |",
        "|---|---|---|---|---|",
        "| service | start | <= 3 s | 0.7 s | yes |",
        "| service | memory | <= 110 MB | 120 MB | **no** |",
        "| delivery | a \\| b |  | not measured: no engine |  |",
    ]


def test_the_machine_and_who_else_uses_it_are_said(machine, outcomes):
    said = table.about(machine, outcomes)
    assert "2026-11-24 at commit abc1234: 2 cores, 23 GB of memory, Debian, Python 3.11.7." in said
    assert "load average before was 0.50, 1.00, 1.50" in said
    assert said.endswith("Cores that other programs used meanwhile: service 0.25.")


def test_where_nothing_ran_nobody_is_said_to_have_been_beside_it(machine):
    assert "meanwhile" not in table.about(machine, [Outcome("tests", [])])


def test_as_data_it_holds_the_same(machine, outcomes):
    data = json.loads(table.as_json(machine, outcomes))
    assert data["machine"]["cores"] == 2
    assert [part["part"] for part in data["parts"]] == ["service", "delivery"]
    assert data["parts"][0]["rows"][1] == {
        "what": "memory",
        "target": "<= 110 MB",
        "measured": "120 MB",
        "met": False,
    }


def test_this_machine_is_described():
    found = Machine.now()
    assert found.cores >= 1 and found.memory_gb > 0 and found.system and found.commit
    assert Others().cores() >= 0
