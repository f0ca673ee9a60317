"""The machine, as far as figures depend on it, and who else uses it."""

import os
import platform
import resource
import subprocess
import time
from dataclasses import dataclass
from datetime import date

import psutil

from runner.parts import ROOT

BUSY = ("user", "nice", "system", "irq", "softirq", "steal")  # as far as the system tells them


@dataclass(frozen=True)
class Machine:
    """What it is, on the day, before anything was measured."""

    day: str
    commit: str
    cores: int
    memory_gb: float
    system: str
    python: str
    load: tuple[float, float, float]  # of the last 1, 5 and 15 minutes

    @staticmethod
    def now() -> "Machine":
        """This one."""
        return Machine(
            date.today().isoformat(),
            _commit(),
            len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
            psutil.virtual_memory().total / 2**30,
            _system(),
            platform.python_version(),
            os.getloadavg(),
        )


class Others:
    """How many cores other programs use, from now on. What a part starts is the part's once it has ended."""

    def __init__(self):
        self._began, self._before = time.monotonic(), _others_seconds()

    def cores(self) -> float:
        """On average since."""
        return max((_others_seconds() - self._before) / (time.monotonic() - self._began), 0.0)


def _others_seconds() -> float:
    busy = psutil.cpu_times()
    own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(getattr(busy, kind, 0.0) for kind in BUSY) - sum(one.ru_utime + one.ru_stime for one in own)


def _system() -> str:
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform()
    return f"{name}, {platform.system()} {platform.release()} {platform.machine()}"


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--match="]
    try:
        found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "unknown"
    return found.stdout.strip() or "unknown"
