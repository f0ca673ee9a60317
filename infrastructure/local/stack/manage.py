"""`make status`, `make stop`, and what `make clean` begins with."""

import shlex
import time
from pathlib import Path

import psutil

from stack import console, environments, grafana, instance, leftovers
from stack.settings import Settings

STOP_SECONDS = 90


def status(settings: Settings) -> int:
    """Says whether the stack runs, since when and where."""
    facts = instance.read(settings.local_dir)
    if facts is None:
        console.note("Not running. Start it with: make run")
        if demo := instance.read(settings.demo_dir):
            console.note(f"A demo runs since {demo['started']}, process {demo['pid']}. make stop ends it.")
        return 0
    if facts["is_up"]:
        console.note(f"Running since {facts['started']}, process {facts['pid']}:")
    else:
        console.note(f"Starting since {facts['started']}, process {facts['pid']}; not all of this answers yet:")
    if facts["addresses"]:
        console.table(facts["addresses"])
    else:
        console.note("    it is still making its environments")
    return 0


def running_already(settings: Settings, wants_all: bool) -> int:
    """Says that a stack runs in this folder, and where; an error where that is Postgres alone, and all is wanted."""
    facts = instance.read(settings.local_dir)
    if wants_all and facts and list(facts["addresses"]) == ["Postgres"]:
        console.error("Only Postgres is running, started by make postgres. First: make stop")
        return 1
    console.note("It is running already.")
    return status(settings)


def stop(settings: Settings) -> int:
    """Stops the stack and a demo, and whatever earlier ones may have left."""
    ended = 0
    was_running = False
    for folder in (settings.local_dir, settings.demo_dir):
        if facts := instance.read(folder):
            was_running = True
            if not _end(folder, facts["pid"]):
                console.error(f"Process {facts['pid']} did not stop in {STOP_SECONDS} s.")
                return 1
        ended += leftovers.end(folder)
        grafana.remove_container(folder)
    console.note(
        "Stopped."
        if was_running
        else f"Ended what an earlier start had left (processes: {ended})." if ended else "Not running."
    )
    return 0


def release(settings: Settings) -> int:
    """Stops the stack before its environments are deleted; an error where others run in them, or make them."""
    stopped = stop(settings)
    if others := sorted(leftovers.folders(settings.local_dir)):
        ways = " and ".join(f"make stop LOCAL_DIR={shlex.quote(folder)}" for folder in others)
        console.error(f"The environments are in use, and nothing was deleted. First: {ways}")
        return 1
    if environments.are_needed():
        console.error(
            "The environments are being made, or a stack that needs them is starting, and nothing was deleted. Once "
            "that is done: make clean"
        )
        return 1
    return stopped


def _end(folder: Path, pid: int) -> bool:
    """Ends the process that holds this folder; says whether it did."""
    try:
        process = psutil.Process(pid)
        process.terminate()
    except psutil.NoSuchProcess:
        return True  # it has just ended
    end = time.monotonic() + STOP_SECONDS
    # It gives the folder free a moment before its own end. Who started it may not have taken note of that end yet.
    while instance.read(folder) or _runs(process):
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


def _runs(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
