"""The way that requests for predictions take: past Flask's dispatch, which costs more than a prediction does.

On two cores, at 16 connections, routing a prediction through Flask made the service 1.4 times slower. All else goes
through Flask.
"""

import logging
import time
from typing import Callable, Iterable

from serving import metrics, problems
from serving.service import Service, request_id

LOG = logging.getLogger(__name__)
PATHS = ("/predict", "/")
ROUTE = "/predict"
JSON = "application/json"
NOSNIFF = ("X-Content-Type-Options", "nosniff")


class FastPredictions:
    """WSGI middleware that answers `POST /predict` and `POST /` itself."""

    def __init__(self, service: Service, others: Callable):
        self._service = service
        self._others = others
        self._seconds = metrics.DURATION.labels(ROUTE)
        self._succeeded = metrics.REQUESTS.labels(ROUTE, "200")

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST" or environ["PATH_INFO"] not in PATHS:
            return self._others(environ, start_response)
        started = time.perf_counter()
        its_id = request_id(environ)
        try:
            body = self._service.predict(environ)
        except Exception as error:  # pylint: disable=broad-exception-caught  # each becomes an answer
            problem = problems.of(error)
            problems.log(problem, error, its_id)
            metrics.REQUESTS.labels(ROUTE, str(problem.status)).inc()
            status, content_type, body = f"{problem.status} {problem.title}", problems.CONTENT_TYPE, problem.body()
            headers = list(problem.headers.items())
        else:
            self._succeeded.inc()
            status, content_type, headers = "200 OK", JSON, []
        headers += [
            ("Content-Type", content_type),
            ("Content-Length", str(len(body))),
            ("X-Request-ID", its_id),
            NOSNIFF,
        ]
        start_response(status, headers)
        seconds = time.perf_counter() - started
        self._seconds.observe(seconds)
        if self._service.settings.access_log:
            log_access(environ, its_id, status[:3], seconds)
        return [body]


def log_access(environ: dict, its_id: str, status: str, seconds: float) -> None:
    """A line in the log for a request."""
    said = {
        "request_id": its_id,
        "method": environ["REQUEST_METHOD"],
        "path": environ["PATH_INFO"],
        "status": int(status),
        "seconds": round(seconds, 6),
    }
    LOG.info("request", extra=said)
