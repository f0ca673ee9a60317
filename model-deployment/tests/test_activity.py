"""What is read as a student's activity, and which fault is found in what is not."""

import json

import pytest
from pydantic import ValidationError

from serving.activity import MAX_ROWS, ActivityReader

MISSING = object()


@pytest.fixture(name="reader")
def _reader(model):
    return ActivityReader(model.contract)


def _body(activity: dict, **changed) -> bytes:
    return json.dumps({name: value for name, value in (activity | changed).items() if value is not MISSING}).encode()


def _faults(reader, body: bytes) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        reader.read(body)
    return [(".".join(map(str, fault["loc"])), fault["msg"]) for fault in caught.value.errors()]


def test_an_object_is_a_row(reader, request_body):
    assert reader.read(_body(request_body)) == [request_body]


def test_an_array_is_rows_in_its_order(reader, request_body):
    students = [request_body | {"UserID": user} for user in (3, 1, 2)]
    assert reader.read(b" \n" + json.dumps(students).encode()) == students


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("UserID", 0),
        ("UserID", 2**63 - 1),
        ("CourseCategory", "Law"),
        ("CourseCategory", "x" * 100),
        ("CourseCategory", "\t\\\n"),
        ("DeviceType", -(2**31)),
        ("DeviceType", 2**31 - 1),
        ("TimeSpentOnCourse", 0),
        ("TimeSpentOnCourse", 10_000),
        ("TimeSpentOnCourse", None),
        ("NumberOfVideosWatched", None),
        ("NumberOfQuizzesTaken", 100_000),
    ],
)
def test_what_is_allowed_is_kept_as_it_is(reader, request_body, field, value):
    assert reader.read(_body(request_body, **{field: value}))[0][field] == value


@pytest.mark.parametrize("field", ["UserID", "DeviceType", "NumberOfVideosWatched"])
def test_a_whole_number_with_a_point_is_an_integer(reader, request_body, field):
    (row,) = reader.read(_body(request_body, **{field: 8.0}))
    assert repr(row[field]) == "8"  # an integer column in Postgres takes no 8.0


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("UserID", MISSING, "Field required"),
        ("UserID", "6001", "Input should be a valid integer"),
        ("UserID", 6001.5, "Input should be a valid integer"),
        ("UserID", -1, "Input should be greater than or equal to 0"),
        ("UserID", 2**63, "Input should be less than or equal to 9223372036854775807"),
        ("UserID", 1e300, "Input should be a valid integer"),
        ("UserID", None, "Input should be a valid integer"),
        ("CourseCategory", MISSING, "Field required"),
        ("CourseCategory", 3, "Input should be a valid string"),
        ("CourseCategory", "", "String should have at least 1 character"),
        ("CourseCategory", "x" * 101, "String should have at most 100 characters"),
        ("CourseCategory", "Arts\x00", "String should match pattern"),
        ("CourseCategory", None, "Input should be a valid string"),
        ("DeviceType", True, "Input should be a valid integer"),
        ("DeviceType", -(2**31) - 1, "Input should be greater than or equal to -2147483648"),
        ("DeviceType", 2**31, "Input should be less than or equal to 2147483647"),
        ("DeviceType", None, "Input should be a valid integer"),
        ("TimeSpentOnCourse", MISSING, "Field required"),
        ("TimeSpentOnCourse", "42", "Input should be a valid number"),
        ("TimeSpentOnCourse", True, "Input should be a valid number"),
        ("TimeSpentOnCourse", -0.1, "Input should be greater than or equal to 0"),
        ("TimeSpentOnCourse", 10_000.1, "Input should be less than or equal to 10000"),
        ("TimeSpentOnCourse", float("nan"), "Input should be a finite number"),
        ("TimeSpentOnCourse", float("inf"), "Input should be a finite number"),
        ("TimeSpentOnCourse", 10**400, "Input should be a finite number"),
        ("NumberOfVideosWatched", 8.5, "Input should be a valid integer"),
        ("NumberOfVideosWatched", float("nan"), "Input should be a valid integer"),
        ("NumberOfVideosWatched", -1, "Input should be greater than or equal to 0"),
        ("NumberOfQuizzesTaken", 100_001, "Input should be less than or equal to 100000"),
        ("NumberOfQuizzesTaken", [7], "Input should be a valid integer"),
    ],
)
def test_a_wrong_field_is_the_only_fault(reader, request_body, field, value, message):
    ((name, found),) = _faults(reader, _body(request_body, **{field: value}))
    assert name == field
    assert message in found


def test_all_faults_are_found_at_once(reader):
    assert [field for field, _ in _faults(reader, b'{"UserID": "x", "DeviceType": 1, "TimeSpentOnCourse": -1}')] == [
        "UserID",
        "CourseCategory",
        "TimeSpentOnCourse",
        "NumberOfVideosWatched",
        "NumberOfQuizzesTaken",
    ]


def test_in_an_array_a_fault_says_which_object(reader, request_body):
    students = [request_body, request_body | {"DeviceType": "laptop"}]
    assert [field for field, _ in _faults(reader, json.dumps(students).encode())] == ["1.DeviceType"]


def test_other_fields_are_ignored(reader, request_body):
    assert reader.read(_body(request_body, Note={"any": ["thing"]}, QuizScores=80)) == [request_body]


@pytest.mark.parametrize("body", [b"[]", b"null", b"42", b'"text"', b"[1]", b"[[]]"])
def test_json_that_is_no_activity_is_refused(reader, body):
    assert _faults(reader, body)


@pytest.mark.parametrize("body", [b"", b"{", b"no json", b'{"UserID": 1,}', b"\xff\xfe", b'{"UserID": "\\ud800"}'])
def test_what_is_no_json_is_refused_as_such(reader, body):
    ((field, message),) = _faults(reader, body)
    assert (field, message[:12]) == ("", "Invalid JSON")


def test_there_is_a_limit_of_rows(reader, request_body):
    rows = [request_body] * MAX_ROWS
    assert len(reader.read(json.dumps(rows).encode())) == MAX_ROWS
    ((field, message),) = _faults(reader, json.dumps(rows + [request_body]).encode())
    assert field == "" and f"at most {MAX_ROWS} items" in message


@pytest.mark.parametrize("too_large", [3.41e38, -1e39])
def test_a_number_without_bounds_is_still_one_that_the_model_can_compute_with(too_large):
    score = {"name": "Score", "kind": "numerical", "type": "number"}
    reader = ActivityReader({"student": {"name": "UserID"}, "features": [score]})
    assert reader.read(b'{"UserID": 1, "Score": -3e38}') == [{"UserID": 1, "Score": -3e38}]
    assert [field for field, _ in _faults(reader, _body({"UserID": 1, "Score": too_large}))] == ["Score"]
