"""Shipping: oldest first, again after a failure, and segments deleted once all of them is shipped."""

import os
import signal
from datetime import UTC, datetime

import psycopg2
import pytest
from prometheus_client import REGISTRY

from serving.outbox import backlog, segment, shipper
from serving.outbox.postgres import Rejected
from serving.outbox.shipper import Shipper
from serving.outbox.writer import Outbox
from tests.rounds import Rounds

COLUMNS = ("id", "time", "said")
TIME = "2026-01-01T00:00:00+00:00"


class _Destination:
    """Keeps rows by their id, as Postgres does; fails before or after keeping them where told to; rejects some."""

    def __init__(self):
        self.rows: dict[str, str] = {}
        self.order: list[str] = []
        self.fails_before = self.fails_after = 0
        self.rejects: set[str] = set()

    def open(self):
        """As Postgres.open."""

    def insert(self, table, columns, data):
        """As Postgres.insert."""
        assert columns == list(COLUMNS)
        if self.fails_before:
            self.fails_before -= 1
            raise psycopg2.OperationalError("connection refused")
        rejected = []
        for line in data.replace(segment.END, b"\n").splitlines(keepends=True):
            its_id = line.decode().split("\t")[0]
            if its_id in self.rejects:
                rejected.append(Rejected(line, "out of range"))
            elif its_id not in self.rows:
                self.rows[its_id] = table
                self.order.append(its_id)
        if self.fails_after:
            self.fails_after -= 1
            raise psycopg2.OperationalError("server closed the connection unexpectedly")
        return rejected


@pytest.fixture(name="destination")
def _destination():
    return _Destination()


@pytest.fixture(name="outbox")
def _outbox(tmp_path):
    return Outbox(tmp_path, 1 << 20)


def _append(outbox, *ids, table="features"):
    outbox.append(table, COLUMNS, "".join(f"{one}\t{TIME}\tx\n" for one in ids).encode())


def _ship_all(shipping):
    while shipping.ship():
        pass


def _shipped(table):
    return REGISTRY.get_sample_value("outbox_shipped_rows_total", {"table": table}) or 0


def _rejected(table):
    return REGISTRY.get_sample_value("outbox_rejected_rows_total", {"table": table}) or 0


def test_rows_of_all_tables_are_shipped_once(outbox, tmp_path, destination):
    _append(outbox, "a", "b")
    _append(outbox, "c", table="outcomes")
    shipping = Shipper(tmp_path, destination)
    assert not shipping.ship()
    assert destination.rows == {"a": "features", "b": "features", "c": "outcomes"}
    _append(outbox, "d")
    shipping.ship()
    assert destination.order == ["a", "b", "c", "d"]
    assert backlog.measure(tmp_path).rows == 0


def test_a_segment_is_deleted_when_it_is_shipped_and_its_writer_has_gone(outbox, tmp_path, destination, caplog):
    shipping = Shipper(tmp_path, destination)
    _append(outbox, "a")
    shipping.ship()
    assert segment.listed(tmp_path)
    outbox.close()
    shipping.ship()
    assert not segment.listed(tmp_path)
    assert segment.read_shipped(tmp_path) == {}
    assert "cut off" not in caplog.text


@pytest.mark.parametrize("moment", ["fails_before", "fails_after"])
def test_a_failure_loses_nothing_and_doubles_nothing(outbox, tmp_path, destination, moment):
    _append(outbox, "a", "b")
    setattr(destination, moment, 1)
    with pytest.raises(psycopg2.OperationalError):
        Shipper(tmp_path, destination).ship()
    assert backlog.measure(tmp_path).rows == 2
    _append(outbox, "c")
    Shipper(tmp_path, destination).ship()  # another process
    assert destination.order == ["a", "b", "c"]


def test_what_another_process_has_shipped_is_not_sent_again(outbox, tmp_path, destination):
    _append(outbox, "a")
    Shipper(tmp_path, destination).ship()
    destination.rows.clear()
    Shipper(tmp_path, destination).ship()
    assert not destination.rows


def test_an_outbox_that_is_large_is_shipped_in_batches_the_oldest_first(outbox, tmp_path, destination, monkeypatch):
    monkeypatch.setattr(shipper, "BATCH_BYTES", 200)
    ids = [f"{number:04d}" for number in range(100)]
    for one in ids:
        _append(outbox, one)
    shipping = Shipper(tmp_path, destination)
    assert shipping.ship()
    assert 0 < len(destination.rows) < 100
    _ship_all(shipping)
    assert destination.order == ids


def test_a_write_that_was_cut_off_is_dropped_and_said(outbox, tmp_path, destination, caplog):
    _append(outbox, "a")
    (one,) = segment.listed(tmp_path)
    with open(one.path, "ab") as opened:
        opened.write(b"b\t2026")
    outbox.close()
    _ship_all(Shipper(tmp_path, destination))
    assert destination.order == ["a"]
    assert not segment.listed(tmp_path)
    assert f"{one.name} ended in 6 bytes of a write that was cut off" in caplog.text


def test_a_segment_with_nothing_but_a_write_that_was_cut_off_is_deleted(outbox, tmp_path, destination, caplog):
    _append(outbox, "a")
    (one,) = segment.listed(tmp_path)
    os.truncate(one.path, one.header()[1] + 1)
    outbox.close()
    _ship_all(Shipper(tmp_path, destination))
    assert not destination.order and not segment.listed(tmp_path)
    assert "ended in 1 bytes" in caplog.text


def test_what_postgres_never_takes_is_put_aside_and_holds_up_nothing(outbox, tmp_path, destination, caplog):
    shipped, rejected = _shipped("features"), _rejected("features")
    destination.rejects = {"b", "e"}
    _append(outbox, "a", "b", "c")
    shipping = Shipper(tmp_path, destination)
    shipping.ship()
    assert destination.order == ["a", "c"]
    folder = tmp_path / shipper.REJECTED_FOLDER
    (kept,) = folder.iterdir()
    assert kept.read_text(encoding="utf-8") == f"out of range\tb\t{TIME}\tx\n"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (_shipped("features") - shipped, _rejected("features") - rejected) == (2, 1)
    assert "does not take 1 rows for features, such as: out of range. They are kept in " + str(kept) in caplog.text
    _append(outbox, "d", "e")
    shipping.ship()
    assert destination.order == ["a", "c", "d"]
    assert kept.read_text(encoding="utf-8").count("out of range") == 2


def test_failures_are_said_once_and_waited_out_longer_and_longer(outbox, tmp_path, destination, caplog):
    _append(outbox, "a")
    destination.fails_before = 7
    life = Rounds(9)
    caplog.set_level("INFO")
    shipper.run(Shipper(tmp_path, destination), life)
    assert life.waited == [0.5, 1, 2, 4, 8, 10, 10, 0.5, 0.5]
    assert caplog.messages == ["Rows wait in the outbox: connection refused", "All rows of the outbox are taken again."]
    assert destination.order == ["a"]


def test_draining_empties_the_outbox_or_says_what_is_left(outbox, tmp_path, destination, caplog):
    caplog.set_level("INFO")
    _append(outbox, "a")
    outbox.close()
    shipper.drain(Shipper(tmp_path, destination), Rounds(99), tmp_path)
    assert destination.order == ["a"] and caplog.messages == ["The outbox is empty."]
    _append(outbox, "b", "c")
    destination.fails_before = 2
    caplog.clear()
    life = Rounds(99)
    shipper.drain(Shipper(tmp_path, destination), life, tmp_path)
    assert destination.order == ["a", "b", "c"] and life.waited == [0.5, 0.5]
    assert caplog.messages == ["Rows wait in the outbox: connection refused", "The outbox is empty."]
    _append(outbox, "d", "e")
    destination.fails_before = 99
    shipper.drain(Shipper(tmp_path, destination), Rounds(9), tmp_path)
    assert caplog.messages[-1] == f"2 rows stay in the outbox {tmp_path}, and are shipped after the next start."


def test_a_batch_that_hangs_ends_the_process_and_one_that_ends_does_not(outbox, tmp_path, destination, monkeypatch):
    alarms = []
    monkeypatch.setattr(signal, "alarm", alarms.append)
    _append(outbox, "a")
    Shipper(tmp_path, destination).ship()
    assert alarms == [shipper.BATCH_SECONDS, 0]


def test_the_backlog_is_that_of_all_segments(tmp_path):
    for number, table in enumerate(("features", "outcomes")):
        outbox = Outbox(tmp_path, 1 << 20)
        outbox.append(table, COLUMNS, f"{number}\t2026-01-0{2 - number}T00:00:00+00:00\ta b c\n".encode())
        outbox.close()
    (tmp_path / f"{0:020d}-1.features").write_bytes(b"\0" * 100)  # of a power cut, and the oldest by its name
    found = backlog.measure(tmp_path)
    sizes = [one.size for one in segment.listed(tmp_path)]
    headers = [one.header()[1] for one in segment.listed(tmp_path)[1:]]
    assert (found.rows, found.used_bytes, found.unshipped_bytes) == (2, sum(sizes), sum(sizes) - 100 - sum(headers))
    age = datetime.now(UTC) - datetime(2026, 1, 1, tzinfo=UTC)
    assert found.oldest_seconds == pytest.approx(age.total_seconds(), abs=60)


def test_what_is_shipped_is_no_backlog_and_a_row_without_a_time_has_no_age(outbox, tmp_path, destination):
    outbox.append("features", COLUMNS, b"a\tspoiled\tx\n")
    assert backlog.measure(tmp_path).rows == 1 and backlog.measure(tmp_path).oldest_seconds == 0
    Shipper(tmp_path, destination).ship()
    found = backlog.measure(tmp_path)
    assert (found.rows, found.unshipped_bytes) == (0, 0) and found.used_bytes > 0


def test_older_segments_are_shipped_and_deleted_before_younger_ones(tmp_path, destination, monkeypatch):
    monkeypatch.setattr(shipper, "BATCH_BYTES", 200)
    ids = [f"{number:04d}" for number in range(100)]
    for start in range(0, 100, 25):
        outbox = Outbox(tmp_path, 1 << 20)  # each of another process
        for one in ids[start : start + 25]:
            _append(outbox, one)
        outbox.close()
    shipping = Shipper(tmp_path, destination)
    while len(destination.order) < 30:
        assert shipping.ship()
    assert len(segment.listed(tmp_path)) == 3
    _ship_all(shipping)
    assert destination.order == ids
    assert not segment.listed(tmp_path)


@pytest.mark.parametrize("error", [psycopg2.ProgrammingError("no such column"), OSError("No space left")])
def test_what_ails_one_segment_does_not_hold_up_the_others(tmp_path, destination, monkeypatch, error):
    first, second = Outbox(tmp_path, 1 << 20), Outbox(tmp_path, 1 << 20)
    _append(first, "a")
    _append(second, "b", table="outcomes")
    insert = destination.insert

    def fail(table, columns, data):
        if table == "features":
            raise error
        return insert(table, columns, data)

    monkeypatch.setattr(destination, "insert", fail)
    with pytest.raises(type(error)):
        Shipper(tmp_path, destination).ship()
    assert destination.order == ["b"]
    assert backlog.measure(tmp_path).rows == 1


def test_one_process_at_a_time_ships(tmp_path):
    with segment.locked(tmp_path, shipper.LOCK) as first, segment.locked(tmp_path, shipper.LOCK) as second:
        assert (first, second) == (True, False)
    with segment.locked(tmp_path, shipper.LOCK) as again:
        assert again


def test_a_segment_that_a_power_cut_spoiled_is_set_aside_and_holds_up_nothing(outbox, tmp_path, destination, caplog):
    spoiled = tmp_path / f"{0:020d}-1.features"
    spoiled.write_bytes(b"\0" * 100)
    _append(outbox, "a")
    shipping = Shipper(tmp_path, destination)
    shipping.ship()
    assert destination.order == ["a"]
    assert backlog.measure(tmp_path).rows == 0
    assert (tmp_path / shipper.REJECTED_FOLDER / spoiled.name).is_file()
    assert (tmp_path / shipper.REJECTED_FOLDER).stat().st_mode & 0o777 == 0o700
    assert caplog.messages == [
        f"Segment {spoiled.name} has no header, and cannot be shipped. It is kept in {shipper.REJECTED_FOLDER}."
    ]
    spoiled.write_bytes(b"\0")
    shipping.ship()
    assert not spoiled.exists()


def test_a_disk_that_is_full_does_not_keep_it_from_shipping(outbox, tmp_path, destination, monkeypatch):
    def fail(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(segment, "write_shipped", fail)
    _append(outbox, "a")
    outbox.close()
    _ship_all(Shipper(tmp_path, destination))
    assert destination.order == ["a"]
    assert not segment.listed(tmp_path)
