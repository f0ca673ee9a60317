"""Helpers to watch processes."""

import signal
import subprocess
import sys
import time

import psutil
import pytest


def wait_until(condition, seconds=30):
    """Polls until the condition holds; the test fails if it does not within this time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"still not after {seconds} s"
        time.sleep(0.1)


@pytest.fixture(name="wait")
def _wait():
    return wait_until


@pytest.fixture(name="spawn")
def _spawn():
    """Starts Python code in a process, and ends it with all its descendants after the test."""
    started = []

    def hear():
        """As in a terminal: where nohup or a script's `&` has started us, these are ignored, also by what we start."""
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)

    def spawn(*arguments, **options):
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            [sys.executable, *map(str, arguments)], **{"preexec_fn": hear} | options
        )
        started.append(psutil.Process(process.pid))
        return process

    yield spawn
    for process in started:
        try:
            for each in [*process.children(recursive=True), process]:
                each.kill()
        except psutil.NoSuchProcess:
            pass
