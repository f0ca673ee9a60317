"""Answers, and what is kept of them."""

import uuid
from datetime import datetime
from io import BytesIO

import pytest
from gunicorn.http.errors import InvalidChunkSize
from pydantic import SecretStr

from predict import create_app
from serving.outbox.writer import OutboxUnavailable
from tests.rows import waiting

KEY = "k3y"
KEY_HASH = "a49b1287870c10a76f1f46552aca4431842ced5dedf0ee3f28ffa12855a4e86a"


def test_a_student_gets_an_answer_that_is_kept(client, settings, model, request_body):
    response = client.post("/predict", json=request_body)
    assert response.status_code == 200
    answer = response.json
    assert list(answer) == ["CourseCompletion", "CompletionProbability", "PredictionID", "RUN_ID"]
    assert answer["CourseCompletion"] == int(answer["CompletionProbability"] > 0.5)
    assert answer["RUN_ID"] == model.run_id
    (row,) = waiting(settings.outbox_dir)
    assert datetime.fromisoformat(row.pop("timestamp")).utcoffset().total_seconds() == 0
    assert row == {
        "prediction_id": str(uuid.UUID(answer["PredictionID"])),
        "run_id": model.run_id,
        "user_id": "6001",
        "course_category": "Science",
        "device_type": "1",
        "time_spent_on_course": "42.238989",
        "number_of_videos_watched": "8",
        "number_of_quizzes_taken": "7",
        "prediction": str(answer["CourseCompletion"]),
        "probability": str(answer["CompletionProbability"]),
    }


def test_older_clients_post_to_the_root(client, request_body):
    by_root, by_name = client.post("/", json=request_body).json, client.post("/predict", json=request_body).json
    assert by_root | {"PredictionID": ""} == by_name | {"PredictionID": ""}
    assert by_root["PredictionID"] != by_name["PredictionID"]


def test_an_array_gets_an_array_of_answers_in_its_order(client, settings, request_body):
    idle, busy = (
        {**request_body, "UserID": user, "NumberOfVideosWatched": count, "NumberOfQuizzesTaken": count}
        for user, count in ((1, 0), (2, 10))
    )
    answers = client.post("/predict", json=[idle, busy, idle]).json
    alone = [client.post("/predict", json=body).json["CompletionProbability"] for body in (idle, busy, idle)]
    assert [answer["CompletionProbability"] for answer in answers] == alone
    assert alone[0] < alone[1]
    assert [row["user_id"] for row in waiting(settings.outbox_dir)[:3]] == ["1", "2", "1"]


def test_an_array_of_one_gets_an_array(client, request_body):
    assert len(client.post("/predict", json=[request_body]).json) == 1


def test_a_missing_number_is_scored_and_kept_as_missing(client, settings, request_body):
    assert client.post("/predict", json=request_body | {"TimeSpentOnCourse": None}).status_code == 200
    assert waiting(settings.outbox_dir)[0]["time_spent_on_course"] == "\\N"


def test_an_unseen_category_is_scored_with_a_warning(client, settings, request_body):
    answer = client.post("/predict", json=request_body | {"CourseCategory": "Law\t\\", "DeviceType": 7}).json
    assert [(warning["field"], warning["value"]) for warning in answer["Warnings"]] == [
        ("CourseCategory", "Law\t\\"),
        ("DeviceType", 7),
    ]
    assert "Programming" in answer["Warnings"][0]["message"]
    assert waiting(settings.outbox_dir)[0]["course_category"] == "Law\\t\\\\"
    assert 'unseen_categories_total{field="CourseCategory"}' in client.get("/metrics").text


def test_what_could_not_be_kept_is_not_answered_and_the_client_hears_no_detail(client, monkeypatch, request_body):
    def refuse(*_):
        raise OutboxUnavailable from OSError("/secret/path")

    monkeypatch.setattr(client.application.extensions["service"].outbox, "append", refuse)
    for path, body in ("/predict", request_body), (
        "/outcomes",
        {"UserID": 1, "CourseCompletion": 1, "OccurredAt": "2026-01-01T00:00:00Z"},
    ):
        response = client.post(path, json=body)
        assert response.status_code == 503
        assert response.headers["Retry-After"]
        assert response.content_type == "application/problem+json"
        assert "secret" not in response.text


def test_an_outcome_is_kept(client, settings):
    body = [{"UserID": 6001, "CourseCompletion": 1, "OccurredAt": "2026-01-31T13:00:00+01:00"}] * 2
    assert client.post("/outcomes", json=body).json == {"Recorded": 2}
    first, second = waiting(settings.outbox_dir, "outcomes")
    assert first["outcome_id"] == second["outcome_id"]
    assert (first["user_id"], first["prediction_id"], first["course_completion"]) == ("6001", "\\N", "1")
    assert first["occurred_at"] == "2026-01-31T12:00:00+00:00"


def test_health_names_the_run(client, model):
    for path in "/health", "/health/ready":
        response = client.get(path)
        assert (response.status_code, response.json["RUN_ID"]) == (200, model.run_id)


def test_it_is_not_ready_while_it_stops_but_still_answers(client, request_body):
    client.application.extensions["service"].is_stopping = True
    assert client.get("/health/ready").status_code == 503
    assert client.get("/health/live").status_code == 200
    assert client.post("/predict", json=request_body).status_code == 200


def test_the_model_is_described(client, model):
    found = client.get("/model").json
    assert (found["RUN_ID"], found["version"], found["pinned"]) == (model.run_id, "3", True)
    assert found["features"][0]["categories"] == ["Arts", "Business", "Health", "Programming", "Science"]
    assert found["metrics"]["test_roc_auc"] == 0.806


@pytest.mark.parametrize(("given", "comes_back"), [("abc-1.2_X", True), ("a b", False), ("x" * 65, False), ("", False)])
@pytest.mark.parametrize(("method", "path"), [("POST", "/predict"), ("GET", "/model"), ("GET", "/nothing")])
def test_every_answer_has_a_request_id_the_clients_if_it_is_one(client, method, path, given, comes_back):
    answered = client.open(path, method=method, headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert (answered == given) is comes_back
    assert answered


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/predict", 405), ("GET", "/nothing", 404)])
def test_a_wrong_address_or_method_is_a_problem_too(client, method, path, status):
    response = client.open(path, method=method)
    assert (response.status_code, response.json["status"]) == (status, status)
    assert response.content_type == "application/problem+json"
    assert "/docs" in response.json["detail"] and (status == 404 or "POST" in response.json["detail"])


def test_a_body_over_the_limit_is_413(client, request_body):
    assert client.post("/predict", data=b"[" + b" " * 9_000_000 + b"]").status_code == 413
    too_many = client.post("/predict", json=[request_body] * 10_001)
    assert too_many.status_code == 413
    assert "10000" in too_many.json["detail"]


def test_rows_that_would_never_fit_into_the_outbox_are_413_and_not_503(settings, request_body):
    small = create_app(settings.model_copy(update={"outbox_max_bytes": 1024**2})).test_client()
    assert small.post("/predict", json=[request_body] * 1000).status_code == 200
    assert small.post("/predict", json=[request_body] * 9000).status_code == 413
    assert len(waiting(settings.outbox_dir)) == 1000


def test_a_body_that_was_cut_off_is_400(client):
    response = client.post("/predict", data=b"{", headers={"Content-Length": "100"})
    assert response.status_code == 400


@pytest.mark.parametrize("error", [ConnectionResetError("by peer"), InvalidChunkSize(b"ZZ")])
@pytest.mark.parametrize("path", ["/predict", "/outcomes"])
def test_a_body_that_cannot_be_read_is_the_clients_fault(client, path, error):
    class Cut(BytesIO):
        """Fails in the middle."""

        def read(self, *_):
            """As BytesIO."""
            raise error

    response = client.post(path, input_stream=Cut(), headers={"Content-Length": "10"})
    assert response.status_code == 400


def test_an_unexpected_error_shows_the_client_nothing_of_the_inside(client, monkeypatch, request_body):
    service = client.application.extensions["service"]
    monkeypatch.setattr(service.outbox, "append", None)
    response = client.post("/predict", json=request_body)
    assert response.status_code == 500
    assert "NoneType" not in response.text


@pytest.mark.parametrize("path", ["/predict", "/", "/outcomes"])
def test_where_keys_are_configured_one_is_needed_to_post(settings, path, request_body):
    client = create_app(settings.model_copy(update={"api_keys": SecretStr(KEY_HASH)})).test_client()
    body = {"UserID": 1, "CourseCompletion": 0, "OccurredAt": "2026-01-01T00:00:00Z"} | request_body
    assert client.post(path, json=body, headers={"Authorization": f"Bearer {KEY}"}).status_code == 200
    for refused in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": "Bearer ö"},
    ):
        response = client.post(path, json=body, headers=refused)
        assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert client.get("/model").json["needs_api_key"]


def test_metrics_count_what_was_done(client, request_body):
    client.post("/predict", json=request_body)
    text = client.get("/metrics").text
    for metric in (
        'http_requests_total{route="/predict",status="200"}',
        'http_request_duration_seconds_bucket{le="0.001",route="/predict"}',
        'predictions_total{completion="1"}',
        "outbox_rows 1.0",
        "outbox_oldest_row_age_seconds",
        'model_info{run_id="210b8bced86749a8b0271d18ae54e11a",version="3"} 1.0',
    ):
        assert metric in text


def test_the_pages_need_nothing_from_elsewhere(client):
    for path in "/", "/docs":
        page = client.get(path)
        assert page.status_code == 200
        assert "http://" not in page.text and "https://" not in page.text
        assert page.headers["Content-Security-Policy"].startswith("default-src 'self'")
    for path in "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css", "/static/page.js", "/static/docs.js":
        assert client.get(path).status_code == 200
    assert client.get("/docs/../predict.py").status_code == 404
