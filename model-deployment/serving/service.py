"""What the service does with a request, whatever framework it comes through."""

import os
import re

from gunicorn.http.errors import ParseException
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, ServiceUnavailable

from serving import metrics, outcomes
from serving.access import Access
from serving.outbox.writer import Outbox, OutboxUnavailable
from serving.predictor import Predicted
from serving.served import Served
from serving.settings import Settings

MAX_BODY_BYTES = 8 * 1024 * 1024
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
PREDICTIONS = "features"  # the table


class Service:
    """Reads a request, decides the answer, writes it to the outbox, and only then gives it out."""

    def __init__(self, settings: Settings, served: Served, outbox: Outbox):
        self.settings = settings
        self.served = served
        self.outbox = outbox
        self.tally = metrics.Tally(metrics.PREDICT)
        self.is_stopping = False  # set when the process is told to end; it then answers on for a while
        self._access = Access(settings.key_hashes)

    def predict(self, environ: dict) -> Predicted:
        """What comes of a WSGI request for predictions.

        Raises AccessDenied, werkzeug's HTTPException, pydantic's ValidationError, or OutboxUnavailable; then nothing
        was recorded.
        """
        self._access.check(environ.get("HTTP_AUTHORIZATION", ""))
        predictor = self.served.predictor()
        predicted = predictor.predict(read_body(environ))
        self._record(PREDICTIONS, predictor.columns, predicted.rows)
        for field, count in predicted.unseen.items():
            metrics.UNSEEN.labels(field).inc(count)
        return predicted

    def take_outcomes(self, environ: dict) -> int:
        """Records outcomes and returns their number; raises as `predict` does."""
        self._access.check(environ.get("HTTP_AUTHORIZATION", ""))
        found = outcomes.read(read_body(environ))
        self._record(outcomes.TABLE, outcomes.COLUMNS, outcomes.rows(found))
        return len(found)

    def check_ready(self) -> None:
        """Raises OutboxUnavailable, or ServiceUnavailable while it is stopping. Postgres may be down: that waits."""
        if self.is_stopping:
            raise ServiceUnavailable("The service is stopping.")
        self.outbox.check()

    def _record(self, table: str, columns: tuple[str, ...], rows: bytes) -> None:
        if len(rows) >= self.outbox.largest:
            raise RequestEntityTooLarge("The outbox of this service cannot hold so many rows. Send fewer at once.")
        try:
            self.outbox.append(table, columns, rows)
        except OutboxUnavailable:
            metrics.REFUSED.inc()
            raise


def read_body(environ: dict) -> bytes:
    """The body of a WSGI request; raises 413 or 400.

    Directly, since Flask's way to it takes as long as all the rest of a prediction.
    """
    given = environ.get("CONTENT_LENGTH")
    if given:
        length = int(given)
        if length > MAX_BODY_BYTES:
            raise _too_large()
        body = _read(environ, length)
        if len(body) < length:
            raise BadRequest("The body ended before its Content-Length.")
        return body
    if not environ.get("wsgi.input_terminated"):
        return b""
    body = _read(environ, MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        raise _too_large()
    return body


def _read(environ: dict, length: int) -> bytes:
    try:
        return environ["wsgi.input"].read(length)
    except (OSError, ParseException) as error:  # the client has gone, or its chunks are none
        raise BadRequest("The body could not be read to its end.") from error


def _too_large() -> RequestEntityTooLarge:
    return RequestEntityTooLarge(f"At most {MAX_BODY_BYTES // 1024**2} MiB in one request.")


def request_id(environ: dict) -> str:
    """The id that the client gave this request in X-Request-ID, if it is one, else a new one."""
    given = environ.get("HTTP_X_REQUEST_ID", "")
    return given if REQUEST_ID.fullmatch(given) else os.urandom(16).hex()
