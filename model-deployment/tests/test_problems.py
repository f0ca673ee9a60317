"""What clients are told of errors, and what the log says."""

import json
import logging

import pytest
from pydantic import ValidationError
from werkzeug.exceptions import MethodNotAllowed, NotFound, RequestEntityTooLarge, ServiceUnavailable

from serving import problems
from serving.access import AccessDenied
from serving.activity import MAX_ROWS, ActivityReader
from serving.outbox.writer import OutboxUnavailable


@pytest.fixture(name="refuse")
def _refuse(model, request_body):
    """The problem with a body of activity, of which these fields are changed."""

    def refuse(body: bytes | None = None, **changed) -> problems.Problem:
        with pytest.raises(ValidationError) as caught:
            ActivityReader(model.contract).read(body or json.dumps(request_body | changed).encode())
        return problems.of(caught.value)

    return refuse


@pytest.mark.parametrize(
    ("error", "status", "headers"),
    [
        (AccessDenied(), 401, {"WWW-Authenticate": "Bearer"}),
        (NotFound(), 404, {}),
        (MethodNotAllowed(["GET"]), 405, {"Allow": "GET"}),
        (RequestEntityTooLarge("At most 8 MiB."), 413, {}),
        (ServiceUnavailable("The service is stopping."), 503, {}),
        (OutboxUnavailable(), 503, {"Retry-After": "5"}),
        (ValueError("/secret/path"), 500, {}),
    ],
)
def test_each_error_has_its_status_and_headers(error, status, headers):
    problem = problems.of(error)
    assert (problem.status, problem.headers) == (status, headers)
    said = json.loads(problem.body())
    assert said == {"type": "about:blank", "title": problem.title, "status": status, "detail": problem.detail}
    assert problem.title and problem.detail
    assert "secret" not in str(said)


def test_what_is_no_json_is_400_and_says_where(refuse):
    problem = refuse(b'{"UserID": 1,}')
    assert (problem.status, problem.errors) == (400, [])
    assert problem.detail == "The body is no JSON: trailing comma at line 1 column 14."


def test_too_many_rows_are_413(refuse):
    problem = refuse(b"[" + b"0," * MAX_ROWS + b"0]")
    assert problem.status == 413
    assert str(MAX_ROWS) in problem.detail


def test_wrong_fields_are_422_and_each_is_listed_with_its_value(refuse):
    problem = refuse(UserID="x", TimeSpentOnCourse=-1)
    assert problem.status == 422
    assert problem.errors == [
        {"field": "UserID", "message": "Input should be a valid integer", "value": "x"},
        {"field": "TimeSpentOnCourse", "message": "Input should be greater than or equal to 0", "value": -1},
    ]
    assert all(error["field"] in problem.detail and error["message"] in problem.detail for error in problem.errors)


def test_a_missing_field_has_no_value(refuse):
    errors = refuse(b"{}").errors
    assert [set(error) for error in errors] == [{"field", "message"}] * 6


def test_an_array_without_an_object_is_told_what_it_may_hold(refuse):
    problem = refuse(b"[]")
    assert problem.errors == [
        {"field": "body", "message": "An array has to hold at least one object, and may hold 10,000", "value": []}
    ]


def test_an_address_that_is_none_is_told_where_the_others_are():
    assert problems.of(NotFound()).detail == "There is nothing at this address. /docs describes those of this service."


@pytest.mark.parametrize(("body", "field"), [(b"42", "body"), (b"[]", "body"), (b"[42]", "0")])
def test_a_fault_of_the_whole_is_named_too(refuse, body, field):
    assert [error["field"] for error in refuse(body).errors] == [field]


def test_many_faults_are_counted_but_not_all_listed(refuse):
    problem = refuse(b"[" + b"{}," * 999 + b"{}]")
    assert len(problem.errors) == 1000
    assert problem.detail.endswith("; and 5980 more")


@pytest.mark.parametrize(
    "value",
    ["x" * 5000, ["x"] * 5000, {"x" * 5000: 1}, 10**4000, -(10**4299)],
    ids=["text", "list", "key", "int", "longest"],
)
def test_a_long_value_is_not_sent_back_whole(refuse, value):
    assert len(refuse(UserID=value).body()) < 1000


@pytest.mark.parametrize("value", [float("nan"), [float("-inf")], {"a": {"b": float("inf")}}])
def test_a_value_that_json_cannot_hold_is_sent_back_as_text(refuse, value):
    def fail(constant):
        raise AssertionError(constant)

    (error,) = json.loads(refuse(UserID=value).body(), parse_constant=fail)["errors"]
    assert error["value"] == str(value)


def test_the_log_says_why_the_service_failed(caplog):
    error = ValueError("/secret/path")
    problems.log(problems.of(error), error, "an-id")
    (record,) = caplog.records
    assert (record.levelno, record.request_id, record.exc_info[1]) == (logging.ERROR, "an-id", error)


def test_the_log_names_what_was_refused_in_short(caplog, refuse):
    caplog.set_level(logging.INFO)
    problems.log(refuse(b"[" + b"{}," * 999 + b"{}]"), ValueError(), "an-id")
    (record,) = caplog.records
    assert record.levelno == logging.INFO
    assert "0.UserID" in record.getMessage() and len(record.getMessage()) < 600


def test_a_full_outbox_is_not_logged_with_each_request(caplog):
    error = OutboxUnavailable()
    problems.log(problems.of(error), error, "an-id")
    assert not caplog.records
