"""The services' Python environments: `.venv` in each service's folder, exactly as its Pipfile.lock says."""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

from stack import console
from stack.guard import end_with_parent
from stack.settings import SERVICES, Settings


def make_all(settings: Settings) -> None:
    """Brings all services' environments up to date, with a line of progress each."""
    settings.logs.mkdir(parents=True, exist_ok=True)
    for service in SERVICES:
        with console.step(f"Environment of {service.name}") as step:
            step.result = (
                "installed" if make(service, settings.logs / f"environment-{service.name}.log") else "up to date"
            )


def make(service: Path, log: Path) -> bool:
    """Makes a service's environment unless it is up to date; says whether it had to."""
    environment = service / ".venv"
    stamp = environment / "made-from"
    with open(service / "Pipfile.lock", "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # `make run` and `make test` at the same time
        wanted = f"{hashlib.sha256(lock.read()).hexdigest()} {sys.version} {environment}"
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
            return False
        stamp.unlink(missing_ok=True)
        _install(service, environment, log)
        stamp.write_text(wanted, encoding="utf-8")
    return True


def _install(service: Path, environment: Path, log: Path) -> None:
    tools = Path(sys.executable).parent
    python = str(environment / "bin" / "python")
    requirements = environment / "requirements.txt"
    with open(log, "w", encoding="utf-8") as output:

        def call(*command: str, to=output) -> None:
            clean = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
            ended = subprocess.run(
                [str(tools / command[0]), *command[1:]],
                cwd=service,
                env={**clean, "PIPENV_IGNORE_VIRTUALENVS": "1", "UV_PYTHON_DOWNLOADS": "never"},
                stdout=to,
                stderr=output,
                check=False,
                preexec_fn=end_with_parent,
            )
            if ended.returncode:
                output.flush()
                raise console.StepFailed(
                    f"The environment of {service.name} could not be made. Is the package index reachable? Once it "
                    "is, the same command goes on from here.",
                    log,
                )

        call("uv", "venv", "--clear", "--python", sys.executable, str(environment))
        with open(requirements, "w", encoding="utf-8") as exported:
            call("pipenv", "requirements", "--dev", "--hash", to=exported)
        call("uv", "pip", "sync", "--require-hashes", "--python", python, str(requirements))
        # A lock that leaves out what this version of Python needs installs without a word.
        call("uv", "pip", "check", "--python", python)
