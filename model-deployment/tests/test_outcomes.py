"""What is read as an outcome, when two are the same, and how they are kept."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from serving import outcomes

PREDICTION = "01a2097b-0805-7bbd-ac27-8488f395cf89"


def _body(**changed) -> bytes:
    return json.dumps({"UserID": 6001, "CourseCompletion": 1, "OccurredAt": "2026-01-31T12:00:00Z"} | changed).encode()


def _one(**changed) -> outcomes.Outcome:
    (outcome,) = outcomes.read(_body(**changed))
    return outcome


def _faulty_fields(body: bytes) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        outcomes.read(body)
    return [".".join(map(str, fault["loc"])) for fault in caught.value.errors()]


@pytest.mark.parametrize(
    ("written", "hour", "microsecond"),
    [
        ("2026-01-31T12:00:00Z", 12, 0),
        ("2026-01-31t12:00:00z", 12, 0),
        ("2026-01-31T12:00:00-00:00", 12, 0),
        ("2026-01-31T23:59:00+23:59", 0, 0),
        ("2026-01-31T12:00:00.5+01:00", 11, 500_000),
        ("2026-01-31T12:00:00.123456789Z", 12, 123_456),
    ],
)
def test_a_time_with_its_offset_is_kept_in_utc(written, hour, microsecond):
    assert _one(OccurredAt=written).occurred_at == datetime(2026, 1, 31, hour, 0, 0, microsecond, UTC)


def test_a_time_at_the_edge_is_one_in_utc_too():
    written = "1000-01-01T00:00:00+23:59"
    assert _one(OccurredAt=written).occurred_at == datetime.fromisoformat(written)


@pytest.mark.parametrize(
    "written",
    [
        "2026-01-31T12:00:00",
        "2026-01-31T12:00Z",
        "2026-01-31",
        "2026-02-30T12:00:00Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T23:59:60Z",
        "2026-01-31T12:00:00+24:00",
        "2026-01-31T12:00:00Z\n",
        "0999-12-31T23:59:59Z",
        "3000-01-01T00:00:00Z",
        "1700000000",
        "2999-12-31T23:59:59Z",
        "",
        1700000000,
        None,
    ],
)
def test_what_is_no_such_time_is_refused(written):
    assert _faulty_fields(_body(OccurredAt=written)) == ["OccurredAt"]


def test_it_may_be_ahead_by_a_day_of_clocks_and_time_zones():
    now = datetime.now(UTC)
    assert _one(OccurredAt=(now + timedelta(hours=23)).isoformat())
    with pytest.raises(ValidationError, match="more than a day ahead"):
        _one(OccurredAt=(now + timedelta(hours=25)).isoformat())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("UserID", -1),
        ("UserID", 2**63),
        ("UserID", "6001"),
        ("UserID", True),
        ("PredictionID", PREDICTION.replace("-", "")),
        ("PredictionID", f"{{{PREDICTION}}}"),
        ("PredictionID", ""),
        ("PredictionID", 1),
        ("CourseCompletion", 2),
        ("CourseCompletion", True),
        ("CourseCompletion", "1"),
        ("CourseCompletion", None),
    ],
)
def test_a_wrong_field_is_the_only_fault(field, value):
    assert _faulty_fields(_body(**{field: value})) == [field]


@pytest.mark.parametrize(
    "named", [{"PredictionID": PREDICTION}, {"UserID": None, "PredictionID": PREDICTION}, {"PredictionID": None}]
)
def test_it_names_the_student_or_the_prediction_or_both(named):
    assert _one(**named)


def test_it_names_someone():
    assert _faulty_fields(_body(UserID=None)) == [""]
    assert _faulty_fields(b'[{"CourseCompletion": 1, "OccurredAt": "2026-01-31T12:00:00Z"}]') == ["0"]


def test_all_faults_are_found_at_once():
    assert _faulty_fields(b'[{"UserID": "x", "PredictionID": "y"}]') == [
        "0.UserID",
        "0.PredictionID",
        "0.CourseCompletion",
        "0.OccurredAt",
    ]


@pytest.mark.parametrize(
    "same",
    [{}, {"OccurredAt": "2026-01-31T13:00:00.000+01:00"}, {"UserID": 6001.0}, {"CourseCompletion": 1.0}, {"Note": "x"}],
)
def test_the_same_outcome_has_the_same_id_however_it_is_written(same):
    # Never to be changed: what is in a database may be posted again.
    assert str(_one(**same).outcome_id()) == "2d88a4de-6b3b-5cef-824f-47d68f5e561e"


@pytest.mark.parametrize(
    "other",
    [
        {"UserID": 6002},
        {"UserID": None, "PredictionID": PREDICTION},
        {"PredictionID": PREDICTION},
        {"CourseCompletion": 0},
        {"OccurredAt": "2026-01-31T12:00:01Z"},
    ],
)
def test_another_outcome_has_another_id(other):
    assert _one(**other).outcome_id() != _one().outcome_id()


def test_outcomes_become_rows_in_their_order():
    found = outcomes.read(
        b"[" + _body() + b"," + _body(UserID=None, PredictionID=PREDICTION, CourseCompletion=0) + b"]"
    )
    lines = outcomes.rows(found).decode().split("\n")
    assert lines.pop() == ""
    rows = [dict(zip(outcomes.COLUMNS, line.split("\t"), strict=True)) for line in lines]
    for row, outcome in zip(rows, found, strict=True):
        assert row.pop("outcome_id") == str(outcome.outcome_id())
        assert abs(datetime.now(UTC) - datetime.fromisoformat(row.pop("received_at"))).total_seconds() < 60
    at = {"occurred_at": "2026-01-31T12:00:00+00:00"}
    assert rows == [
        {"prediction_id": "\\N", "user_id": "6001", "course_completion": "1"} | at,
        {"prediction_id": PREDICTION, "user_id": "\\N", "course_completion": "0"} | at,
    ]
