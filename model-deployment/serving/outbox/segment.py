"""How the outbox lies on disk.

A folder holds *segments*. A segment is a file that one process appends to, named by the time it was begun at and the
table its rows belong to. Its first line says the columns; then come rows in the text format of Postgres's COPY. Each
append ends with an empty line. What follows the last empty line was cut off by a kill or a full disk: its request was
never answered, and nobody reads it. While a process may still append to a segment, it holds a lock on it; the kernel
takes that lock away when the process ends, however it ends.
"""

import fcntl
import json
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

END = b"\n\n"  # of an append
UNFINISHED = ".new"  # a segment whose header is not written yet
BLOCK = 4096
UNFINISHED_SECONDS = 3600  # after which nobody finishes it
SHIPPED = "shipped.json"  # how far each segment is in Postgres
NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class NoHeader(Exception):
    """A segment does not begin as one."""


def text(value: object) -> str:
    """A value as COPY reads it. Text must be free of NUL, which Postgres cannot hold."""
    if value is None:
        return NULL
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    return repr(value)


@dataclass(frozen=True)
class Segment:
    """A segment as it is found on disk."""

    path: Path
    size: int

    @property
    def name(self) -> str:
        """Its file's name; the oldest segment's comes first."""
        return self.path.name

    @property
    def table(self) -> str:
        """The table that its rows belong to."""
        return self.path.suffix.removeprefix(".")

    def header(self) -> tuple[list[str], int]:
        """Its columns, and where its rows begin; raises NoHeader."""
        with open(self.path, "rb") as opened:
            line = opened.readline()
        try:
            return json.loads(line)["columns"], len(line) + 1
        except (ValueError, KeyError, TypeError) as error:
            raise NoHeader(self.name) from error

    def rows(self, start: int, size: int) -> bytes:
        """Whole appends from `start` on, as COPY takes them with their empty lines left in; at least one, if there is
        one, and else of about `size` bytes."""
        with open(self.path, "rb") as opened:
            opened.seek(start)
            data = opened.read(size)
            while True:
                end = data.rfind(END)
                more = opened.read(size) if end < 0 else b""
                if not more:
                    return data[: end + len(END)] if end >= 0 else b""
                data += more

    def is_abandoned(self) -> bool:
        """Whether no process will append to it any more."""
        with open(self.path, "rb") as opened:
            try:
                fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True


def create(folder: Path, table: str, columns: tuple[str, ...], fsync: bool) -> tuple[int, int]:
    """Begins a segment that this process may append to; returns its file descriptor and its size.

    With `fsync` its name outlives a power cut too.
    """
    name = f"{time.time_ns():020d}-{os.getpid()}.{table}"
    unfinished = folder / (name + UNFINISHED)
    opened = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        header = json.dumps({"columns": columns}).encode() + END
        write_whole(opened, header)
        os.rename(unfinished, folder / name)
        if fsync:
            _sync_folder(folder)
    except OSError:
        os.close(opened)
        unfinished.unlink(missing_ok=True)
        raise
    return opened, len(header)


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def write_whole(opened: int, data: bytes) -> None:
    """Writes all of `data`, or raises OSError having written a part of it."""
    left = memoryview(data)
    while left:
        left = left[os.write(opened, left) :]


def listed(folder: Path) -> list[Segment]:
    """The segments in a folder, oldest first."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name[:1].isdigit() and not entry.name.endswith(UNFINISHED):
                try:
                    found.append(Segment(Path(entry.path), entry.stat().st_size))
                except FileNotFoundError:
                    pass  # shipped and deleted in this moment
    return sorted(found, key=lambda segment: segment.name)


def forget_unfinished(folder: Path) -> None:
    """Deletes what processes that were killed had only begun to write."""
    for path in folder.glob(f"*{UNFINISHED}"):
        try:
            if time.time() - path.stat().st_mtime > UNFINISHED_SECONDS:
                path.unlink()
        except FileNotFoundError:
            pass  # it was finished in this moment


def bytes_used(folder: Path) -> int:
    """The size of all segments, in whole blocks, as they take them from the disk."""
    return sum(-(-segment.size // BLOCK) * BLOCK for segment in listed(folder))


def read_shipped(folder: Path) -> dict[str, int]:
    """By segment, up to where its rows are in Postgres. May be behind, never ahead."""
    try:
        return json.loads((folder / SHIPPED).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}


def write_shipped(folder: Path, shipped: dict[str, int]) -> None:
    """Replaces what read_shipped reads, in one step."""
    temporary = folder / (SHIPPED + UNFINISHED)
    temporary.write_text(json.dumps(shipped), encoding="utf-8")
    temporary.replace(folder / SHIPPED)


@contextmanager
def locked(folder: Path, name: str) -> Iterator[bool]:
    """Says whether this process holds the folder's lock of this name, which one process at a time can."""
    with open(folder / name, "w", encoding="utf-8") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
