"""An MLflow server of one's own, for benchmarks and tests. It ends with the process that started it."""

import ctypes
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
PR_SET_PDEATHSIG = 1
START_SECONDS = 90


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def start(command: list[str], log: Path, environment: dict[str, str]) -> subprocess.Popen:
    """Starts a program of this environment, with its output in a file."""
    with open(log, "w", encoding="utf-8") as output:
        # The caller ends it; what runs before it only makes a system call.
        return subprocess.Popen(  # pylint: disable=consider-using-with,subprocess-popen-preexec-fn
            [BIN / command[0], *command[1:]],
            cwd=SERVICE,
            env=os.environ | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=_end_with_parent,
        )


def wait(happens: Callable[[], bool], seconds: float = START_SECONDS) -> None:
    """Waits for something to become true; raises TimeoutError."""
    end = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > end:
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
        environment = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
        self._process = start(self._command, self._log, environment)
        wait(self._answers)

    def stop(self) -> None:
        """Stops it, and waits until it answers no more."""
        if self._process:
            self._process.terminate()
            self._process.wait()
            wait(lambda: not self._answers())

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.uri}/health", timeout=1).ok
        except requests.RequestException:
            return False


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
