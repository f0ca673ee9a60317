"""A copy of the project as git would give it to somebody, in which nothing has been made yet."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
NO_PORTS = dict.fromkeys(("DB_PORT", "MLFLOW_PORT", "PREFECT_PORT", "WEB_PORT", "GRAFANA_PORT"), "0")


def files(*others: str) -> list[Path]:
    """The files that git knows, by their paths in the project; `others` are options to git that name more."""
    listed = subprocess.run(["git", "ls-files", "-z", *others], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    return [Path(name) for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


@contextmanager
def fresh(name: str) -> Iterator[Path]:
    """A copy with what is not committed yet; it is gone after."""
    folder = ROOT / ".local" / "bench" / name
    shutil.rmtree(folder, ignore_errors=True)
    try:
        for file in files("--cached", "--others", "--exclude-standard"):
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, folder / file, follow_symlinks=False)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def environment(folder: Path) -> dict[str, str]:
    """For make in a copy: free ports, synthetic data, the same Python, and no image that Docker would have to fetch."""
    own = {"DATA_SOURCE": "synthetic", "DOCKER_HOST": f"unix://{folder}/no-docker"}
    return {**os.environ, **NO_PORTS, **own, "PYTHON": getattr(sys, "_base_executable", sys.executable)}


def seconds(folder: Path, *command: str) -> float:
    """How long a command takes; raises CalledProcessError if it fails."""
    print(f"{' '.join(command)} ...", flush=True)
    began = time.monotonic()
    subprocess.run(command, cwd=folder, env=environment(folder), check=True)
    return time.monotonic() - began
