"""Moves rows from the outbox to Postgres: oldest first, in batches, one process at a time.

    python -m serving.outbox.shipper            until it is stopped, or its parent ends
    python -m serving.outbox.shipper --drain    until the outbox is empty, or time is up

It remembers how far it came only after Postgres has committed. So what is uncertain is sent again, and Postgres, which
knows the rows by their ids, keeps one of each.
"""

import logging
import signal
import sys
from pathlib import Path
from typing import Protocol

import psycopg2
from sqlalchemy.exc import DBAPIError

from serving import companion, logs, metrics, reporter, retention, settings
from serving.outbox import backlog, segment
from serving.outbox.postgres import Postgres, Rejected
from serving.outbox.segment import Segment

LOG = logging.getLogger("serving.outbox.shipper")  # also where it is run as __main__
BATCH_BYTES = 1024 * 1024
PAUSE_SECONDS = 0.5  # between batches, unless they are full: many small ones cost Postgres more
LONGEST_BACK_OFF_SECONDS = 10.0
DRAIN_SECONDS = 20.0
BATCH_SECONDS = 120  # more than Postgres gives a statement
LOCK = "shipper.lock"
REJECTED_FOLDER = "rejected"  # folder for rows that Postgres does not take


class Destination(Protocol):
    """Where rows go."""

    def open(self) -> None:
        """As Postgres.open."""

    def insert(self, table: str, columns: list[str], data: bytes) -> list[Rejected]:
        """As Postgres.insert."""


class Shipper:
    """Ships what is in a folder. To be used while holding the folder's lock."""

    def __init__(self, folder: Path, destination: Destination):
        self._folder = folder
        self._destination = destination
        self._shipped = segment.read_shipped(folder)

    def ship(self) -> bool:
        """Ships batches, oldest first, and deletes segments that are shipped whole.

        Returns whether there is more to do at once. Raises the destination's errors; nothing is lost by that. What
        ails one segment alone is raised only after the others had their turn.
        """
        found = segment.listed(self._folder)
        self._shipped = {one.name: self._shipped[one.name] for one in found if one.name in self._shipped}
        ailing: Exception | None = None
        for one in found:
            try:
                if self._advance(one):
                    return True
            except segment.NoHeader:
                self._set_aside(one)
            except (psycopg2.ProgrammingError, OSError) as error:  # no such column, or a disk too full to keep a row
                ailing = error
        if ailing:
            raise ailing
        return False

    def _advance(self, one: Segment) -> bool:
        """Ships a batch of a segment; whether it is to have another turn before younger ones have theirs."""
        is_abandoned = one.is_abandoned()  # asked before its end is looked for, which then is its last
        position = self._ship(one)
        if position is None and is_abandoned:
            self._delete(one)
        return position is not None and (is_abandoned or position < one.size)

    def _ship(self, one: Segment) -> int | None:
        """Ships a batch of a segment, and returns up to where it is shipped now, or None if there was nothing."""
        columns, start = one.header()
        start = self._shipped.get(one.name, start)
        data = one.rows(start, BATCH_BYTES)
        if not data:
            return None
        self._destination.open()  # a migration may take longer than a batch
        signal.alarm(BATCH_SECONDS)  # ends a process that waits for a server which will never answer
        try:
            rejected = self._destination.insert(one.table, columns, data)
        finally:
            signal.alarm(0)
        self._keep(one, rejected)
        self._shipped[one.name] = start + len(data)
        self._remember()
        metrics.SHIPPED.labels(one.table).inc(backlog.count_rows(data) - len(rejected))
        return start + len(data)

    def _keep(self, one: Segment, rejected: list[Rejected]) -> None:
        """Puts rows aside that would otherwise hold up all others forever."""
        if not rejected:
            return
        (self._folder / REJECTED_FOLDER).mkdir(exist_ok=True, mode=0o700)
        kept = self._folder / REJECTED_FOLDER / one.name
        with open(kept, "ab") as opened:
            for row in rejected:
                opened.write(row.reason.encode() + b"\t" + row.row)
        metrics.REJECTED.labels(one.table).inc(len(rejected))
        LOG.error(
            "Postgres does not take %d rows for %s, such as: %s. They are kept in %s, a line each, the reason first.",
            len(rejected),
            one.table,
            rejected[0].reason,
            kept,
        )

    def _delete(self, one: Segment) -> None:
        columns_end = one.header()[1]
        left = one.path.stat().st_size - self._shipped.get(one.name, columns_end)
        if left > 0:
            LOG.warning("Segment %s ended in %d bytes of a write that was cut off, and never answered.", one.name, left)
        one.path.unlink()
        self._shipped.pop(one.name, None)
        self._remember()

    def _remember(self) -> None:
        try:
            segment.write_shipped(self._folder, self._shipped)
        except OSError as error:
            # On a full disk, which only shipping can empty. What is not remembered is at worst sent again.
            LOG.debug("%s is not written: %s", segment.SHIPPED, error)

    def _set_aside(self, one: Segment) -> None:
        """Of a power cut, after which a file may hold anything."""
        (self._folder / REJECTED_FOLDER).mkdir(exist_ok=True, mode=0o700)
        one.path.rename(self._folder / REJECTED_FOLDER / one.name)
        LOG.error("Segment %s has no header, and cannot be shipped. It is kept in %s.", one.name, REJECTED_FOLDER)


def run(shipper: Shipper, life: companion.Life) -> None:
    """Ships until its life ends; failures of Postgres are waited out, and said once."""
    back_off = PAUSE_SECONDS
    is_failing = False
    while life.goes_on():
        try:
            is_more = shipper.ship()
        except (psycopg2.Error, DBAPIError, OSError) as error:
            if not is_failing:
                LOG.warning("Rows wait in the outbox: %s", str(error).strip())
            is_failing = True
            life.wait(back_off)
            back_off = min(2 * back_off, LONGEST_BACK_OFF_SECONDS)
            continue
        if is_failing:
            LOG.info("All rows of the outbox are taken again.")
        is_failing, back_off = False, PAUSE_SECONDS
        if not is_more:
            life.wait(PAUSE_SECONDS)


def drain(shipper: Shipper, life: companion.Life, folder: Path) -> None:
    """Ships what is there, and says what could not be shipped in time."""
    is_more = True
    while life.goes_on() and (is_more or backlog.measure(folder).rows):
        try:
            is_more = shipper.ship()
        except (psycopg2.Error, DBAPIError, OSError) as error:
            if is_more:
                LOG.warning("Rows wait in the outbox: %s", str(error).strip())
            is_more = False
            life.wait(PAUSE_SECONDS)
    left = backlog.measure(folder).rows
    if left:
        LOG.warning("%d rows stay in the outbox %s, and are shipped after the next start.", left, folder)
    else:
        LOG.info("The outbox is empty.")


def main() -> None:
    """Reports, deletes what is too old, waits until no other process ships from this folder, and then does."""
    found = settings.read()
    logs.configure()
    is_draining = sys.argv[1:] == ["--drain"]
    life = companion.Life(seconds=DRAIN_SECONDS if is_draining else None)
    found.outbox_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    if is_draining:
        reporter.finish(found)
    else:
        reporter.start(found, life)
        retention.start(found, life)
    is_waiting = False
    while life.goes_on():
        with segment.locked(found.outbox_dir, LOCK) as is_held:
            if is_held:
                segment.forget_unfinished(found.outbox_dir)
                shipper = Shipper(found.outbox_dir, Postgres(found))
                if is_draining:
                    drain(shipper, life, found.outbox_dir)
                else:
                    run(shipper, life)
                return
        if not is_waiting:
            LOG.info("Another process ships from %s; this one waits for it to end.", found.outbox_dir)
        is_waiting = True
        life.wait(PAUSE_SECONDS)


if __name__ == "__main__":
    main()
