"""The limit that the benchmark compares with, and the figures that it hands on."""

import json
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from benchmarks import handed_on, limit
from benchmarks.servers import wait
from training import validate
from training.settings import SERVICE


def test_knowing_the_rule_scores_what_was_measured_on_distinct_rows(rows):
    scores = limit.scores(rows)
    assert scores["accuracy"] == pytest.approx(0.777, abs=0.012)
    assert scores["roc_auc"] == pytest.approx(0.808, abs=0.012)
    assert scores["brier_score"] == pytest.approx(0.165, abs=0.006)


def test_on_the_real_data_too(real_data):
    scores = limit.scores(validate.check(pd.read_csv(real_data)).rows)
    assert scores["accuracy"] == pytest.approx(0.777, abs=0.001)
    assert scores["roc_auc"] == pytest.approx(0.808, abs=0.002)
    assert scores["brier_score"] == pytest.approx(0.165, abs=0.002)


@pytest.mark.parametrize(("data", "shown"), [("synthetic", "synthetic data"), ("/a/folder/of-mine.csv", "of-mine.csv")])
def test_figures_are_handed_on_with_the_data_that_they_are_of(tmp_path, data, shown):
    file = tmp_path / "figures.json"
    sheet = handed_on.sheet(file, data, with_scale=True)
    planned = json.loads(file.read_text(encoding="utf-8"))
    assert len(planned) == 7
    scores = {"roc_auc": 0.81, "brier_score": 0.16, "calibration_error": 0.02}
    runs = [scores | {"accuracy": accuracy, "seconds": 30 + 100 * accuracy} for accuracy in (0.76, 0.77)]
    handed_on.enter_runs(sheet, data, runs)
    handed_on.enter_scale(sheet, {"seconds": 40.0}, {"seconds": 110.0, "gigabytes": 4.0})
    rows = json.loads(file.read_text(encoding="utf-8"))
    assert [row["what"] for row in rows] == [row["what"] for row in planned]
    assert rows[0]["what"] == f"accuracy on {shown}, mean of 5 seeds"
    assert [(row["measured"], row["met"]) for row in rows] == [
        ("0.7650", False),
        ("0.8100", True),
        ("0.1600", True),
        ("0.0200", True),
        ("107.0 s, the longest of 2", True),
        ("2.8 (40 s to 110 s)", True),
        ("4.00 GB", False),
    ]


@pytest.mark.skipif(not shutil.which("setpriv"), reason="needs setpriv, which is of Linux")
def test_postgres_ends_with_a_process_that_is_killed(tmp_path):
    code = """
import pathlib, sys, time
from benchmarks.servers import PostgresServer
PostgresServer(pathlib.Path(sys.argv[1])).start()
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
