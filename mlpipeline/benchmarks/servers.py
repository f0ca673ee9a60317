"""Programs of one's own, for benchmarks and tests, an MLflow server among them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import requests

from training.settings import SERVICE

BIN = Path(sys.executable).parent
START_SECONDS = 90


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def start(command: list[str], log: Path, environment: dict[str, str]) -> subprocess.Popen:
    """Starts a program of this environment, with its output in a file; `end` ends it and what it has started."""
    with open(log, "w", encoding="utf-8") as output:
        return subprocess.Popen(  # pylint: disable=consider-using-with  # the caller ends it
            command,
            cwd=SERVICE,
            env=os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"} | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def end(process: subprocess.Popen) -> None:
    """Ends a program and all that it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # all of it has ended already
    process.wait()


def wait(happens: Callable[[], bool], seconds: float = START_SECONDS) -> None:
    """Waits for something to become true; raises TimeoutError."""
    latest = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > latest:
            raise TimeoutError(f"It did not happen within {seconds} s.")
        time.sleep(0.1)


class MlflowServer:
    """An MLflow server that can be stopped and started again; its data is in `folder`."""

    def __init__(self, folder: Path):
        port = free_port()
        self.uri = f"http://127.0.0.1:{port}"
        self._log = folder / "mlflow.log"
        self._command = ["mlflow", "server", "--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
        self._command += ["--artifacts-destination", f"{folder}/artifacts", "--workers", "1"]
        self._command += ["--host", "127.0.0.1", "--port", str(port)]
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        self.start_later(0)
        wait(self._answers)

    def start_later(self, seconds: float) -> None:
        """Has it start in so many seconds, without waiting for that."""
        environment = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
        self._process = start(["sh", "-c", f'sleep {seconds}; exec "$@"', "sh", *self._command], self._log, environment)

    def stop(self) -> None:
        """Stops it."""
        if self._process:
            end(self._process)

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.uri}/health", timeout=1).ok
        except requests.RequestException:
            return False
