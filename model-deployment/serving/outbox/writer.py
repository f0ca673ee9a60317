"""Writes rows to the outbox, before the request that they belong to is answered."""

import logging
import os
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from serving.outbox import segment

LOG = logging.getLogger(__name__)
SEGMENT_BYTES = 4 * 1024 * 1024
SEGMENTS_AT_LEAST = 8  # that a process's share of the outbox is cut into, so that shipping soon makes room
ROOM = 4096  # bytes, enough for a row
RECOUNT_SECONDS = 1.0
RECOUNT_SECONDS_WHEN_FULL = 0.1


class OutboxUnavailable(Exception):
    """The rows were not written, none of them: the outbox has reached its limit, or the disk takes no more."""


@dataclass
class _Open:
    """A segment that this process appends to."""

    descriptor: int
    size: int


@dataclass
class _Room:
    """The folder's size, when it was looked at, and what may be written before it is looked at again."""

    used: int = 0
    counted: float = float("-inf")
    allowance: int = 0


class _Refusals:
    """Says that rows are refused, once, and once more when it is no longer the large ones only; not of each request."""

    def __init__(self, folder: Path):
        self._folder = folder
        # Bytes of the largest rows that were refused, until as many are taken again.
        self._largest = 0
        self._is_full = False

    def refused(self, size: int, why: str) -> None:
        """Rows of this size were not taken, though a single one might be."""
        if not self._largest:
            self._say(f"does not take {size} bytes of rows at once, such requests get 503: {why}")
        self._largest = max(self._largest, size)

    def refused_all(self, size: int, why: str) -> None:
        """Rows of this size were not taken, and no others will be."""
        if not self._is_full:
            self._say(f"takes no rows, requests get 503: {why}")
        self._largest = max(self._largest, size)
        self._is_full = True

    def taken(self, allowance: int) -> None:
        """Rows were taken, and up to `allowance` bytes would have been."""
        if 0 < self._largest <= allowance:
            LOG.warning("The outbox %s takes rows again.", self._folder)
            self._largest = 0
            self._is_full = False

    def _say(self, what: str) -> None:
        LOG.error("The outbox %s %s. It empties as Postgres takes them.", self._folder, what)


class Outbox:
    """Appends rows to segments of this process. One object serves all threads of it."""

    def __init__(self, folder: Path, max_bytes: int, writers: int = 1, fsync: bool = False):
        """`writers` is the number of processes that share the folder and its limit."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._max_bytes = max_bytes
        self._writers = writers
        self._fsync = fsync
        self._segment_bytes = min(SEGMENT_BYTES, max_bytes // (SEGMENTS_AT_LEAST * writers))
        self._segments: dict[tuple, _Open] = {}
        self._lock = threading.Lock()
        self._room = _Room()
        self._refusals = _Refusals(folder)

    def append(self, table: str, columns: tuple[str, ...], rows: bytes) -> None:
        """Writes rows, which are lines for COPY each with its newline: all of them, or none with OutboxUnavailable.

        Once it returns they outlive this process, and with `fsync` also the machine's power.
        """
        data = rows + b"\n"
        with self._lock:
            try:
                self._claim(len(data))
                self._write((table, columns), data)
            except OSError as error:
                self._refusals.refused_all(len(data), f"the disk refused: {error.strerror}")
                raise OutboxUnavailable from error
            self._refusals.taken(self._room.allowance + len(data))

    def check(self) -> None:
        """Raises OutboxUnavailable unless a row could be written now."""
        probe = self._folder / f"probe-{os.getpid()}{segment.UNFINISHED}"
        try:
            if self._share(self._max_bytes - segment.bytes_used(self._folder)) < ROOM:
                raise OutboxUnavailable
            probe.write_bytes(b"\0" * ROOM)
        except OSError as error:
            raise OutboxUnavailable from error
        finally:
            probe.unlink(missing_ok=True)

    def close(self) -> None:
        """Lets go of the segments, so that they can be deleted once they are shipped."""
        with self._lock:
            for key in list(self._segments):
                self._seal(key)

    @property
    def largest(self) -> int:
        """Bytes of rows above which an append would not fit even into an empty outbox."""
        return self._share(self._max_bytes)

    def _share(self, room: int) -> int:
        """What one of several processes may take of it. They look at different moments, so half is kept back."""
        return room // (2 * self._writers)

    def _claim(self, size: int) -> None:
        """Raises OutboxUnavailable if this process may not write this much now."""
        since = time.monotonic() - self._room.counted
        if since > RECOUNT_SECONDS or (size > self._room.allowance and since > RECOUNT_SECONDS_WHEN_FULL):
            used = segment.bytes_used(self._folder)
            self._room = _Room(used, time.monotonic(), self._share(self._max_bytes - used))
        if size > self._room.allowance:
            # An open segment is never deleted, and would hold its room forever.
            for key in [key for key, opened in self._segments.items() if opened.size >= ROOM]:
                self._seal(key)
            self._refuse(size)
        self._room.allowance -= size

    def _refuse(self, size: int) -> None:
        why = f"it holds {self._room.used} of the {self._max_bytes} bytes of OUTBOX_MAX_BYTES"
        if size < ROOM:
            self._refusals.refused_all(size, why)
        else:
            self._refusals.refused(size, f"{why}, and a worker may add {self._room.allowance}")
        raise OutboxUnavailable

    def _write(self, key: tuple, data: bytes) -> None:
        opened = self._segments.get(key)
        if opened is None or opened.size >= self._segment_bytes:
            self._seal(key)
            opened = self._segments[key] = _Open(*segment.create(self._folder, *key, self._fsync))
        try:
            segment.write_whole(opened.descriptor, data)
            if self._fsync:
                os.fsync(opened.descriptor)
        except OSError:
            # Without its end nobody reads what was written, but a failed fsync comes after the end.
            with suppress(OSError):
                os.ftruncate(opened.descriptor, opened.size)
            self._seal(key)
            raise
        opened.size += len(data)

    def _seal(self, key: tuple) -> None:
        opened = self._segments.pop(key, None)
        if opened:
            os.close(opened.descriptor)
