"""Running a part, whatever it does, and ending what it has started."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from runner import run
from runner.parts import HERE, Part

WRITES = """
import json, sys
json.dump([{"what": "a", "target": "", "measured": "1", "met": None}], open(sys.argv[-1], "w"))
"""
# A part that starts a program in a session of its own, and does not end it.
LEAVES = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print(child.pid, flush=True)
"""
# The runner, as `make bench` starts it, with one such part.
RUNNER = """
import signal, sys
from pathlib import Path
from runner import run
from runner.parts import Part
run.FOLDER = Path(sys.argv[1])
for number in run.STOPS:
    signal.signal(number, lambda *_: sys.exit("Stopped."))
run.one(Part("part", run.FOLDER, (sys.executable, "-c", sys.argv[2])))
"""


@pytest.fixture(name="folder", autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "FOLDER", tmp_path)
    return tmp_path


def _part(code: str) -> Part:
    return Part("part", run.FOLDER, (sys.executable, "-c", code))


def test_figures_of_a_part_are_collected(folder):
    (folder / "part.json").write_text(json.dumps("of an earlier run"), encoding="utf-8")
    outcome = run.one(_part(WRITES))
    assert [row.measured for row in outcome.rows] == ["1"]
    assert outcome.failure == ""
    assert outcome.seconds > 0 and outcome.others >= 0


def test_a_part_that_fails_keeps_what_it_wrote_and_says_why():
    outcome = run.one(_part(WRITES + "sys.exit('no space left')"))
    assert [row.measured for row in outcome.rows] == ["1"]
    assert outcome.failure == "it ended with code 1: no space left"


def test_a_part_that_wrote_nothing_or_does_not_start_is_a_row_with_the_reason():
    assert "code 3: it said nothing" in run.one(_part("raise SystemExit(3)")).rows[0].measured
    assert "it did not start" in run.one(Part("part", run.FOLDER, ("./no-such-program",))).rows[0].measured


def test_a_part_that_takes_too_long_is_ended(monkeypatch):
    monkeypatch.setattr(run, "LONGEST_SECONDS", 0.5)
    outcome = run.one(_part(WRITES + "import time; time.sleep(600)"))
    assert outcome.failure == "it took longer than 0.5 s"


def test_a_part_is_ended_kindly_in_the_background_of_a_shell_too(folder, monkeypatch):
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell does for a program that is started with &
    try:
        monkeypatch.setattr(run, "LONGEST_SECONDS", 3)
        run.one(_part("import time\ntry:\n    time.sleep(600)\nexcept KeyboardInterrupt:\n    print('cleaned up')"))
    finally:
        signal.signal(signal.SIGINT, handler)
    assert (folder / "part.log").read_text(encoding="utf-8") == "cleaned up\n"


def test_a_part_that_was_not_asked_for_says_how_to_ask():
    outcome = run.one(Part("tests"))
    assert outcome.rows[0].measured == "not measured: ask with ONLY=tests"
    assert outcome.failure == ""


def test_what_a_part_leaves_running_is_ended(folder):
    run.one(_part(LEAVES))
    _assert_gone(int((folder / "part.log").read_text(encoding="utf-8")))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_runner_that_is_stopped_ends_its_part_kindly_and_all_that_it_started(folder, number):
    kindly = "try:\n    time.sleep(600)\nexcept KeyboardInterrupt:\n    print('cleaned up', flush=True)\n"
    with subprocess.Popen([sys.executable, "-c", RUNNER, str(folder), LEAVES + kindly], cwd=HERE) as process:
        log = folder / "part.log"
        _wait(lambda: log.is_file() and log.read_text(encoding="utf-8").strip())
        process.send_signal(number)
        assert process.wait(30) == 1
    pid, said = log.read_text(encoding="utf-8").split("\n", 1)
    assert said == "cleaned up\n"
    _assert_gone(int(pid))


def test_the_users_settings_do_not_lead_a_part_elsewhere(monkeypatch):
    for name in ("DB_HOST", "LOCAL_DIR", "MAKEFLAGS", "DATA_SOURCE"):
        monkeypatch.setenv(name, "elsewhere")
    found = run.environment(Part("part", Path("."), (), {"OMP_NUM_THREADS": "1"}), "mark")
    assert "elsewhere" not in found.values()
    assert found["OMP_NUM_THREADS"] == "1" and found[run.MARK] == "mark" and found["PATH"] == os.environ["PATH"]


def _assert_gone(pid: int) -> None:
    _wait(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def _wait(condition) -> None:
    latest = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < latest
        time.sleep(0.05)
