"""What runs containers on this machine: docker with compose, or podman with podman-compose."""

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from serving.settings import SERVICE

ROOT = SERVICE.parent
BASE = "docker.io/library/python:3.12-slim"
CHECKS = ROOT / ".local" / "checks" / "bin"
# A workplace without an image registry may have a script beside the repository that prints what its podman needs.
WORKPLACE = ROOT.parent / "shared" / "tools" / "containers" / "setup"


@dataclass(frozen=True)
class Engine:
    """An engine that works: its program, that of compose, and the environment that they need."""

    program: str
    compose: tuple[str, ...]
    environment: dict[str, str] = field(repr=False)
    build_options: str = ""
    # Podman 4 cannot start what depends on something that has ended already, or is being started again.
    up_options: tuple[str, ...] = ()

    def run(self, *command: str, **options) -> str:
        """Carries out a command of the engine; gives what it printed. Raises CalledProcessError."""
        return self._call([self.program, *command], **options)

    def build(self, *services: str) -> None:
        """Builds the images of these services, as people do."""
        asked = {"CONTAINERS": self.program, "BUILD_OPTIONS": self.build_options}
        self._call([str(ROOT / "infrastructure" / "build-images.sh"), *services], env=self.environment | asked)

    def can_have(self, image: str) -> bool:
        """Whether an image is here or can be pulled."""
        for command in (("image", "inspect", image), ("pull", "--quiet", image)):
            try:
                self.run(*command, timeout=120)
                return True
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
                pass
        return False

    def size(self, image: str) -> int:
        """Bytes of an image, uncompressed."""
        return int(self.run("image", "inspect", image, "--format", "{{.Size}}"))

    def _call(self, command: list[str], **options) -> str:
        options = {"env": self.environment, "check": True, "text": True, "stdout": subprocess.PIPE} | options
        return subprocess.run(command, **options).stdout.strip()  # pylint: disable=subprocess-run-check


@cache
def engine() -> Engine | str:
    """The engine of this machine, or why there is none."""
    if shutil.which("docker") and _succeeds("docker", "compose", "version") and _succeeds("docker", "info"):
        return Engine("docker", ("docker", "compose"), dict(os.environ))
    environment = dict(os.environ) | {"PATH": f"{CHECKS}:{os.environ['PATH']}"}
    options = ""
    if WORKPLACE.is_file():
        printed = subprocess.run([str(WORKPLACE)], stdout=subprocess.PIPE, text=True, check=True).stdout
        environment |= dict(word.split("=", 1) for word in printed.split() if "=" in word)
        options = "--network host"
    if not shutil.which("podman"):
        return "neither docker, with its engine running, nor podman is here"
    if not shutil.which("podman-compose", path=environment["PATH"]):
        return "podman is here, and podman-compose is not"
    found = Engine("podman", ("podman-compose",), environment, options, ("--no-deps",))
    try:
        found.run("run", "--rm", "--network", "none", BASE, "true", stderr=subprocess.PIPE, timeout=120)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
        return f"podman does not run {BASE}: {said[-1] if said else 'no reason given'}"
    return found


def _succeeds(*command: str) -> bool:
    try:
        return not subprocess.run(command, capture_output=True, timeout=20, check=False).returncode
    except subprocess.TimeoutExpired:
        return False


class Compose:
    """The system of docker-compose.yaml under a name of its own, on these ports, with these variables."""

    def __init__(self, on: Engine, name: str, variables: dict[str, str], folder: Path, files: list[Path]):
        self.engine, self._name = on, name
        env_file = folder / "env"
        env_file.write_text("".join(f"{key}={value}\n" for key, value in variables.items()), encoding="utf-8")
        named = [option for file in files for option in ("--file", str(file))]
        self._command = [*on.compose, "--project-name", name, "--env-file", str(env_file), *named]

    def run(self, *command: str, timeout: float = 600) -> str:
        """Carries out a command of compose; gives what it printed. Raises CalledProcessError, with all of it."""
        ended = subprocess.run(
            [*self._command, *command],
            cwd=SERVICE,
            env=self.engine.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if ended.returncode:
            raise AssertionError(f"compose {' '.join(command)} failed:\n{ended.stdout}\n{ended.stderr}")
        return ended.stdout.strip()

    def remove(self) -> None:
        """Removes its containers, in whatever state they are, its volumes and its networks."""
        of_this = f"label=com.docker.compose.project={self._name}"
        if found := self.engine.run("ps", "--all", "--quiet", "--filter", of_this).split():
            self.engine.run("rm", "--force", "--volumes", *found)
        self.run("down", "--volumes")

    def services(self, but: list[str]) -> list[str]:
        """The names of all services but these."""
        return [name for name in self.run("config", "--services").split() if name not in but]
