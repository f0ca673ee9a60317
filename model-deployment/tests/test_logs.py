"""Logs of the service under gunicorn."""

import json
import os
import signal
import sys

import pytest
import requests

from benchmarks.servers import START_SECONDS, Service, start, wait
from serving.settings import SERVICE


@pytest.fixture(name="service")
def _service(tmp_path, model, model_cache, database):
    service = Service(tmp_path, database[1] | {"RUN_ID": model.run_id, "MODEL_CACHE": str(model_cache)})
    yield service
    service.kill()


def _said(service):
    return [json.loads(line) for line in service.log.read_text(encoding="utf-8").splitlines()]


def test_every_line_is_json_and_tells_of_start_end_and_failed_requests(service, request_body):
    service.start()
    requests.post(f"{service.address}/predict", json=request_body, timeout=5)
    requests.post(f"{service.address}/predict", json={}, headers={"X-Request-ID": "mine"}, timeout=5)
    assert service.stop() == 0
    said = _said(service)
    assert all({"time", "level", "logger", "message"} <= set(line) for line in said)
    messages = [line["message"] for line in said]
    assert f"Serving at {service.address}" in messages
    assert "The outbox is empty." in messages
    assert not [message for message in messages if message.startswith("Listening at")]
    (refused,) = [line for line in said if "request_id" in line]
    assert (refused["request_id"], refused["status"]) == ("mine", 422)


def test_ctrl_c_leaves_no_traceback(service):
    service.start()
    os.killpg(service.process.pid, signal.SIGINT)
    assert service.process.wait(START_SECONDS) == 0
    assert "The outbox is empty." in [line["message"] for line in _said(service)]


def test_for_development_too_every_line_is_json_without_colours(service):
    service.process = start([sys.executable, "predict.py"], SERVICE, service.log, service.settings)
    wait(service.is_ready)
    requests.post(f"{service.address}/predict", json={}, timeout=5)
    os.killpg(service.process.pid, signal.SIGINT)
    assert service.process.wait(START_SECONDS) == 0
    messages = [line["message"] for line in _said(service)]
    assert f"Serving at {service.address}, for development" in messages
    assert any('"POST /predict HTTP/1.1" 422' in message for message in messages)
    assert "\x1b" not in "".join(messages)


def test_with_an_access_log_each_request_is_a_line(service, request_body):
    service.settings["ACCESS_LOG"] = "true"
    service.start()
    requests.post(f"{service.address}/predict", json=request_body, headers={"X-Request-ID": "mine"}, timeout=5)
    service.stop()
    (line,) = [line for line in _said(service) if line.get("request_id") == "mine"]
    assert (line["method"], line["path"], line["status"]) == ("POST", "/predict", 200)
    assert 0 < line["seconds"] < 5
