"""The services' Python environments: `.venv` in each service's folder, exactly as its Pipfile.lock says."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bootstrap
import soundness
from parent import end_with_parent
from stack import console, instance
from stack.settings import ROOT, SERVICES, Settings

LOCK = ROOT / ".local" / "environments.lock"  # held while they are made or needed, wherever the stack's folder is


def update(settings: Settings) -> None:
    """`make environments`: as make_all, but never under a stack whose programs run in them."""
    if instance.read(settings.local_dir) and not all(map(_is_current, SERVICES)):
        raise console.StepFailed(
            "The environments have to be made anew, and a running stack uses them: make stop first."
        )
    make_all(settings)


def make_all(settings: Settings) -> None:
    """Brings all services' environments up to date, with a line of progress each."""
    settings.make_folders()
    with needed():
        for service in SERVICES:
            with console.step(f"Environment of {service.name}") as step:
                made = make(service, settings.logs / f"environment-{service.name}.log")
                step.result = "installed" if made else "up to date"


@contextmanager
def needed() -> Iterator[None]:
    """Keeps make clean from deleting them, and the tools, in its block."""
    with open(LOCK, "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)  # several may want them at once
        yield


def are_needed() -> bool:
    """Whether a process makes them, or holds a stack that runs in them, just now."""
    return bootstrap.is_locked(LOCK, fcntl.LOCK_EX)


def make(service: Path, log: Path) -> bool:
    """Makes a service's environment unless it is up to date; says whether it had to."""
    with open(service / "Pipfile.lock", "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # `make run` and `make test` at the same time
        if _is_current(service):
            return False
        _make_room(service / ".venv")
        _stamp(service).unlink(missing_ok=True)
        _install(service, service / ".venv", log)
        _stamp(service).write_text(_wanted(service), encoding="utf-8")
    return True


def _make_room(environment: Path) -> None:
    """Deletes what is left of an environment, which uv would not; raises StepFailed where there is something else."""
    if (environment / "pyvenv.cfg").is_file() or not os.path.lexists(environment):
        return
    is_ours = environment.is_dir() and not environment.is_symlink()
    if is_ours and (any(environment.glob("lib/python*")) or not any(environment.iterdir())):
        shutil.rmtree(environment)
        return
    raise console.StepFailed(f"{environment} is no Python environment. Move it away, and run this again.")


def _is_current(service: Path) -> bool:
    stamp = _stamp(service)
    is_wanted = stamp.is_file() and stamp.read_text(encoding="utf-8") == _wanted(service)
    return is_wanted and soundness.is_whole(stamp.parent)


def _stamp(service: Path) -> Path:
    """Says what the environment was made from. It is written last: without it, nothing counts as made."""
    return service / ".venv" / "made-from"


def _wanted(service: Path) -> str:
    digest = hashlib.sha256((service / "Pipfile.lock").read_bytes()).hexdigest()
    return f"{os.uname().machine} {digest} {sys.version} {service}"


def _categories(service: Path) -> str:
    """All that a Pipfile.lock holds, by the names that a Pipfile gives it: optional packages have tests too."""
    locked = json.loads((service / "Pipfile.lock").read_text(encoding="utf-8"))
    names = {"default": "packages", "develop": "dev-packages"}
    return " ".join(names.get(category, category) for category in locked if category != "_meta")


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
                    f"The environment of {service.name} could not be made. {soundness.why_not_made(service, log)}",
                    log,
                )

        call("uv", "venv", "--clear", "--python", sys.executable, str(environment))
        with open(requirements, "w", encoding="utf-8") as exported:
            call("pipenv", "requirements", "--hash", "--categories", _categories(service), to=exported)
        sync = ("uv", "pip", "sync", "--require-hashes", "--python", python, str(requirements))
        call(*sync)
        if mending := soundness.past_the_cache(environment):
            call(*sync, *mending)
        # A lock that leaves out what this version of Python needs installs without a word.
        call("uv", "pip", "check", "--python", python)
