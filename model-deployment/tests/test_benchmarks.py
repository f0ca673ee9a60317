"""What the benchmarks make of what they measure."""

import json
import math
import shutil
import subprocess
import sys

import pytest

from benchmarks import alone, figures, handed_on, report, wrk
from benchmarks.alone import Alone, Memory
from benchmarks.contestants import FLOOR, MLFLOW, MLSERVER, OURS
from benchmarks.results import Count, Results
from benchmarks.servers import wait
from benchmarks.throughput import CONNECTIONS, Measured
from benchmarks.wrk import Run
from serving.settings import SERVICE

WRK = """Running 3s test @ http://127.0.0.1:9696/predict
  1 threads and 16 connections
Requests/sec:   2000.00
{"requests": 6000, "seconds": 3.0, "refused": %d, "connect": 0, "read": %d, "write": 0, "timeout": 0}
"""


def test_reads_what_wrk_prints():
    run = wrk.parse(WRK % (0, 0), 16)
    assert (run.answered, run.rate, run.faults) == (6000, 2000.0, ())


def test_refused_requests_are_not_answered_and_faults_are_said():
    run = wrk.parse(WRK % (10, 2), 16)
    assert run.answered == 5990
    assert run.faults == ("10 answers other than 2xx", "2 read errors")


@pytest.fixture(name="results")
def _results():
    """The service does what the floor does in the first round, then half of it, then a tenth; and 10 times MLServer."""
    measured = Measured()
    rounds = {FLOOR: [1000, 2000, 10000], OURS: [1000, 1000, 1000], MLSERVER: [100, 100, 100]}
    for name, rates in rounds.items():
        for connections in CONNECTIONS:
            measured.runs[name, connections] = [Run(connections, rate, 1.0, ()) for rate in rates]
            measured.processor[name, connections] = [1000 / rate for rate in rates]
    found = Alone([2.0, 1.0, 9.0], [0.1, 0.1, 0.2], [Memory(80, 40)], [Memory(120, 60)])
    return Results(measured, [MLSERVER], {"MLflow": "it ended with code 1"}, found, Count(9, 10, 10, 1), 0.0, 1.0)


def test_ratio_to_the_floor_is_the_median_of_rounds(results):
    assert figures.of_rounds([1.0, 2.0], [2.0, 1.0]) == [0.5, 2.0]
    assert figures.ratio(results.measured, FLOOR, 16) == 0.5
    assert figures.ratio(results.measured, MLSERVER, 16) == 10
    assert math.isclose(figures.best_ratio(results.measured, FLOOR), 0.5)


def test_targets(results):
    met = {target.what: target.is_met for target in figures.targets(results)}
    assert met == {
        "of the floor at 1": False,
        "of the floor at 16": False,
        "of the floor at 64": False,
        "times MLServer, lowest": True,
        "times MLServer, best to best": True,
        "rows a second in batches": True,
        "MB resident in the largest worker": False,
        "seconds from start to ready": True,
    }


def test_figures_are_handed_on_and_those_that_were_not_measured_too(results, tmp_path):
    file = tmp_path / "figures.json"
    sheet = handed_on.sheet(file)
    planned = json.loads(file.read_text(encoding="utf-8"))
    assert len(planned) == 13
    assert {row["measured"] for row in planned} == {None}
    results.missing.clear()
    results.missing[MLFLOW] = "it ended with code 1"
    handed_on.fill(sheet, results)
    rows = {row.pop("what"): row for row in json.loads(file.read_text(encoding="utf-8"))}
    assert list(rows) == [row["what"] for row in planned]
    floor = rows["requests a second, of a constant's, connections: 1"]
    assert floor == {"target": ">= 0.750", "measured": "0.500", "met": False}
    missing = rows["requests a second, times mlflow models serve, the lowest"]
    assert missing == {"target": ">= 10.0", "measured": "not measured: it ended with code 1", "met": None}
    assert rows[handed_on.STORED] == {"target": "equal", "measured": "9 read, 10 given, 10 stored", "met": True}


def test_report_says_what_was_measured_and_what_was_not(results):
    text = report.text(results)
    assert "the floor     2,000 (1,000-10,000)" in text
    assert "MLflow: not measured, it ended with code 1" in text
    assert "They agree." in text
    assert results.is_sound


@pytest.mark.parametrize("count", [Count(10, 10, 9, 5), Count(11, 10, 10, 5), Count(9, 20, 20, 5)])
def test_lost_and_surplus_rows_are_noticed(count):
    assert not count.agrees


def test_table_is_aligned():
    assert report.table(["", "a"], [["name", "1"], ["x", "1,000"]]).splitlines() == [
        "          a",
        "name      1",
        "x     1,000",
    ]


def test_batches_hold_students_that_differ():
    students = alone.students(100)
    assert len({student["UserID"] for student in students}) == 100
    assert students == alone.students(100)


@pytest.mark.skipif(not shutil.which("setpriv"), reason="needs setpriv, which is of Linux")
def test_postgres_ends_with_a_process_that_is_killed(tmp_path):
    code = """
import pathlib, sys, time
from benchmarks.servers import Postgres
Postgres(pathlib.Path(sys.argv[1])).start()
print("started", flush=True)
time.sleep(600)
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, cwd=SERVICE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "started\n"
        running = tmp_path / "data" / "postmaster.pid"
        assert running.exists()
        process.kill()
    wait(lambda: not running.exists())
