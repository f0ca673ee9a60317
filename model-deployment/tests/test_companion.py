"""Processes beside the service: they are started again, and end with their parent."""

import socket
import subprocess
import sys
import time

import psutil
import pytest

from benchmarks.servers import wait
from serving import companion, startup
from serving.companion import Companion
from serving.settings import SERVICE, Settings

FOLLOWER = "serving.follower"


@pytest.fixture(name="quiet", autouse=True)
def _quiet(monkeypatch, tmp_path):
    """Nobody listens where the follower asks; it goes on all the same."""
    monkeypatch.setenv("TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MODEL_CACHE", str(tmp_path))
    monkeypatch.setattr(companion, "RESTART_SECONDS", 0.1)


def _children():
    found = []
    for child in psutil.Process().children():
        try:
            found += [child] if FOLLOWER in child.cmdline() else []
        except psutil.Error:
            pass  # it has just ended
    return found


def test_it_is_started_again_when_it_is_killed_and_ends_when_it_is_stopped():
    follower = Companion(FOLLOWER)
    follower.start()
    try:
        wait(lambda: len(_children()) == 1)
        (first,) = _children()
        first.kill()
        wait(lambda: [child.pid for child in _children()] not in ([], [first.pid]))
    finally:
        follower.stop()
    assert not _children()


def test_it_ends_when_its_parent_is_killed():
    code = (
        "import time; from serving.companion import Companion\n"
        f"companion = Companion('{FOLLOWER}'); companion.start(); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=SERVICE) as parent:
        try:
            wait(lambda: psutil.Process(parent.pid).children())
            child = psutil.Process(parent.pid).children()[0]
            time.sleep(1)  # for it to know its parent
        finally:
            parent.kill()
    wait(lambda: not child.is_running(), seconds=10)


def test_a_port_that_is_taken_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(startup, "FREE_PORT_SECONDS", 0.3)
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match=f"WEB_PORT={port}: Address already in use"):
            startup.prepare(Settings(web_port=port, outbox_dir=tmp_path))
