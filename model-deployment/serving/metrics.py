"""What Prometheus is told, summed up over all processes of the service.

The environment variable PROMETHEUS_MULTIPROC_DIR, which gunicorn.conf.py sets before this module is imported, names the
folder that processes share their counts in. Without it, as in development, each process counts for itself.
"""

import os
from pathlib import Path
from typing import Callable, Iterator

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from serving.outbox import backlog
from serving.settings import METRICS_FOLDER

PREDICT = "/predict"  # the route, also of `POST /`
OUTCOMES = "/outcomes"
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUESTS = Counter("http_requests_total", "Requests answered", ["route", "status"])
DURATION = Histogram("http_request_duration_seconds", "Time to answer", ["route"], buckets=SECONDS)
PREDICTIONS = Counter("predictions_total", "Predictions, by the class predicted", ["completion"])
UNSEEN = Counter("unseen_categories_total", "Values of a category that training had not seen", ["field"])
SHIPPED = Counter("outbox_shipped_rows_total", "Rows moved from the outbox to Postgres", ["table"])
REJECTED = Counter("outbox_rejected_rows_total", "Rows that Postgres does not take, put aside on disk", ["table"])
REFUSED = Counter("outbox_refused_requests_total", "Requests answered 503, since the outbox took no rows")


def count(route: str, status: str, seconds: float) -> None:
    """Counts a request that was answered so."""
    REQUESTS.labels(route, status).inc()
    DURATION.labels(route).observe(seconds)


class Tally:
    """Counts successful predictions within this process, and hands the counts on together, every fifth of a second.

    That costs a fraction of doing it at each request, since prometheus_client shares its counts in mapped files.
    """

    AT_MOST = 256  # requests between two times

    def __init__(self, route: str):
        self._seconds: list[float] = []
        self._classes = [0, 0]
        self._duration = DURATION.labels(route)
        self._succeeded = REQUESTS.labels(route, "200")
        self._predictions = [PREDICTIONS.labels(str(label)) for label in range(len(self._classes))]

    def add(self, seconds: float, classes: list[int]) -> None:
        """Counts a request that took so long, and gave these classes."""
        self._seconds.append(seconds)
        completing = sum(classes)
        self._classes[0] += len(classes) - completing
        self._classes[1] += completing
        if len(self._seconds) >= self.AT_MOST:
            self.hand_on()

    def hand_on(self) -> None:
        """Adds what was counted to what Prometheus is told."""
        seconds, self._seconds = self._seconds, []
        classes, self._classes = self._classes, [0, 0]
        for one in seconds:
            self._duration.observe(one)
        if seconds:
            self._succeeded.inc(len(seconds))
        for counter, predicted in zip(self._predictions, classes, strict=True):
            if predicted:
                counter.inc(predicted)


class _Now(Collector):
    """What is not counted, but looked up when Prometheus asks."""

    def __init__(self, folder: Path, max_bytes: int, model: Callable[[], tuple[str, str]]):
        self._folder = folder
        self._max_bytes = max_bytes
        self._model = model

    def collect(self) -> Iterator[Metric]:
        """The gauges, with their values now."""
        found = backlog.measure(self._folder)
        yield GaugeMetricFamily("outbox_rows", "Rows that are not in Postgres yet", found.rows)
        yield GaugeMetricFamily("outbox_unshipped_bytes", "Size of these rows", found.unshipped_bytes)
        yield GaugeMetricFamily("outbox_used_bytes", "Size of the outbox on disk", found.used_bytes)
        yield GaugeMetricFamily("outbox_max_bytes", "Size above which requests get 503", self._max_bytes)
        yield GaugeMetricFamily("outbox_oldest_row_age_seconds", "Age of the oldest of them", found.oldest_seconds)
        info = GaugeMetricFamily("model_info", "The model served", labels=["run_id", "version"])
        info.add_metric(self._model(), 1)
        yield info


def exposition(folder: Path, max_bytes: int, model: Callable[[], tuple[str, str]]) -> bytes:
    """All metrics, in Prometheus's text format. `model` says the run id and the version of the model served."""
    registry = CollectorRegistry()
    registry.register(_Now(folder, max_bytes, model))
    if os.environ.get(METRICS_FOLDER):
        MultiProcessCollector(registry)
        return generate_latest(registry)
    return generate_latest(registry) + generate_latest(REGISTRY)
