"""Errors as clients see them: `application/problem+json` (RFC 9457), with every fault of the request at once."""

import json
import logging
from dataclasses import dataclass, field

from pydantic import ValidationError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge

from serving.access import AccessDenied
from serving.activity import MAX_ROWS
from serving.outbox.writer import OutboxUnavailable

LOG = logging.getLogger(__name__)
CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = "5"
# What a client is told of its own request.
MAX_FAULTS = 1000
MAX_NAMED = 20  # of them, in the sentence
MAX_VALUE = 100
MAX_LOGGED = 500
EMPTY = f"An array has to hold at least one object, and may hold {MAX_ROWS:,}"


@dataclass(frozen=True)
class Problem:
    """What went wrong with a request, as the client is told."""

    status: int
    title: str
    detail: str
    errors: list[dict] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        """The response's body."""
        said = {"type": "about:blank", "title": self.title, "status": self.status, "detail": self.detail}
        return json.dumps(said | ({"errors": self.errors} if self.errors else {})).encode()


def of(error: Exception) -> Problem:
    """What a client is told of an error; nothing of the inside of the service."""
    if isinstance(error, ValidationError):
        return _invalid(error)
    if isinstance(error, AccessDenied):
        return Problem(
            401,
            "Unauthorized",
            "This needs the header `Authorization: Bearer KEY`, with an API key of this service.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    if isinstance(error, OutboxUnavailable):
        return Problem(
            503,
            "Service Unavailable",
            "The request could not be recorded, so it was not carried out. Try again later.",
            headers={"Retry-After": RETRY_AFTER_SECONDS},
        )
    if isinstance(error, HTTPException):
        kept = {name: value for name, value in error.get_headers() if name in ("Allow", "Location")}
        return Problem(error.code or 500, error.name, _detail(error), headers=kept)
    return Problem(500, "Internal Server Error", "The service failed on this request. Its log says why.")


def log(problem: Problem, error: Exception, request_id: str) -> None:
    """Says in the log what a client was answered, and why if it is the service's fault."""
    said = {"request_id": request_id, "status": problem.status}
    if isinstance(error, OutboxUnavailable):
        return  # the outbox says so itself, once
    if problem.status == 500:
        LOG.error("A request failed.", extra=said, exc_info=error)
    else:
        LOG.info("A request was refused: %s", problem.detail[:MAX_LOGGED], extra=said)


def _detail(error: HTTPException) -> str:
    if isinstance(error, NotFound):
        return "There is nothing at this address. /docs describes those of this service."
    if isinstance(error, MethodNotAllowed):
        methods = ", ".join(sorted(error.valid_methods or ()))
        return f"The method is not one of those of this address: {methods}. /docs describes them."
    return error.description or error.name


def _invalid(error: ValidationError) -> Problem:
    faults = error.errors(include_url=False, include_context=False)
    if faults[0]["type"] == "json_invalid":
        return Problem(400, "Bad Request", f"The body is no JSON: {faults[0]['msg'].removeprefix('Invalid JSON: ')}.")
    if faults[0]["type"] == "too_long" and not faults[0]["loc"]:
        return of(RequestEntityTooLarge(f"At most {MAX_ROWS} rows in one request."))
    listed = [
        {
            "field": ".".join(map(str, fault["loc"])) or "body",
            "message": fault["msg"] if fault["loc"] or fault["type"] != "too_short" else EMPTY,
            **({} if fault["type"].startswith("missing") else {"value": _shorten(fault["input"])}),
        }
        for fault in faults[:MAX_FAULTS]
    ]
    named = "; ".join(f"{fault['field']}: {fault['message']}" for fault in listed[:MAX_NAMED])
    more = f"; and {len(faults) - MAX_NAMED} more" if len(faults) > MAX_NAMED else ""
    return Problem(422, "Unprocessable Content", named + more, errors=listed)


def _shorten(value: object) -> object:
    """The value itself where it is short and JSON can hold it, else the beginning of its text."""
    try:
        text = json.dumps(value, default=str, allow_nan=False)
    except ValueError:
        return str(value)[:MAX_VALUE]
    return value if len(text) <= MAX_VALUE else f"{text[:MAX_VALUE]}..."
