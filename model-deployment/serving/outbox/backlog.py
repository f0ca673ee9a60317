"""How much waits in the outbox: for metrics, and for who waits until it is empty."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from serving.outbox import segment
from serving.outbox.segment import Segment

READ_BYTES = 1024 * 1024
TIME_COLUMN = 1  # of every table's rows, after their id


@dataclass(frozen=True)
class Backlog:
    """Rows that are not in Postgres yet, their size, the size of all segments, and the age of the oldest row."""

    rows: int
    unshipped_bytes: int
    used_bytes: int
    oldest_seconds: float


def measure(folder: Path) -> Backlog:
    """The backlog of an outbox, as it lies on disk now."""
    shipped = segment.read_shipped(folder)
    rows, unshipped, used, oldest = 0, 0, 0, None
    for found in segment.listed(folder):
        used += found.size
        try:
            start = shipped.get(found.name) or found.header()[1]
            counted = _count(found, start)
            if counted:
                oldest = min(filter(None, (oldest, _first_time(found, start))), default=None)
        except (FileNotFoundError, segment.NoHeader):
            continue  # shipped in this moment, or never to be
        rows += counted
        unshipped += max(found.size - start, 0)
    age = (datetime.now(UTC) - oldest).total_seconds() if oldest else 0.0
    return Backlog(rows, unshipped, used, max(age, 0.0))


@lru_cache(maxsize=4096)
def _count(found: Segment, start: int) -> int:
    """Rows from `start` on, of whole appends. Most segments of a long backlog no longer change, and are read once."""
    rows = 0
    while data := found.rows(start, READ_BYTES):
        rows += count_rows(data)
        start += len(data)
    return rows


def count_rows(data: bytes) -> int:
    """The rows in whole appends."""
    return data.count(b"\n") - data.count(segment.END)


def _first_time(found: Segment, start: int) -> datetime | None:
    """The time of the first row from `start` on, unless a power cut spoiled it."""
    with open(found.path, "rb") as opened:
        opened.seek(start)
        line = opened.readline()
    try:
        return datetime.fromisoformat(line.split(b"\t")[TIME_COLUMN].decode())
    except (ValueError, IndexError):
        return None
