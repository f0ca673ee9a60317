"""The service reports about itself, and its counts are all there, whatever was killed or away."""

import time

import psutil

from benchmarks.servers import wait
from integration_test.load import Load
from serving.reporter import EVERY_SECONDS, FIRST_SECONDS

SHORT = 1.0
COUNTED = "requests, predictions_negative + predictions_positive, client_errors + server_errors + refused"


def _totals(database) -> tuple[int, ...]:
    sums = ", ".join(f"sum({count})::int" for count in COUNTED.split(", "))
    (found,) = database.query(f"SELECT {sums} FROM service_metrics")
    return found


def test_all_that_was_answered_is_counted_once_in_the_table(new_service, postgres, own_database):
    service = new_service(own_database).start()
    with Load(service.port) as load:
        wait(own_database.count)
        wait(lambda: own_database.query("SELECT 1 FROM service_metrics"), 3 * FIRST_SECONDS)
        for process in service.shippers() + service.workers()[:1]:
            process.kill()
            psutil.wait_procs([process])
        postgres.stop()
        time.sleep(2 * FIRST_SECONDS)
        postgres.start()
        time.sleep(SHORT)
    assert service.stop() == 0
    assert not service.unshipped()
    requests, predictions, failures = _totals(own_database)
    # Of the worker that was killed, what it had answered since it last handed on its counts is not known.
    assert 0 <= sum(load.statuses.values()) - requests < 0.02 * requests
    assert 0 <= len(load.run_ids()) - predictions < 0.05 * predictions
    assert failures == 0
    intervals = own_database.query("SELECT seconds, timestamp, p95_seconds > 0 FROM service_metrics ORDER BY timestamp")
    assert len(intervals) >= 3 and all(0 < seconds < 2 * EVERY_SECONDS for seconds, _, _ in intervals)
    for (_, before, _), (seconds, moment, has_quantiles) in zip(intervals, intervals[1:]):
        assert abs((moment - before).total_seconds() - seconds) < SHORT, "there is a hole"
        assert has_quantiles


def test_two_services_on_a_host_report_apart(new_service, database):
    services = [new_service(database).start(), new_service(database).start()]
    with Load(*(service.port for service in services)) as load:
        time.sleep(SHORT)
    for service in services:
        assert service.stop() == 0
    assert len(database.query("SELECT DISTINCT instance FROM service_metrics")) == 2
    requests, predictions, _ = _totals(database)
    assert (requests, predictions) == (sum(load.statuses.values()), len(load.run_ids()))
