"""One stack a folder: who runs it, and where it can be reached."""

import fcntl
import json
import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from stack.settings import LOCK

CLAIM_ATTEMPTS = 5
FACTS = "instance.json"


class AlreadyRunning(Exception):
    """Another process runs the stack in this folder."""


class Instance:
    """The running stack, as other processes see it: the file `instance.json`."""

    def __init__(self, local_dir: Path):
        self._file = local_dir / FACTS
        self._facts: dict = {"pid": os.getpid(), "started": time.strftime("%Y-%m-%d %H:%M:%S")}
        self._facts |= {"is_up": False, "addresses": {}}

    def publish(self, **facts) -> None:
        """Adds facts for others to read."""
        self._facts |= facts
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps(self._facts, indent=2), encoding="utf-8")
        part.chmod(0o600)
        part.replace(self._file)

    def retract(self) -> None:
        """Takes all facts back."""
        self._file.unlink(missing_ok=True)


def read(local_dir: Path) -> dict | None:
    """The facts of the running stack; None where none runs."""
    try:
        with open(local_dir / LOCK, "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except FileNotFoundError:
        return None
    except BlockingIOError:
        file = local_dir / FACTS
        return (
            json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None
        )  # it begins or ends this instant


@contextmanager
def claim(local_dir: Path) -> Iterator[Instance]:
    """Makes this process the one that runs the stack, for the length of the block; raises AlreadyRunning.

    The claim is a lock that the kernel takes back when the process ends, however that comes about.
    """
    local_dir.mkdir(parents=True, exist_ok=True)
    with open(local_dir / LOCK, "wb") as lock:
        for attempt in range(CLAIM_ATTEMPTS):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if attempt == CLAIM_ATTEMPTS - 1:
                    raise AlreadyRunning from error
                time.sleep(0.1)  # it may be `make status`, which looks for an instant
        claimed = Instance(local_dir)
        claimed.publish()
        try:
            yield claimed
        finally:
            claimed.retract()
