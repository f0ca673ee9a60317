"""The service's reports about itself: rows of `service_metrics` in the outbox."""

import errno
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import closing

import pytest

from benchmarks.servers import HOST, free_port, wait
from serving import companions, counts, reporter, schema
from serving.champion import Champion, remember
from serving.counts import BOUND
from serving.metrics import SECONDS
from serving.outbox.postgres import Postgres
from serving.outbox.writer import Outbox
from serving.reporter import Reporter
from serving.settings import METRICS_FOLDER, SERVICE, Settings
from tests.rounds import Rounds
from tests.rows import waiting

INFINITE = float("inf")
# What a process of the service counts, in a process of its own: prometheus_client decides at its import.
COUNTING = """
import sys
from serving import metrics
tally = metrics.Tally(metrics.PREDICT)
for _ in range(int(sys.argv[1])):
    tally.add(0.002, [1, 0, 1])
tally.hand_on()
for route, status in (("/predict", "422"), ("/outcomes", "200"), ("/outcomes", "401"), ("/predict", "500"),
                      ("/predict", "503"), ("/health", "503"), ("/health", "200"), ("other", "404")):
    metrics.count(route, status, 0.002)
metrics.REFUSED.inc()
metrics.UNSEEN.labels("CourseCategory").inc(2)
metrics.UNSEEN.labels("DeviceType").inc()
metrics.REJECTED.labels("features").inc(4)
"""


@pytest.fixture(name="folder")
def _folder(tmp_path, monkeypatch):
    """Where the service's processes share their counts."""
    folder = tmp_path / "metrics"
    folder.mkdir()
    monkeypatch.setenv(METRICS_FOLDER, str(folder))
    return folder


@pytest.fixture(name="count")
def _count(folder):
    """Has a process count so many predictions, and some of all else."""

    def count(predictions):
        environment = os.environ | {METRICS_FOLDER: str(folder)}
        subprocess.run([sys.executable, "-c", COUNTING, str(predictions)], cwd=SERVICE, env=environment, check=True)

    return count


@pytest.fixture(name="report")
def _report(settings, folder):
    """Has a new process's reporter write a row, and returns the rows that are there then."""

    def report():
        one = Reporter(settings, folder)
        one.report()
        one.close()
        return waiting(settings.outbox_dir, reporter.TABLE)

    return report


def _leave_a_row(settings):
    row = b"a\t2026-01-01T00:00:00+00:00\t1\n"
    Outbox(settings.outbox_dir, settings.outbox_max_bytes).append("features", ("id", "timestamp", "user_id"), row)


def test_a_row_tells_what_all_processes_counted_and_what_is_so_now(count, report, settings):
    count(10)
    count(5)
    _leave_a_row(settings)
    (row,) = report()
    assert row["instance"] == f"{socket.gethostname()}:{settings.web_port}"
    expected = {"requests": 25, "client_errors": 4, "server_errors": 2, "refused": 2}
    expected |= {"predictions_negative": 15, "predictions_positive": 30, "unseen_categories": 6, "rejected_rows": 8}
    expected |= {"outbox_rows": 1, "outbox_max_bytes": settings.outbox_max_bytes}
    assert {name: int(row[name]) for name in expected} == expected
    assert (row["run_id"], row["version"]) == (settings.run_id, "")
    assert float(row["outbox_oldest_seconds"]) > 1000 and int(row["outbox_used_bytes"]) > 0
    assert 0.001 < float(row["p50_seconds"]) < float(row["p95_seconds"]) < float(row["p99_seconds"]) < 0.0025


def test_the_next_row_is_about_the_time_since_also_of_another_process(count, report):
    count(10)
    report()
    count(3)
    began = time.monotonic()
    row = report()[-1]
    assert (row["requests"], row["predictions_positive"]) == ("8", "6")
    assert float(row["seconds"]) > time.monotonic() - began
    row = report()[-1]
    assert (row["requests"], row["p50_seconds"]) == ("0", "\\N")


def test_counts_that_begin_anew_are_never_negative(count, report, folder):
    count(10)
    report()
    for path in folder.glob("*.db"):
        path.unlink()
    count(1)
    row = report()[-1]
    assert (row["requests"], row["predictions_positive"]) == ("6", "2")
    assert all(not value.startswith("-") for value in row.values())


def test_what_a_full_outbox_did_not_take_is_in_the_next_row(settings, folder, count, monkeypatch, caplog):
    one = Reporter(settings, folder)
    count(10)
    with monkeypatch.context() as full:
        full.setattr(os, "write", _refuse)
        one.report()
        one.report()
    assert caplog.text.count("takes no rows") == 1 and "Traceback" not in caplog.text
    one.report()
    (row,) = waiting(settings.outbox_dir, reporter.TABLE)
    assert row["requests"] == "15"


def _refuse(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_what_goes_wrong_is_said_once_and_never_raised(settings, folder, caplog):
    one = Reporter(settings, folder)
    folder.rename(folder.with_name("away"))
    one.keep_on(Rounds(3))
    assert caplog.text.count("No row for service_metrics") == 1
    folder.with_name("away").rename(folder)
    one.report()
    assert len(waiting(settings.outbox_dir, reporter.TABLE)) == 1


def test_it_reports_soon_and_then_every_so_often(settings, folder):
    life = Rounds(3)
    Reporter(settings, folder).keep_on(life)
    assert life.waited == [5, 30, 30, 30]
    assert len(waiting(settings.outbox_dir, reporter.TABLE)) == 3


def test_the_champion_that_is_followed_is_named_with_its_version(settings, folder, tmp_path):
    following = settings.model_copy(update={"run_id": None, "model_cache": tmp_path / "cache"})
    Reporter(following, folder).report()
    (following.model_cache / ("1" * 32)).mkdir(parents=True)
    (following.model_cache / ("1" * 32) / "about.json").write_text(json.dumps({"version": "7"}), encoding="utf-8")
    remember(following, Champion("1" * 32))
    Reporter(following, folder).report()
    found = waiting(settings.outbox_dir, reporter.TABLE)
    assert [(row["run_id"], row["version"]) for row in found] == [("\\N", ""), ("1" * 32, "7")]


def test_in_development_where_processes_share_no_counts_nothing_is_reported(settings, monkeypatch):
    monkeypatch.delenv(METRICS_FOLDER, raising=False)
    reporter.finish(settings)
    reporter.start(settings, Rounds(1))
    assert not settings.outbox_dir.exists()


def test_postgres_takes_the_rows(report, count, settings, database, postgres):
    count(1)
    report()
    columns = list(report()[0])
    own = Settings(**{name.lower(): value for name, value in database[1].items()})
    schema.upgrade(own)
    data = "".join("\t".join(row.values()) + "\n" for row in waiting(settings.outbox_dir, reporter.TABLE)).encode()
    assert Postgres(own).insert(reporter.TABLE, columns, data) == []
    assert postgres.query(
        "SELECT requests, version, p50_seconds > 0 FROM service_metrics ORDER BY timestamp", database=database[0]
    ) == [(6, "", True), (0, "", None)]
    in_table = postgres.query(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'service_metrics'", database=database[0]
    )
    assert {name for (name,) in in_table} == set(columns)


def test_it_goes_on_while_postgres_hangs_and_an_end_that_kills_the_shipper_loses_nothing(
    settings, folder, count, monkeypatch
):
    """A server that takes connections and never says a word."""
    _leave_a_row(settings)
    with closing(socket.create_server((HOST, 0))) as silent:
        own = {"OUTBOX_DIR": settings.outbox_dir, "RUN_ID": settings.run_id, "MODEL_CACHE": settings.model_cache}
        own |= {"DB_HOST": HOST, "DB_PORT": silent.getsockname()[1], METRICS_FOLDER: folder, "WEB_PORT": free_port()}
        for name, value in own.items():
            monkeypatch.setenv(name, str(value))
        started = companions.start(settings)
        connection, _ = silent.accept()
        count(2)
        wait(lambda: waiting(settings.outbox_dir, reporter.TABLE), 2 * reporter.FIRST_SECONDS)
        count(3)
        # It is killed while it waits for Postgres; before that, a busy machine takes seconds to start it.
        monkeypatch.setattr(companions, "DRAIN_SECONDS", 10.0)
        companions.stop(started)
        connection.close()
    first, last = waiting(settings.outbox_dir, reporter.TABLE)
    assert (first["requests"], last["requests"]) == ("7", "8")
    assert 4 < float(first["seconds"]) < 60


@pytest.mark.parametrize(
    ("share", "buckets", "seconds"),
    [
        (0.5, [], None),
        (0.5, [(1.0, 0), (INFINITE, 0)], None),
        (0.5, [(1.0, 10), (INFINITE, 10)], 0.5),
        (0.5, [(1.0, 0), (2.0, 0), (4.0, 10), (INFINITE, 10)], 3.0),
        (0.95, [(1.0, 90), (2.0, 100), (INFINITE, 100)], 1.5),
        (0.9, [(1.0, 90), (2.0, 100), (INFINITE, 100)], 1.0),
        (0.99, [(1.0, 50), (2.0, 60), (INFINITE, 100)], 2.0),
        (0.99, [(INFINITE, 100)], 0.0),
    ],
)
def test_a_share_is_found_within_its_bucket(share, buckets, seconds):
    assert counts.quantile(share, buckets) == (seconds if seconds is None else pytest.approx(seconds))


def test_a_look_has_all_bounds(count):
    count(1)
    assert {name for name in counts.look() if name.startswith(BOUND)} == {
        f"{BOUND}{bound}" for bound in (*SECONDS, "+Inf")
    }
