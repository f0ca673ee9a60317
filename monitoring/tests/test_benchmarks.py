"""What the benchmarks make of what they measure."""

import json
import sys

import pytest

from benchmarks import __main__, dashboards, error_rates, scale, school
from benchmarks.error_rates import Rate
from benchmarks.scale import Day
from benchmarks.sheet import Sheet


@pytest.fixture(name="rates")
def _rates():
    return {
        error_rates.UNCHANGED: [Rate(2, 1000), Rate(11, 1000), Rate(0, 1000), Rate(0, 100)],
        error_rates.SHIFTED: [Rate(10, 100), Rate(95, 100), Rate(100, 100), Rate(40, 40)],
    }


def test_false_alarms_are_those_of_the_worst_size_and_power_that_of_500_students(rates):
    false, power = error_rates.figures(rates)
    assert false[1].startswith("1.1% (") and false[1].endswith("with 500 students a day") and not false[2]
    assert power[1].startswith("95.0% (") and power[2]


def test_rates_are_a_table(rates):
    head, _, unchanged, _ = error_rates.table(rates).splitlines()
    assert head == "| share of days that alarm, at students a day | 100 | 500 | 5,000 | 50,000 |"
    assert unchanged.startswith("| no change | 0.2% (0.0% to 0.7%) | 1.1% (")


def test_the_shifted_days_are_among_those_that_are_simulated():
    assert error_rates.SHIFTED in [one.name for one in error_rates.population.CHANGES]


def test_the_largest_day_counts():
    days = [Day(10_000, 10_000, 1.0, 70.0, 5000.0, 1.0, 1.0), Day(1_000_000, 49_971, 10.9, 13.3, 1600.0, 163.0, 72.0)]
    assert [figure[1:] for figure in scale.figures(days)] == [("13.3 s", True), ("1.56 GB", False)]
    assert scale.table(days).splitlines()[-1] == "| 1,000,000 | 49,971 | 10.9 | 13.3 | 1,600 | 163 (72) |"


def test_the_slowest_query_counts():
    found = [(199.94, "model", "Drift"), (1.0, "service", "Requests")]
    assert [figure[1:] for figure in dashboards.figures(found)] == [("199.9 ms, of 2: Drift", True)]
    assert dashboards.table(found).splitlines()[2:] == ["| model | Drift | 199.9 |", "| service | Requests | 1.0 |"]


def test_what_another_part_has_set_does_not_reach_the_migrations(tmp_path, monkeypatch):
    """MLflow on sqlite, as one part has it, is an address that the prediction service refuses."""
    monkeypatch.setenv("TRACKING_URI", "sqlite:///mlflow.db")
    said = tmp_path / "said"
    (tmp_path / "migrate.py").write_text(f"import os\nopen({str(said)!r}, 'w').write(repr(dict(os.environ)))\n")
    monkeypatch.setattr(school, "SERVICES", (tmp_path,))
    monkeypatch.setattr(school, "python", lambda _: sys.executable)
    school.migrate({"DB_NAME": "school"})
    found = said.read_text(encoding="utf-8")
    assert "'DB_NAME': 'school'" in found and "TRACKING_URI" not in found


def test_each_part_enters_what_it_announced(rates, tmp_path, monkeypatch):
    file = tmp_path / "figures.json"
    monkeypatch.setattr(error_rates, "measure", lambda: rates)
    monkeypatch.setattr(sys, "argv", ["benchmarks", "error-rates", "--figures", str(file)])
    __main__.main()
    found = json.loads(file.read_text(encoding="utf-8"))
    assert [(row["what"], row["target"]) for row in found] == list(error_rates.TARGETS)
    assert [row["met"] for row in found] == [False, True]


def test_an_unknown_part_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["benchmarks", "speed"])
    with pytest.raises(SystemExit):
        __main__.main()
    assert "there is no speed" in capsys.readouterr().err


def test_without_a_file_a_sheet_is_only_kept(tmp_path):
    Sheet(None, [("one", "< 3 s")]).put("one", "2 s", True)
    assert not list(tmp_path.iterdir())
