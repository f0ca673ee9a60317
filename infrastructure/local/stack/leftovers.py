"""Finds and ends processes that a stack left behind.

Every process of a stack carries its folder in an environment variable, which all that it starts inherit.
"""

import os
from pathlib import Path

import psutil

from stack.settings import ROOT

MARK = "LOCAL_STACK_DIR"
GRACE_SECONDS = 15


def find(local_dir: Path) -> list[psutil.Process]:
    """The processes that belong to the stack in this folder; never this one."""
    found = []
    for process in psutil.process_iter():
        try:
            if (
                process.pid != os.getpid()
                and process.environ().get(MARK) == str(local_dir)
                and process.status() != psutil.STATUS_ZOMBIE
            ):
                found.append(process)
        except (psutil.Error, OSError):
            pass  # somebody else's, or it has just ended
    return found


def folders(local_dir: Path) -> set[str]:
    """The other folders in which stacks run that use the programs of this checkout."""
    found = set()
    for process in psutil.process_iter():
        try:
            folder = process.environ().get(MARK)
            if folder and any(str(part).startswith(f"{ROOT}/") for part in process.cmdline()[:2]):
                found.add(folder)
        except (psutil.Error, OSError):
            pass  # somebody else's, or it has just ended
    return found - {str(local_dir)}


def end(local_dir: Path) -> int:
    """Ends them, kindly first; gives how many there were."""
    found = find(local_dir)
    for process in found:
        _signal(process.terminate)
    _, alive = psutil.wait_procs(found, timeout=GRACE_SECONDS)
    for process in alive:
        _signal(process.kill)
    psutil.wait_procs(alive, timeout=GRACE_SECONDS)
    return len(found)


def _signal(send) -> None:
    try:
        send()
    except psutil.NoSuchProcess:
        pass
