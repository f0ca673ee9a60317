"""Which model is served, and how it changes.

A stub answers in place of MLflow's registry, of which one address matters here; `make end-to-end` has the real one.
"""

import base64
import json
import shutil
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from serving import champion, fetch, registry, served
from serving.champion import Champion, Follower
from serving.fetch import FetchError
from serving.registry import RegistryUnavailable
from serving.served import Served
from serving.settings import Settings

OLD, NEW = "0" * 32, "1" * 32
STOP_SECONDS = 0.01  # at most, until a stub notices that it is to end


class _Registry:
    """Says that `run_id` is champion, or fails while it is None."""

    def __init__(self):
        self.run_id: str | None = OLD
        self.answer: bytes | None = None
        self.authorization: str | None = None
        self.asked: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            """Answers each GET."""

            def do_GET(self):  # pylint: disable=invalid-name  # the base class gives the name
                """As the base class calls it."""
                outer.asked.append(self.path)
                outer.authorization = self.headers["Authorization"]
                body = {"model_version": {"run_id": outer.run_id}} if outer.run_id else {"message": "no such model"}
                self.send_response(200 if outer.run_id else 404)
                self.end_headers()
                self.wfile.write(outer.answer or json.dumps(body).encode())

            def log_message(self, *_):  # pylint: disable=arguments-differ
                """Says nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=[STOP_SECONDS], daemon=True).start()


@pytest.fixture(name="mlflow")
def _mlflow():
    stub = _Registry()
    yield stub
    stub.server.shutdown()
    stub.server.server_close()


@pytest.fixture(name="following")
def _following(mlflow, tmp_path, model_cache, model, monkeypatch):
    """Settings of a service that follows the champion and has the files of two models."""
    for run_id in OLD, NEW:
        shutil.copytree(model_cache / model.run_id, tmp_path / "cache" / run_id)
    monkeypatch.setattr(served, "LOOK_SECONDS", 0)
    return Settings(tracking_uri=f"http://127.0.0.1:{mlflow.server.server_port}", model_cache=tmp_path / "cache")


def test_the_registry_is_asked_for_the_alias(mlflow, following):
    assert registry.champion(following) == OLD
    assert mlflow.asked == ["/api/2.0/mlflow/registered-models/alias?name=online-course-model&alias=champion"]
    mlflow.run_id = None
    with pytest.raises(RegistryUnavailable, match="404: no such model"):
        registry.champion(following)


def test_a_new_champion_is_served_from_the_next_request_on(mlflow, following):
    service, follower = Served(following), Follower(following)
    assert service.predictor().model.run_id == OLD
    mlflow.run_id = NEW
    assert service.predictor().model.run_id == OLD
    follower.look()
    assert service.predictor().model.run_id == NEW
    assert service.refused is None


def test_a_champion_that_does_not_load_is_not_served_and_that_is_said(mlflow, following, caplog):
    service, follower = Served(following), Follower(following)
    mlflow.run_id = NEW
    follower.look()
    (following.model_cache / NEW / "model.onnx").write_bytes(b"no model")
    assert service.predictor().model.run_id == OLD
    assert service.refused == NEW
    assert f"Run {NEW}, the new champion, does not load" in caplog.text
    mlflow.run_id = OLD
    follower.look()
    assert (service.predictor().model.run_id, service.refused) == (OLD, None)


def test_damaged_files_in_the_cache_are_no_champion_also_for_a_process_that_starts(mlflow, following, caplog):
    service, follower = Served(following), Follower(following)
    (following.model_cache / NEW / "model.onnx").write_bytes(b"no model")
    mlflow.run_id = NEW
    follower.look()
    assert (service.predictor().model.run_id, service.refused) == (OLD, NEW)
    assert f"{NEW} is damaged; once it is deleted" in caplog.text
    assert Served(following).predictor().model.run_id == OLD
    (following.model_cache / NEW / "contract.json").unlink()
    assert Served(following).predictor().model.run_id == OLD


def test_a_champion_that_cannot_be_fetched_is_tried_again_later_and_said_once(mlflow, following, monkeypatch, caplog):
    service, follower = Served(following), Follower(following)
    tries = []

    def fail(_settings, run_id, is_new):
        assert is_new
        tries.append(run_id)
        raise FetchError("it is gone")

    monkeypatch.setattr(fetch, "bring", fail)
    mlflow.run_id = NEW
    for _ in range(3):
        follower.look()
    assert tries == [NEW]
    assert caplog.text.count("cannot be served") == 1
    assert (service.predictor().model.run_id, service.refused) == (OLD, NEW)


def test_without_mlflow_the_last_champion_is_served_and_that_is_said(mlflow, following, caplog):
    champion.bring(following)
    mlflow.run_id = None
    assert champion.bring(following) == OLD
    assert "the last one is served" in caplog.text


def test_without_mlflow_and_a_last_champion_it_says_what_it_tried(following):
    settings = following.model_copy(update={"tracking_uri": "http://127.0.0.1:9"})
    with pytest.raises(
        FetchError, match="^The champion of online-course-model cannot be had from MLflow at http://127"
    ):
        champion.bring(settings)


def test_a_pinned_run_asks_nobody(following, mlflow):
    pinned = following.model_copy(update={"run_id": NEW})
    assert Served(pinned).predictor().model.run_id == NEW
    assert not mlflow.asked


def test_a_file_that_is_no_pointer_counts_as_none(following):
    champion.remember(following, Champion(OLD))
    assert champion.remembered(following) == Champion(OLD)
    champion.pointer(following).write_text("{", encoding="utf-8")
    assert champion.remembered(following) is None
    champion.remember(following, Champion("2" * 32))  # whose files are not here
    assert champion.remembered(following) is None


def test_a_full_disk_does_not_keep_it_from_starting(following, mlflow, monkeypatch, caplog):
    champion.bring(following)
    mlflow.run_id = NEW

    def fail(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fail)
    assert champion.bring(following) == NEW
    assert "cannot be written, so the champion is not followed: No space left" in caplog.text


@pytest.mark.parametrize(
    "answer", [b"[1]", b"{", b'{"model_version": {"run_id": null}}', b'{"model_version": {"run_id": ""}}', b'{"a": 1}']
)
def test_an_answer_that_is_none_counts_as_no_answer(following, mlflow, answer):
    mlflow.answer = answer
    with pytest.raises(RegistryUnavailable):
        registry.champion(following)


def test_a_server_that_does_not_speak_http_counts_as_no_answer(following):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up():
            connection, _ = server.accept()
            connection.recv(1000)
            connection.sendall(b"220 smtp\r\n")
            connection.close()

        threading.Thread(target=hang_up, daemon=True).start()
        settings = following.model_copy(update={"tracking_uri": f"http://127.0.0.1:{server.getsockname()[1]}"})
        with pytest.raises(RegistryUnavailable):
            registry.champion(settings)


def test_a_password_in_the_address_is_sent_and_not_said(following, mlflow):
    address = following.tracking_uri.replace("http://", "http://reader:s3cret%21@")
    settings = following.model_copy(update={"tracking_uri": address})
    assert registry.champion(settings) == OLD
    assert mlflow.authorization == "Basic " + base64.b64encode(b"reader:s3cret!").decode()
    nobody_listens = settings.model_copy(update={"tracking_uri": "http://reader:s3cret@127.0.0.1:9", "run_id": None})
    nobody_listens = nobody_listens.model_copy(update={"model_cache": following.model_cache / "empty"})
    with pytest.raises(FetchError) as failed:
        champion.bring(nobody_listens)
    assert "s3cret" not in str(failed.value) and "http://127.0.0.1:9" in str(failed.value)
