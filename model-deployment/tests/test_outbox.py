"""The outbox on disk: what is written is read, and nothing half written is."""

import errno
import os
from datetime import UTC, datetime, timedelta

import pytest

from serving.outbox import backlog, segment, writer
from serving.outbox.segment import text
from serving.outbox.writer import Outbox, OutboxUnavailable
from tests.rows import waiting

MIB = 1024 * 1024
COLUMNS = ("id", "time", "said")


def _rows(*said, age=0):
    moment = (datetime.now(UTC) - timedelta(seconds=age)).isoformat()
    return "".join(f"{one}\t{moment}\t{text(one)}\n" for one in said).encode()


@pytest.fixture(name="outbox")
def _outbox(tmp_path):
    return Outbox(tmp_path, MIB)


def test_rows_are_read_as_they_were_written(outbox, tmp_path):
    outbox.append("features", COLUMNS, _rows("a", "b"))
    outbox.append("outcomes", COLUMNS, _rows("c"))
    outbox.append("features", COLUMNS, _rows("d"))
    assert [row["id"] for row in waiting(tmp_path)] == ["a", "b", "d"]
    assert [row["id"] for row in waiting(tmp_path, "outcomes")] == ["c"]


def test_other_columns_begin_another_segment(outbox, tmp_path):
    outbox.append("features", COLUMNS, _rows("a"))
    outbox.append("features", ("id", "time", "heard"), _rows("b"))
    assert [one.header()[0] for one in segment.listed(tmp_path)] == [list(COLUMNS), ["id", "time", "heard"]]


@pytest.mark.parametrize(
    ("value", "written"),
    [(None, "\\N"), ("\\N", "\\\\N"), ("a\tb\nc\r\\", "a\\tb\\nc\\r\\\\"), (4.5, "4.5"), (1e22, "1e+22"), (7, "7")],
)
def test_values_are_written_as_copy_reads_them(value, written):
    assert text(value) == written


def test_a_write_that_was_cut_off_is_not_read(outbox, tmp_path):
    outbox.append("features", COLUMNS, _rows("a"))
    (one,) = segment.listed(tmp_path)
    with open(one.path, "ab") as opened:
        opened.write(_rows("b", "c"))  # whole rows, but not their end
    assert [row["id"] for row in waiting(tmp_path)] == ["a"]
    assert backlog.measure(tmp_path).rows == 1


def test_a_failed_write_leaves_nothing_to_read_and_the_next_one_succeeds(outbox, tmp_path, monkeypatch, caplog):
    outbox.append("features", COLUMNS, _rows("a"))
    real = os.write

    def fill_the_disk(opened, data):
        real(opened, bytes(data)[:40])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", fill_the_disk)
    for _ in range(3):
        with pytest.raises(OutboxUnavailable):
            outbox.append("features", COLUMNS, _rows("b", "c"))
    monkeypatch.setattr(os, "write", real)
    outbox.append("features", COLUMNS, _rows("d"))
    assert [row["id"] for row in waiting(tmp_path)] == ["a", "d"]
    refused = "requests get 503: the disk refused: No space left on device. It empties as Postgres takes them."
    assert caplog.messages == [
        f"The outbox {tmp_path} takes no rows, {refused}",
        f"The outbox {tmp_path} takes rows again.",
    ]
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(segment.UNFINISHED)]


def test_nobody_else_on_the_machine_reads_what_students_did(tmp_path):
    folder = tmp_path / "not" / "there"
    Outbox(folder, MIB).append("features", COLUMNS, _rows("a"))
    (one,) = segment.listed(folder)
    assert (folder.stat().st_mode & 0o777, one.path.stat().st_mode & 0o777) == (0o700, 0o600)


def test_a_segment_counts_with_the_whole_blocks_that_it_takes_of_the_disk(outbox, tmp_path):
    outbox.append("features", COLUMNS, _rows("a"))
    assert segment.bytes_used(tmp_path) == segment.BLOCK
    outbox.append("features", COLUMNS, _rows("b" * segment.BLOCK))  # and again, in another column
    assert segment.bytes_used(tmp_path) == 3 * segment.BLOCK


def test_a_name_that_the_disk_did_not_confirm_is_an_error_of_the_disk_alone(tmp_path, monkeypatch):
    def fail(_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(segment, "_sync_folder", fail)
    with pytest.raises(OSError, match="Input/output error"):
        segment.create(tmp_path, "features", COLUMNS, fsync=True)


def test_a_file_that_is_no_segment_is_named(tmp_path):
    (tmp_path / f"{0:020d}-1.features").write_bytes(b"[]\n")
    (one,) = segment.listed(tmp_path)
    with pytest.raises(segment.NoHeader, match=one.name):
        one.header()


def test_it_refuses_beyond_its_limit_and_takes_rows_again_once_there_is_room(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(writer, "RECOUNT_SECONDS_WHEN_FULL", 0)
    outbox = Outbox(tmp_path, MIB)
    written = 0
    with pytest.raises(OutboxUnavailable):
        while True:
            outbox.append("features", COLUMNS, _rows("x" * 10_000))
            written += 1
    assert 0.9 * MIB < segment.bytes_used(tmp_path) <= MIB
    used = segment.bytes_used(tmp_path)
    assert caplog.messages == [
        f"The outbox {tmp_path} does not take {len(_rows('x' * 10_000)) + 1} bytes of rows at once, "
        "such requests get 503: "
        f"it holds {used} of the {MIB} bytes of OUTBOX_MAX_BYTES, and a worker may add {(MIB - used) // 2}. "
        "It empties as Postgres takes them."
    ]
    assert backlog.measure(tmp_path).rows == written
    # What is full holds no lock on any segment, so all of them can be shipped and deleted.
    for one in segment.listed(tmp_path):
        assert one.is_abandoned()
        one.path.unlink()
    outbox.append("features", COLUMNS, _rows("y"))
    assert [row["id"] for row in waiting(tmp_path)] == ["y"]


def test_that_large_requests_are_refused_is_said_once_and_once_more_when_all_are(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(writer, "RECOUNT_SECONDS", 0)
    outbox = Outbox(tmp_path, MIB)
    large, small = _rows("x" * (MIB // 10)), _rows("y")
    for _ in range(2):  # what is said the first time is said the second time, too
        caplog.clear()
        for _ in range(3):
            outbox.append("features", COLUMNS, large)
        for _ in range(2):
            with pytest.raises(OutboxUnavailable):
                outbox.append("features", COLUMNS, large)
            outbox.append("features", COLUMNS, small)
        (said,) = caplog.messages
        assert f"does not take {len(large) + 1} bytes" in said
        with pytest.raises(OutboxUnavailable):
            while True:
                outbox.append("features", COLUMNS, _rows("z" * 100))
        assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]
        assert f"takes no rows, requests get 503: it holds {segment.bytes_used(tmp_path)} of the" in caplog.messages[-1]
        outbox.close()
        for one in segment.listed(tmp_path):
            one.path.unlink()
        outbox.append("features", COLUMNS, small)
        assert caplog.messages[2:] == [f"The outbox {tmp_path} takes rows again."]


def test_several_writers_stay_within_the_limit_together(tmp_path):
    outboxes = [Outbox(tmp_path, MIB, writers=2) for _ in range(2)]
    for outbox in outboxes:
        with pytest.raises(OutboxUnavailable):
            while True:
                outbox.append("features", COLUMNS, _rows("x" * 10_000))
    assert segment.bytes_used(tmp_path) <= MIB


def test_what_a_killed_process_had_begun_is_deleted_and_what_is_being_written_is_not(tmp_path):
    old, new = (tmp_path / f"{number:020d}-1.features{segment.UNFINISHED}" for number in (1, 2))
    for path in old, new:
        path.write_bytes(b"{")
    os.utime(old, (0, 0))
    segment.forget_unfinished(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [new.name]


def test_readiness_sees_a_full_outbox_and_an_unwritable_folder(tmp_path):
    outbox = Outbox(tmp_path / "outbox", MIB)
    outbox.check()
    (tmp_path / "outbox" / f"{0:020d}-1.features").write_bytes(b"x" * MIB)
    with pytest.raises(OutboxUnavailable):
        outbox.check()
    (tmp_path / "outbox" / f"{0:020d}-1.features").unlink()
    outbox.check()
    (tmp_path / "outbox").rmdir()
    with pytest.raises(OutboxUnavailable):
        outbox.check()


def test_a_segment_is_abandoned_once_its_writer_lets_go(outbox, tmp_path):
    outbox.append("features", COLUMNS, _rows("a"))
    (one,) = segment.listed(tmp_path)
    assert not one.is_abandoned()
    outbox.close()
    assert one.is_abandoned()


def test_a_full_segment_is_followed_by_another(tmp_path):
    outbox = Outbox(tmp_path, MIB)
    for number in range(30):
        outbox.append("features", COLUMNS, _rows(f"{number}" * 5000))
    found = segment.listed(tmp_path)
    assert len(found) > 1
    assert [one.is_abandoned() for one in found] == [True] * (len(found) - 1) + [False]
    assert len(waiting(tmp_path)) == 30


def test_appends_larger_than_what_is_read_at_once_are_read_whole(outbox, tmp_path):
    outbox.append("features", COLUMNS, _rows(*"abcdefgh" * 50))
    outbox.append("features", COLUMNS, _rows("z"))
    (one,) = segment.listed(tmp_path)
    first = one.rows(one.header()[1], 100)
    assert backlog.count_rows(first) >= 400
    assert first.endswith(segment.END)


def test_with_fsync_each_append_waits_for_the_disk(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)
    Outbox(tmp_path, MIB).append("features", COLUMNS, _rows("a"))
    assert not synced
    Outbox(tmp_path, MIB, fsync=True).append("features", COLUMNS, _rows("a"))
    assert len(synced) == 2  # the segment's name, and its rows


def test_rows_that_the_disk_did_not_confirm_are_not_kept(tmp_path, monkeypatch):
    outbox = Outbox(tmp_path, MIB, fsync=True)
    outbox.append("features", COLUMNS, _rows("a"))

    def fail(_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutboxUnavailable):
        outbox.append("features", COLUMNS, _rows("b"))
    assert [row["id"] for row in waiting(tmp_path)] == ["a"]


def test_refused_requests_between_others_do_not_break_it_into_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "RECOUNT_SECONDS_WHEN_FULL", 0)
    outbox = Outbox(tmp_path, MIB)
    for number in range(100):
        outbox.append("features", COLUMNS, _rows(str(number)))
        with pytest.raises(OutboxUnavailable):
            outbox.append("features", COLUMNS, _rows("x" * MIB))
    assert len(segment.listed(tmp_path)) < 4


def test_the_backlog_is_what_is_not_shipped(outbox, tmp_path):
    assert backlog.measure(tmp_path) == backlog.Backlog(0, 0, 0, 0.0)
    first, second = _rows("a", age=60), _rows("b", "c", age=30)
    outbox.append("features", COLUMNS, first)
    outbox.append("features", COLUMNS, second)
    found = backlog.measure(tmp_path)
    assert (found.rows, found.unshipped_bytes) == (3, len(first) + len(second) + 2)
    assert 60 <= found.oldest_seconds < 90
    (one,) = segment.listed(tmp_path)
    assert found.used_bytes == one.size
    segment.write_shipped(tmp_path, {one.name: one.header()[1] + len(first) + 1})
    found = backlog.measure(tmp_path)
    assert (found.rows, found.unshipped_bytes) == (2, len(second) + 1)
    assert 30 <= found.oldest_seconds < 60
