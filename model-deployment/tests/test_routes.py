"""Answers, and what is kept of them."""

import uuid

import pytest


def test_a_student_gets_an_answer_that_is_kept(client, store, model, request_body):
    response = client.post("/predict", json=request_body)
    assert response.status_code == 200
    answer = response.json
    assert list(answer) == ["CourseCompletion", "CompletionProbability", "PredictionID", "RUN_ID"]
    assert answer["CourseCompletion"] == int(answer["CompletionProbability"] > 0.5)
    assert answer["RUN_ID"] == model.run_id
    (row,) = store.rows
    assert row["prediction_id"] == str(uuid.UUID(answer["PredictionID"]))
    assert (row["prediction"], row["probability"]) == (answer["CourseCompletion"], answer["CompletionProbability"])
    assert row["timestamp"].utcoffset().total_seconds() == 0
    assert {name: row[name] for name in ("user_id", "course_category", "device_type", "run_id")} == {
        "user_id": 6001,
        "course_category": "Science",
        "device_type": 1,
        "run_id": model.run_id,
    }
    assert (row["time_spent_on_course"], row["number_of_videos_watched"], row["number_of_quizzes_taken"]) == (
        42.238989,
        8,
        7,
    )


def test_older_clients_post_to_the_root(client, request_body):
    by_root, by_name = client.post("/", json=request_body).json, client.post("/predict", json=request_body).json
    assert by_root | {"PredictionID": ""} == by_name | {"PredictionID": ""}
    assert by_root["PredictionID"] != by_name["PredictionID"]


def test_an_array_gets_an_array_of_answers_in_its_order(client, store, request_body):
    idle, busy = (
        {**request_body, "UserID": user, "NumberOfVideosWatched": count, "NumberOfQuizzesTaken": count}
        for user, count in ((1, 0), (2, 10))
    )
    answers = client.post("/predict", json=[idle, busy, idle]).json
    alone = [client.post("/predict", json=body).json["CompletionProbability"] for body in (idle, busy, idle)]
    assert [answer["CompletionProbability"] for answer in answers] == alone
    assert alone[0] < alone[1]
    assert [row["user_id"] for row in store.rows[:3]] == [1, 2, 1]


def test_an_array_of_one_gets_an_array(client, request_body):
    assert len(client.post("/predict", json=[request_body]).json) == 1


def test_a_missing_number_is_scored_and_kept_as_missing(client, store, request_body):
    assert client.post("/predict", json=request_body | {"TimeSpentOnCourse": None}).status_code == 200
    assert store.rows[0]["time_spent_on_course"] is None


def test_what_could_not_be_kept_is_not_answered_and_the_client_hears_no_detail(client, store, request_body):
    store.is_down = True
    response = client.post("/predict", json=request_body)
    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert response.content_type == "application/problem+json"
    assert "10.1.2.3" not in response.text


def test_health_names_the_run(client, model):
    response = client.get("/health")
    assert (response.status_code, response.json["RUN_ID"]) == (200, model.run_id)


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/predict", 405), ("GET", "/nothing", 404)])
def test_a_wrong_address_or_method_is_a_problem_too(client, method, path, status):
    response = client.open(path, method=method)
    assert (response.status_code, response.json["status"]) == (status, status)
    assert response.content_type == "application/problem+json"


def test_a_body_over_the_limit_is_413(client):
    assert client.post("/predict", data=b"[" + b" " * 9_000_000 + b"]").status_code == 413


def test_an_unexpected_error_shows_the_client_nothing_of_the_inside(client, store, request_body):
    store.write = None
    response = client.post("/predict", json=request_body)
    assert response.status_code == 500
    assert response.json["title"] == "Internal error"
    assert "NoneType" not in response.text
