"""Bad requests: each says which field is wrong, what it was, and what is allowed."""

import pytest

MISSING = object()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("UserID", MISSING, "Field required"),
        ("UserID", "6001", "Input should be a valid integer"),
        ("UserID", 6001.5, "Input should be a valid integer"),
        ("UserID", -1, "Input should be greater than or equal to 0"),
        ("UserID", 2**63, "Input should be less than 9223372036854775808"),
        ("UserID", None, "Input should be a valid integer"),
        ("CourseCategory", MISSING, "Field required"),
        ("CourseCategory", 3, "Input should be a valid string"),
        ("CourseCategory", "", "String should have at least 1 character"),
        ("CourseCategory", "x" * 101, "String should have at most 100 characters"),
        ("CourseCategory", "Arts\x00", "String should match pattern"),
        ("CourseCategory", None, "Input should be a valid string"),
        ("DeviceType", True, "Input should be a valid integer"),
        ("DeviceType", -(2**31) - 1, "Input should be greater than or equal to -2147483648"),
        ("DeviceType", None, "Input should be a valid integer"),
        ("TimeSpentOnCourse", "42", "Input should be a valid number"),
        ("TimeSpentOnCourse", True, "Input should be a valid number"),
        ("TimeSpentOnCourse", -0.1, "Input should be greater than or equal to 0"),
        ("TimeSpentOnCourse", float("nan"), "Input should be a finite number"),
        ("TimeSpentOnCourse", float("inf"), "Input should be a finite number"),
        ("NumberOfVideosWatched", 8.5, "Input should be a valid integer"),
        ("NumberOfVideosWatched", -1, "Input should be greater than or equal to 0"),
        ("DeviceType", 2**31, "Input should be less than or equal to 2147483647"),
        ("TimeSpentOnCourse", 10_000.1, "Input should be less than or equal to 10000"),
        ("NumberOfQuizzesTaken", 100_001, "Input should be less than or equal to 100000"),
        ("NumberOfQuizzesTaken", [7], "Input should be a valid integer"),
    ],
)
def test_a_wrong_field_is_named(client, store, request_body, field, value, message):
    body = {name: sent for name, sent in (request_body | {field: value}).items() if sent is not MISSING}
    response = client.post("/predict", json=body)
    assert response.status_code == 422
    assert response.content_type == "application/problem+json"
    (error,) = response.json["errors"]
    assert error["field"] == field
    assert message in error["message"]
    assert ("value" in error) == (value is not MISSING)
    assert field in response.json["detail"]
    assert not store.rows


def test_all_faults_are_named_at_once(client):
    response = client.post("/predict", json={"UserID": "x", "DeviceType": 1, "TimeSpentOnCourse": -1})
    assert [error["field"] for error in response.json["errors"]] == [
        "UserID",
        "CourseCategory",
        "TimeSpentOnCourse",
        "NumberOfVideosWatched",
        "NumberOfQuizzesTaken",
    ]


def test_in_an_array_the_fault_says_which_object_and_nothing_is_kept(client, store, request_body):
    response = client.post("/predict", json=[request_body, request_body | {"DeviceType": "laptop"}])
    assert response.status_code == 422
    assert [error["field"] for error in response.json["errors"]] == ["1.DeviceType"]
    assert not store.rows


def test_a_long_value_is_not_sent_back_whole(client, request_body):
    response = client.post("/predict", json=request_body | {"UserID": "x" * 5000})
    assert len(response.text) < 1000


@pytest.mark.parametrize("body", [b"", b"{", b"not json", b'{"UserID": 1,}', b"\xff\xfe", b'{"UserID": "\\ud800"}'])
def test_bad_json_is_400(client, body):
    response = client.post("/predict", data=body)
    assert (response.status_code, response.json["title"]) == (400, "Bad JSON")


@pytest.mark.parametrize("body", [b"[]", b"null", b"42", b'"text"', b"[1]", b"[[]]"])
def test_json_that_is_no_activity_is_422(client, body):
    response = client.post("/predict", data=body)
    assert (response.status_code, response.json["title"]) == (422, "Invalid request")


def test_extra_fields_are_ignored(client, store, request_body):
    assert client.post("/predict", json=request_body | {"Note": "x", "QuizScores": 80}).status_code == 200
    assert "Note" not in store.rows[0]


def test_an_array_over_the_limit_is_refused(client, store, request_body):
    response = client.post("/predict", json=[request_body] * 10_001)
    assert response.status_code == 422
    assert "at most 10000 items" in response.json["detail"]
    assert not store.rows


def test_many_faults_make_no_large_answer(client):
    response = client.post("/predict", json=[{}] * 5000)
    assert len(response.json["errors"]) == 20
    assert response.json["detail"].endswith("; and 29980 more")
    assert len(response.text) < 5000


def test_a_value_that_json_cannot_hold_is_sent_back_as_text(client, request_body):
    body = client.application.json.dumps(request_body | {"DeviceType": "x"}).replace('"x"', "[NaN]")
    response = client.post("/predict", data=body)
    assert response.json["errors"][0]["value"] == "[nan]"
    assert "NaN" not in response.text
