"""The least that an answer costs with Flask and gunicorn: a constant one."""

import os
from types import SimpleNamespace

from flask import Flask, Response

ANSWER = "BENCHMARK_ANSWER"  # the environment variable that holds it


def create_app() -> Flask:
    """An app that gives the constant to each POST."""
    app = Flask(__name__)
    answer = os.environ[ANSWER]
    # What serving.worker.Worker needs of an app.
    app.extensions["service"] = SimpleNamespace(
        settings=SimpleNamespace(shutdown_delay=0),
        is_stopping=False,
        outbox=SimpleNamespace(close=lambda: None),
        tally=SimpleNamespace(hand_on=lambda: None),
    )

    @app.post("/predict")
    def _predict() -> Response:
        return Response(answer, mimetype="application/json")

    return app
