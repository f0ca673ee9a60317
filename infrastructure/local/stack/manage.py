"""`make status` and `make stop`."""

import os
import signal
import time

from stack import console, instance, leftovers
from stack.settings import Settings

STOP_SECONDS = 90


def status(settings: Settings) -> int:
    """Says whether the stack runs, since when and where."""
    facts = instance.read(settings.local_dir)
    if facts is None:
        console.note("Not running. Start it with: make run")
        return 0
    console.note(f"Running since {facts['started']}, process {facts['pid']}:")
    if facts["addresses"]:
        console.table(facts["addresses"])
    else:
        console.note("    it is still making its environments")
    return 0


def stop(settings: Settings) -> int:
    """Stops the stack, and whatever an earlier one may have left."""
    facts = instance.read(settings.local_dir)
    if facts:
        try:
            os.kill(facts["pid"], signal.SIGTERM)
        except ProcessLookupError:
            pass  # it has just ended
        end = time.monotonic() + STOP_SECONDS
        while instance.read(settings.local_dir):
            if time.monotonic() > end:
                console.error(f"Process {facts['pid']} did not stop in {STOP_SECONDS} s.")
                return 1
            time.sleep(0.2)
    ended = leftovers.end(settings.local_dir)
    console.note(
        "Stopped."
        if facts
        else f"Ended what an earlier start had left (processes: {ended})." if ended else "Not running."
    )
    return 0
