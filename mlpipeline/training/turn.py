"""One training at a time where they share a data folder, in which each leaves its data."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def take(data_dir: Path, say_that_it_waits: Callable[[], None]) -> Iterator[None]:
    """Has this process alone use the folder for the length of the block; says so where it has to wait for another.

    The kernel gives the folder free when the process ends, however that comes about.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    with open(data_dir / "training.lock", "wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say_that_it_waits()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
