"""The processes of the stack, kept up by supervisord, which itself runs under a guard."""

import os
import resource
import secrets
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from configparser import RawConfigParser
from dataclasses import dataclass, field
from pathlib import Path
from xmlrpc.client import Fault, ServerProxy

import psutil

from stack import console, leftovers, ports
from stack.settings import Settings

TOOLS = Path(sys.executable).parent
GUARD = Path(__file__).parent.parent / "guard.py"
START_SECONDS = 300  # as long as a busy machine may take; what fails is noticed before
BUSY = "The machine may be busy: the same command goes on with what was made."
POLL_SECONDS = 0.1
OPEN_FILES = 1024  # supervisord's own minimum


@dataclass(frozen=True)
class Program:
    """A process to keep up, or one that `runs_once`.

    `is_ready` says whether it can be used; `port` is the one that it listens on, where another program might answer in
    its place. When the stack stops, a lower `rank` ends later.
    """

    name: str
    command: list[str]
    folder: Path
    rank: int
    is_ready: Callable[[], bool] = lambda: True
    environment: dict[str, str] = field(default_factory=dict)
    stop_signal: str = "TERM"
    stop_seconds: int = 5
    runs_once: bool = False
    port: int | None = None


def check_open_files(most: int) -> None:
    """Raises StepFailed where a process may not open as many files as supervisord needs."""
    if most != resource.RLIM_INFINITY and most < OPEN_FILES:
        raise console.StepFailed(
            f"A process may open {most} files here (ulimit -Hn), and {OPEN_FILES} are needed. Raise that limit, as "
            f"root or where this machine or container is set up, such as docker run --ulimit nofile={OPEN_FILES}."
        )


class Supervisor:
    """supervisord with no program yet; as a context manager it starts, and in the end stops all programs."""

    def __init__(self, settings: Settings, environment: dict[str, str]):
        self._folder = settings.local_dir / "supervisor"
        self._logs = settings.logs
        self._environment = {**os.environ, **environment, leftovers.MARK: str(settings.local_dir)}
        self._guard: subprocess.Popen | None = None
        self._rpc: ServerProxy | None = None
        self._kept: set[str] = set()

    def __enter__(self) -> "Supervisor":
        check_open_files(resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        port, password = ports.choose(0, set()), secrets.token_urlsafe()
        self._folder.mkdir(parents=True, exist_ok=True)
        for old in self._folder.glob("program-*.conf"):
            old.unlink()
        self._write(
            "supervisord.conf",
            {
                "supervisord": {
                    "nodaemon": "true",
                    "silent": "true",
                    "logfile": self._logs / "supervisord.log",
                    "pidfile": self._folder / "supervisord.pid",
                    "childlogdir": self._logs,
                },
                "inet_http_server": {"port": f"{ports.HOST}:{port}", "username": "local", "password": password},
                "rpcinterface:supervisor": {
                    "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
                },
                "include": {"files": "program-*.conf"},
            },
        )
        self._rpc = ServerProxy(f"http://local:{password}@{ports.HOST}:{port}/RPC2")
        with open(self._logs / "guard.log", "w", encoding="utf-8") as log:
            self._guard = subprocess.Popen(  # pylint: disable=consider-using-with
                [
                    *(sys.executable, GUARD),
                    *(sys.executable, TOOLS / "supervisord", "-c", self._folder / "supervisord.conf"),
                ],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=self._environment,
                start_new_session=True,  # Ctrl-C is for this process alone, which then stops the others in order
            )
        self._wait(lambda: ports.answers(port), "supervisord", self._logs / "guard.log")
        return self

    def __exit__(self, *_) -> None:
        self._guard.stdin.close()
        self._guard.wait()

    def start(self, program: Program) -> None:
        """Starts a program and waits until it is ready; raises StepFailed where it does not get there."""
        self.launch(program)
        self.wait(program)

    def launch(self, program: Program) -> None:
        """Starts a program."""
        if program.runs_once:
            # What it said in an earlier start is not why it fails in this one.
            self.log(program.name).unlink(missing_ok=True)
        else:
            self._kept.add(program.name)
        assignments = [f"{name}={value}" for name, value in program.environment.items()]
        self._write(
            f"program-{program.name}.conf",
            {
                f"program:{program.name}": {
                    "command": shlex.join(["env", *assignments, *map(str, program.command)]),
                    "directory": program.folder,
                    "priority": program.rank,
                    "startsecs": 0 if program.runs_once else 1,
                    "startretries": 10,
                    "autorestart": "false" if program.runs_once else "true",
                    "stopsignal": program.stop_signal,
                    "stopasgroup": "false",
                    "killasgroup": "true",
                    "stopwaitsecs": program.stop_seconds,
                    "redirect_stderr": "true",
                    "stdout_logfile": self.log(program.name),
                    "stdout_logfile_maxbytes": "10MB",
                    "stdout_logfile_backups": 1,
                }
            },
        )
        self._rpc.supervisor.reloadConfig()
        self._rpc.supervisor.addProcessGroup(program.name)

    def wait(self, program: Program) -> None:
        """Waits until a program that was launched is ready; raises StepFailed, too, if it is another that answers."""
        try:
            self._wait(lambda: self._is_taken(program) or program.is_ready(), program.name, self.log(program.name))
        except console.StepFailed:
            if not self._is_taken(program):
                raise
        if self._is_taken(program):
            raise console.StepFailed(
                f"Port {program.port} was taken by another program while {program.name} was starting. The same command "
                "finds another port, and goes on with what was made."
            )

    def _is_taken(self, program: Program) -> bool:
        """Whether another program listens on this one's port."""
        return bool(program.port) and ports.answers(program.port) and not self._listens(program.name, program.port)

    def _listens(self, name: str, port: int) -> bool:
        try:
            process = psutil.Process(self._rpc.supervisor.getProcessInfo(name)["pid"])
            processes = [process, *process.children(recursive=True)]
            found = [connection for one in processes for connection in one.net_connections("tcp")]
        except psutil.NoSuchProcess:
            return False
        return any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in found)

    def wait_for_end(self, program: Program) -> None:
        """Waits until a program that runs once is done; raises StepFailed if it did not succeed."""
        end = time.monotonic() + START_SECONDS
        while self._state(program.name) != "EXITED":
            self._check(program.name, self.log(program.name), ("BACKOFF", "FATAL"))
            if time.monotonic() > end:
                raise console.StepFailed(
                    f"{program.name} was not done after {START_SECONDS} s. {BUSY}", self.log(program.name)
                )
            time.sleep(POLL_SECONDS)
        if self._rpc.supervisor.getProcessInfo(program.name)["exitstatus"] != 0:
            raise console.StepFailed(f"{program.name} failed.", self.log(program.name))

    def remove(self, program: Program) -> None:
        """Stops a program, should it have been launched, and does not keep it up any more."""
        if program.name in self._kept:
            self._kept.remove(program.name)
            self._rpc.supervisor.stopProcessGroup(program.name)
            self._rpc.supervisor.removeProcessGroup(program.name)

    def log(self, name: str) -> Path:
        """The log of the program with this name."""
        return self._logs / f"{name}.log"

    def _wait(self, is_ready: Callable[[], bool], name: str, log: Path) -> None:
        end = time.monotonic() + START_SECONDS
        while not is_ready():
            self._check(name, log, ("BACKOFF", "FATAL", "EXITED"))
            if time.monotonic() > end:
                raise console.StepFailed(f"{name} was not ready after {START_SECONDS} s. {BUSY}", log)
            time.sleep(POLL_SECONDS)

    def _check(self, name: str, log: Path, failed: tuple[str, ...]) -> None:
        if self._guard.poll() is not None or self._state(name) in failed:
            raise console.StepFailed(f"{name} ended while it was starting.", log)

    def _state(self, name: str) -> str:
        try:
            return self._rpc.supervisor.getProcessInfo(name)["statename"]
        except (OSError, Fault):
            return "UNKNOWN"

    def processes(self) -> dict[str, tuple[int, str]]:
        """The process id (0: none) and state of each program to keep up; raises StepFailed if supervisord is gone."""
        try:
            infos = self._rpc.supervisor.getAllProcessInfo()
        except OSError as error:
            raise console.StepFailed("supervisord ended.", self.log("supervisord")) from error
        return {info["name"]: (info["pid"], info["statename"]) for info in infos if info["name"] in self._kept}

    def _write(self, name: str, sections: dict[str, dict]) -> None:
        config = RawConfigParser()
        for section, values in sections.items():
            # supervisord expands % itself
            config[section] = {key: str(value).replace("%", "%%") for key, value in values.items()}
        path = self._folder / name
        path.touch(mode=0o600)
        with open(path, "w", encoding="utf-8") as file:
            config.write(file)
