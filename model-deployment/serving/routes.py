"""The addresses of the service that Flask serves: all but predictions, which `fast` answers."""

import time
from importlib.resources import files

from flask import Flask, Response, g, jsonify, render_template, request, send_from_directory

from serving import fast, metrics, problems
from serving.openapi import description
from serving.service import Service, request_id

OTHER = "other"  # as the route of an address that is none
POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"


def register(app: Flask, service: Service) -> None:
    """Adds all routes, how errors are answered, and what is counted of each request."""
    _observe(app, service)
    _predictions_and_outcomes(app, service)
    _model(app, service)
    _health_and_metrics(app, service)
    _pages(app, service)


def _observe(app: Flask, service: Service) -> None:
    @app.before_request
    def begin() -> None:
        g.started = time.perf_counter()
        g.request_id = request_id(request.environ)

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-ID"] = g.request_id
        response.headers["X-Content-Type-Options"] = "nosniff"
        if response.mimetype == "text/html":
            response.headers["Content-Security-Policy"] = POLICY
        seconds = time.perf_counter() - g.started
        route = request.url_rule.rule if request.url_rule else OTHER
        metrics.count(route, str(response.status_code), seconds)
        if service.settings.access_log:
            fast.log_access(request.environ, g.request_id, str(response.status_code), seconds)
        return response

    @app.errorhandler(Exception)
    def fail(error: Exception) -> Response:
        problem = problems.of(error)
        problems.log(problem, error, g.request_id)
        return Response(problem.body(), problem.status, problem.headers, content_type=problems.CONTENT_TYPE)


def _predictions_and_outcomes(app: Flask, service: Service) -> None:
    @app.post("/")
    @app.post(metrics.PREDICT)
    def predict() -> Response:
        """Reached only if the middleware is taken away; here for the methods that are not allowed."""
        return Response(service.predict(request.environ).body, content_type=fast.JSON)

    @app.post(metrics.OUTCOMES)
    def outcomes() -> Response:
        return jsonify(Recorded=service.take_outcomes(request.environ))


def _model(app: Flask, service: Service) -> None:
    @app.get("/model")
    def model() -> Response:
        found = service.served.predictor().model
        return jsonify(
            RUN_ID=found.run_id,
            model_name=found.about.get("model_name"),
            version=found.version or None,
            pinned=bool(service.settings.run_id),
            since=service.served.since.isoformat(timespec="seconds"),
            refused_champion=service.served.refused,
            needs_api_key=bool(service.settings.key_hashes),
            target=found.contract["target"],
            threshold=found.contract["threshold"],
            student=found.contract["student"]["name"],
            features=[
                {name: value for name, value in feature.items() if name != "column"}
                for feature in found.contract["features"]
            ],
            metrics=found.about.get("metrics", {}),
        )

    @app.get("/openapi.json")
    def openapi() -> Response:
        found = service.served.predictor().model
        return jsonify(description(found.contract, bool(service.settings.key_hashes)))


def _health_and_metrics(app: Flask, service: Service) -> None:
    @app.get("/health/live")
    def live() -> Response:
        return jsonify(status="ok")

    @app.get("/health")
    @app.get("/health/ready")
    def ready() -> Response:
        service.check_ready()
        return jsonify(status="ok", RUN_ID=service.served.predictor().model.run_id)

    @app.get("/metrics")
    def prometheus() -> Response:
        def model() -> tuple[str, str]:
            found = service.served.predictor().model
            return found.run_id, found.version

        service.tally.hand_on()
        text = metrics.exposition(service.settings.outbox_dir, service.settings.outbox_max_bytes, model)
        return Response(text, content_type="text/plain; version=0.0.4; charset=utf-8")


def _pages(app: Flask, service: Service) -> None:
    @app.get("/")
    def index() -> str:
        return render_template("index.html", model=service.served.predictor().model)

    @app.get("/docs")
    def docs() -> str:
        return render_template("docs.html")

    @app.get("/docs/<path:name>")
    def swagger(name: str) -> Response:
        return send_from_directory(str(files("flask_swagger_ui") / "dist"), name, max_age=3600)
