"""Running deployments through Prefect's API, of which a stub answers here; the end-to-end tests have the real one."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from stack import prefect
from stack.console import StepFailed

LATE_SECONDS = 0.3


class _Api:
    """Answers 503 to the first calls, or later than asked, as Prefect does while its database is busy.

    Then a run is in this state.
    """

    def __init__(self, busy=0, late=0, state="COMPLETED", message=""):
        self.keys: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            """Answers what run_deployment asks."""

            def do_GET(self):  # pylint: disable=invalid-name  # the base class gives the name
                """As the base class calls it."""
                self._answer({"id": "d", "state": {"type": state, "message": message}})

            def do_POST(self):  # pylint: disable=invalid-name
                """As the base class calls it."""
                nonlocal busy, late
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if "create_flow_run" not in self.path:
                    self._answer([])
                    return
                outer.keys.append(body["idempotency_key"])
                late -= 1
                if late >= 0:
                    time.sleep(LATE_SECONDS)
                    return
                busy -= 1
                self._answer({"id": "r"}, 200 if busy < 0 else 503)

            def _answer(self, body, status=200):
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *_):  # pylint: disable=arguments-differ
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def run(self, log=Path("log")):
        """Runs a deployment, and stops answering."""
        try:
            api = f"http://127.0.0.1:{self.server.server_port}"
            prefect.run_deployment(api, "a/b", {}, log, lambda *_: None)
        finally:
            self.server.shutdown()
            self.server.server_close()


@pytest.fixture(name="hurry", autouse=True)
def _hurry(monkeypatch):
    monkeypatch.setattr(prefect, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(prefect, "SETTLING_SECONDS", (0, 0))


def test_a_busy_server_is_asked_again_for_the_same_run():
    api = _Api(busy=2)
    api.run()
    assert len(api.keys) == 3
    assert len(set(api.keys)) == 1


def test_a_server_that_stays_busy_is_an_error(monkeypatch):
    monkeypatch.setattr(prefect, "BUSY_SECONDS", 0.1)
    with pytest.raises(requests.HTTPError, match="503"):
        _Api(busy=10_000).run()


def test_a_server_that_does_not_answer_in_time_is_asked_again_for_the_same_run(monkeypatch):
    monkeypatch.setattr(prefect, "ANSWER_SECONDS", LATE_SECONDS / 2)
    api = _Api(late=2)
    api.run()
    assert len(api.keys) >= 3
    assert len(set(api.keys)) == 1


def test_a_server_that_never_answers_in_time_is_an_error(monkeypatch):
    monkeypatch.setattr(prefect, "ANSWER_SECONDS", LATE_SECONDS / 2)
    monkeypatch.setattr(prefect, "BUSY_SECONDS", LATE_SECONDS)
    with pytest.raises(requests.Timeout):
        _Api(late=10_000).run()


def test_what_a_flow_raised_is_told_without_its_traceback(tmp_path):
    log = tmp_path / "worker.log"
    log.write_text("Traceback (most recent call last):\nSourceError: it has no rows\n", encoding="utf-8")
    with pytest.raises(StepFailed) as raised:
        _Api(state="FAILED", message="Flow run encountered an exception: SourceError: it has no rows").run(log)
    assert str(raised.value) == (
        f"a/b failed: Flow run encountered an exception: SourceError: it has no rows\nThe log is {log}."
    )


def test_of_a_run_that_crashed_the_log_tells_more(tmp_path):
    log = tmp_path / "worker.log"
    log.write_text("Killed\n", encoding="utf-8")
    with pytest.raises(StepFailed, match="a/b crashed: (.|\n)*it ends:\n    Killed"):
        _Api(state="CRASHED", message="The process ended with code -9").run(log)
