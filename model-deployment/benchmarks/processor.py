"""Who uses the processor."""

import os
import time

import psutil

KINDS = ("user", "nice", "system", "irq", "softirq", "steal")  # as far as the system tells them


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def seconds_of(pids: list[int]) -> float:
    """What these processes have used, and all that they have started, whether it still runs or not."""
    seconds = 0.0
    for parent in map(psutil.Process, pids):
        for process in [parent, *parent.children(recursive=True)]:
            try:
                used = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            seconds += used.user + used.system + used.children_user + used.children_system
    return seconds


def load_of(pids: list[int], seconds: float) -> float:
    """How many cores these processes use, looked at for some seconds."""
    before, began = seconds_of(pids), time.monotonic()
    time.sleep(seconds)
    return (seconds_of(pids) - before) / (time.monotonic() - began)


class Strangers:
    """Measures what other programs use while this one measures its own."""

    def __init__(self):
        self._began = time.monotonic()
        self._before = self._seconds()

    def cores(self) -> float:
        """How many cores they have used since, on average."""
        return max((self._seconds() - self._before) / (time.monotonic() - self._began), 0.0)

    def _seconds(self) -> float:
        busy = psutil.cpu_times()
        return sum(getattr(busy, kind, 0.0) for kind in KINDS) - seconds_of([os.getpid()])
