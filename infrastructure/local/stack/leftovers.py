"""Finds and ends processes that a stack left behind.

Every process of a stack carries its folder in an environment variable, which all that it starts inherit.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import psutil

from stack.settings import ROOT

MARK = "LOCAL_STACK_DIR"
GRACE_SECONDS = 15


def find(local_dir: Path) -> list[psutil.Process]:
    """The processes that belong to the stack in this folder; never this one."""
    return [process for process, folder, _ in _of_stacks() if folder == str(local_dir)]


def folders(local_dir: Path) -> set[str]:
    """The other folders in which stacks run that use the programs of this checkout."""
    return {
        folder
        for _, folder, command in _of_stacks()
        if folder != str(local_dir) and any(part.startswith(f"{ROOT}/") for part in command[:2])
    }


def _of_stacks() -> Iterator[tuple[psutil.Process, str, list[str]]]:
    """The processes of all stacks but this one, each with its stack's folder and its command."""
    for process in psutil.process_iter():
        try:
            folder = process.environ().get(MARK)
            if folder and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                yield process, folder, process.cmdline()
        except (psutil.Error, OSError):
            pass  # somebody else's, or it has just ended


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
