"""Running deployments through Prefect's API, of which a stub answers here; the end-to-end tests have the real one."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import requests

from stack import prefect


class _Api:
    """Answers 503 to the first calls, as Prefect does while its database is busy."""

    def __init__(self, busy):
        self.keys: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            """Answers what run_deployment asks."""

            def do_GET(self):  # pylint: disable=invalid-name  # the base class gives the name
                """As the base class calls it."""
                self._answer({"id": "d", "state": {"type": "COMPLETED", "message": ""}})

            def do_POST(self):  # pylint: disable=invalid-name
                """As the base class calls it."""
                nonlocal busy
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if "create_flow_run" not in self.path:
                    self._answer([])
                    return
                outer.keys.append(body["idempotency_key"])
                busy -= 1
                self._answer({"id": "r"}, 200 if busy < 0 else 503)

            def _answer(self, body, status=200):
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *_):  # pylint: disable=arguments-differ
                """Says nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def run(self):
        """Runs a deployment, and stops answering."""
        try:
            api = f"http://127.0.0.1:{self.server.server_port}"
            prefect.run_deployment(api, "a/b", {}, Path("log"), lambda *_: None)
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
