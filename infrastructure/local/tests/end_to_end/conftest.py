"""A whole stack as `make run` starts it, in a folder of its own and on free ports."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

from stack import leftovers
from stack.postgres import Database
from stack.settings import ROOT

LOCAL = ROOT / "infrastructure" / "local"
UP = "Ctrl-C stops everything"  # the last line of what it says once it is up
START_SECONDS = 900  # not how long it may take: it is how long a test waits for what hangs
STOP_SECONDS = 60
DEMO_SECONDS = 900  # on a machine that has other things to do


class Stack:
    """A runner and what it started. `folder` is its LOCAL_DIR; `output` collects what a user would read."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.output = ""
        self.process: subprocess.Popen | None = None

    @property
    def environment(self) -> dict[str, str]:
        """As a user's, with nothing in it that would lead the stack elsewhere.

        A proxy that does not exist keeps it from Kaggle, so that every machine sees the same, and no test depends on
        another's server.
        """
        own = (
            "NO_PROXY",
            "no_proxy",
            "DB_",
            "PREFECT_",
            "MLFLOW_",
            "MAKE",
            "MFLAGS",
            "RUN_ID",
            "TRACKING_URI",
            "DATA_SOURCE",
            "GRAFANA_",
        )
        return {name: value for name, value in os.environ.items() if not name.startswith(own)} | {
            "LOCAL_DIR": str(self.folder),
            "DB_PORT": "0",
            "MLFLOW_PORT": "0",
            "PREFECT_PORT": "0",
            "WEB_PORT": "0",
            "GRAFANA_PORT": "0",
            # No image is fetched for a test.
            "DOCKER_HOST": f"unix://{self.folder}/no-docker",
            "DATA_DIR": str(self.folder / "data"),
            "MONITORING_DATA_DIR": str(self.folder / "monitoring_data"),
            "HTTPS_PROXY": "http://127.0.0.1:9",
            "HTTP_PROXY": "http://127.0.0.1:9",
        }

    def start(self, command: tuple[str, ...] = (sys.executable, str(LOCAL), "run"), **options) -> "Stack":
        """Starts the runner; does not wait."""
        self.output = ""
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            command,
            cwd=ROOT,
            **{"env": self.environment, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
            | {"text": True, "encoding": "utf-8"}
            | options,
        )
        if self.process.stdout:
            threading.Thread(target=self._collect, daemon=True).start()
        return self

    def _collect(self) -> None:
        for line in self.process.stdout:
            self.output += line

    def wait_for(self, text: str) -> None:
        """Waits until the runner has printed this."""
        end = time.monotonic() + START_SECONDS
        while text not in self.output:
            assert self.process.poll() is None, f"it ended:\n{self.output}"
            assert time.monotonic() < end, f"no {text!r} in:\n{self.output}"
            time.sleep(0.1)

    def wait_for_program(self, name: str) -> None:
        """Waits until this program of the stack has written to its log."""
        end = time.monotonic() + START_SECONDS
        log = self.folder / "logs" / f"{name}.log"
        while not (log.is_file() and log.stat().st_size):
            assert time.monotonic() < end, f"no {log}"
            time.sleep(0.1)

    def wait_until_launched(self, name: str) -> None:
        """Waits until the process of this program of the stack has been started; it may still be loading."""
        end = time.monotonic() + START_SECONDS
        log = self.folder / "logs" / "supervisord.log"
        while not (log.is_file() and f"spawned: '{name}'" in log.read_text(encoding="utf-8")):
            assert time.monotonic() < end, f"no {name} in {log}"
            time.sleep(0.1)

    def assert_nothing_left(self) -> None:
        """Waits for the processes to be gone; the test fails if they do not go by themselves."""
        end = time.monotonic() + STOP_SECONDS
        while left := leftovers.find(self.folder):
            assert time.monotonic() < end, f"left: {[process.cmdline() for process in left]}"
            time.sleep(0.2)
        if self.process:
            self.process.wait(timeout=STOP_SECONDS)

    @property
    def addresses(self) -> dict[str, str]:
        """What `make status` shows."""
        return json.loads((self.folder / "instance.json").read_text(encoding="utf-8"))["addresses"]

    @property
    def web(self) -> str:
        """Address of the prediction service."""
        return self.addresses["Prediction service"]

    @property
    def mlflow(self) -> str:
        """Address of MLflow."""
        return self.addresses["MLflow UI"].split("/#")[0]

    @property
    def database(self) -> Database:
        """The stack's database."""
        host, port = self.addresses["Postgres"].split("@")[1].split("/")[0].split(":")
        password = (self.folder / "postgres" / "password").read_text(encoding="utf-8")
        return Database(host, int(port), "mlops", password, "course")

    def get(self, url: str, **parameters):
        """The JSON at an address."""
        return requests.get(url, params=parameters, timeout=30).json()

    def end(self) -> None:
        """Ends what may be left of it."""
        if self.process and self.process.poll() is None:
            self.process.kill()
        leftovers.end(self.folder)


@pytest.fixture(name="new_stack")
def _new_stack(tmp_path):
    """A stack that is not started, in a folder with a space in its name."""
    stack = Stack(tmp_path / "local dir")
    yield stack
    stack.end()


@pytest.fixture(name="stack", scope="session")
def _stack(tmp_path_factory):
    """A stack that is up; the tests of one file share it."""
    stack = Stack(tmp_path_factory.mktemp("stack") / "local dir")
    try:
        stack.start().wait_for(UP)
        yield stack
    finally:
        stack.end()


@pytest.fixture(name="demo", scope="session")
def _demo(tmp_path_factory):
    """A demo that has come to its end; its `output` is what it printed, and its `folder` the one above its own."""
    stack = Stack(tmp_path_factory.mktemp("demo") / "local dir")
    try:
        assert stack.start(("make", "demo")).process.wait(timeout=DEMO_SECONDS) == 0, stack.output
        yield stack
    finally:
        stack.end()
        leftovers.end(stack.folder / "demo")
