"""Errors as clients see them: `application/problem+json` (RFC 9457), with every fault of the request at once."""

import logging

from flask import Flask, Response, json
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from serving.store import StoreUnavailable

LOG = logging.getLogger(__name__)
RETRY_AFTER_SECONDS = "5"
# What a client is told of its own request.
MAX_FAULTS = 20
MAX_VALUE = 100


def problem(status: int, title: str, detail: str, **more) -> Response:
    """A response that says what is wrong."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return Response(json.dumps(body), status, content_type="application/problem+json")


def register(app: Flask) -> None:
    """Makes the app answer each kind of error as a problem."""
    app.register_error_handler(ValidationError, _invalid)
    app.register_error_handler(StoreUnavailable, _unavailable)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _invalid(error: ValidationError) -> Response:
    faults = error.errors(include_url=False, include_context=False)
    if faults[0]["type"] == "json_invalid":
        return problem(400, "Bad JSON", faults[0]["msg"])
    listed = [
        {
            "field": ".".join(map(str, fault["loc"])) or "body",
            "message": fault["msg"],
            **({} if fault["type"] == "missing" else {"value": _shorten(fault["input"])}),
        }
        for fault in faults[:MAX_FAULTS]
    ]
    named = "; ".join(f"{fault['field']}: {fault['message']}" for fault in listed)
    more = f"; and {len(faults) - MAX_FAULTS} more" if len(faults) > MAX_FAULTS else ""
    return problem(422, "Invalid request", named + more, errors=listed)


def _shorten(value: object) -> object:
    """The value itself where it is short and JSON can hold it, else the beginning of its text."""
    try:
        text = json.dumps(value, default=str, allow_nan=False)
    except ValueError:
        return str(value)[:MAX_VALUE]
    return value if len(text) <= MAX_VALUE else f"{text[:MAX_VALUE]}..."


def _unavailable(error: StoreUnavailable) -> Response:
    LOG.error("prediction not logged, so not answered: %s", error)
    response = problem(503, "Not available", "The prediction could not be logged. Try again later.")
    response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return response


def _http(error: HTTPException) -> Response:
    response = problem(error.code or 500, error.name, error.description or error.name)
    for name, value in error.get_headers():
        if name in ("Allow", "Location"):
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    LOG.error("unexpected error", exc_info=error)
    return problem(500, "Internal error", "The service failed on this request. Its log says why.")
