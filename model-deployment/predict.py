"""The prediction service. `python predict.py` runs it for development; gunicorn.conf.py says how it runs otherwise."""

import sys

from flask import Flask
from pydantic import ValidationError

from serving import problems
from serving.fetch import FetchError, model_folder
from serving.model import Model
from serving.routes import blueprint
from serving.settings import Settings
from serving.store import PredictionStore

MAX_BODY_BYTES = 8 * 1024 * 1024


def create_app(settings: Settings | None = None, store: PredictionStore | None = None) -> Flask:
    """The service, with its model loaded; raises FetchError where that cannot be had.

    By default it is set up by the environment, and keeps predictions in Postgres.
    """
    settings = settings or Settings()
    store = store or PredictionStore(settings)
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.json.sort_keys = False
    problems.register(app)
    app.register_blueprint(blueprint(Model(model_folder(settings)), store))
    return app


def main() -> None:
    """Runs the service for development; what keeps it from starting is said in a sentence."""
    try:
        settings = Settings()
        create_app(settings).run(settings.web_host, settings.web_port)
    except (FetchError, ValidationError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
