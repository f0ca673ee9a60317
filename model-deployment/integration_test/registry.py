"""Stands in for MLflow, of which the service asks one thing here: which run is champion.

Nothing else of MLflow matters to these tests, since the files of all models are in the cache already.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from benchmarks.servers import HOST

PATH = "/api/2.0/mlflow/registered-models/alias?"


class Registry:
    """Says that `champion` is."""

    def __init__(self, champion: str):
        self.champion = champion
        outer = self

        class Handler(BaseHTTPRequestHandler):
            """Answers each GET."""

            def do_GET(self) -> None:  # pylint: disable=invalid-name  # the base class gives the name
                """As the base class calls it."""
                body = json.dumps({"model_version": {"run_id": outer.champion}}).encode()
                self.send_response(200 if self.path.startswith(PATH) else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_) -> None:  # pylint: disable=arguments-differ
                """Says nothing."""

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self.address = f"http://{HOST}:{self._server.server_port}"

    def __enter__(self) -> "Registry":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()
