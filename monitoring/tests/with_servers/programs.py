"""An MLflow server for tests, and what ends programs when the tests are killed."""

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import requests

from benchmarks.servers import HOST, free_port
from monitor.settings import SERVICE

# The monitoring itself has only MLflow's client.
MLFLOW = SERVICE.parent / "mlpipeline" / ".venv" / "bin" / "mlflow"
START_SECONDS = 90


class Guard:
    """A small process that kills a group of processes as soon as this one has ended, however that came about."""

    def __init__(self, group: int):
        # Its input ends with us, and `read` fails then.
        self._process = subprocess.Popen(  # pylint: disable=consider-using-with  # `dismiss` ends it
            ["sh", "-c", 'read -r _ || kill -s KILL -- "$1"', "sh", str(group)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def dismiss(self) -> None:
        """Ends it, and nothing else."""
        self._process.communicate(b"\n")


class MlflowServer:
    """An MLflow server in `folder`, which can be stopped and started again."""

    def __init__(self, folder: Path):
        port = free_port()
        self.uri = f"http://{HOST}:{port}"
        self._folder, self._log = folder, folder / "mlflow.log"
        self._command = [str(MLFLOW), "server", "--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
        self._command += ["--artifacts-destination", f"{folder}/artifacts", "--workers", "1"]
        self._command += ["--host", HOST, "--port", str(port)]
        self._process: subprocess.Popen | None = None
        self._guard: Guard | None = None

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Starts it, and does not wait."""
        quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
        with open(self._log, "a", encoding="utf-8") as output:
            self._process = subprocess.Popen(  # pylint: disable=consider-using-with  # `stop` ends it
                self._command,
                env=os.environ | {"PATH": f"{MLFLOW.parent}:{os.environ['PATH']}"} | quiet,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._guard = Guard(-self._process.pid)

    def wait(self) -> None:
        """Waits until it answers."""
        latest = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > latest:
                raise TimeoutError(f"MLflow did not start:\n{self._log.read_text(encoding='utf-8')}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Ends it, and what it has started."""
        if self._process:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._guard.dismiss()
            self._process = None

    def forget(self, run_id: str) -> None:
        """Has a run be gone with its files, and not only marked, as `mlflow gc` leaves it."""
        with sqlite3.connect(self._folder / "mlflow.db") as connection:
            for table in ("latest_metrics", "metrics", "params", "tags", "runs"):
                connection.execute(f"DELETE FROM {table} WHERE run_uuid = ?", [run_id])
        for folder in (self._folder / "artifacts").glob(f"*/{run_id}"):
            shutil.rmtree(folder)

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.uri}/health", timeout=1).ok
        except requests.RequestException:
            return False
