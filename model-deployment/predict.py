"""The prediction service. `python predict.py` runs it for development; gunicorn.conf.py says how it runs otherwise."""

import argparse
import logging
import sys

from flask import Flask
from werkzeug.serving import make_server

from serving import champion, companions, logs, routes, settings, startup
from serving.fast import FastPredictions
from serving.fetch import FetchError
from serving.outbox.writer import Outbox
from serving.served import Served
from serving.service import Service
from serving.settings import Settings, SettingsError


def create_app(found: Settings | None = None) -> Flask:
    """The service, with its model loaded; raises SettingsError, or FetchError where the model cannot be had.

    By default it is set up by the environment. What it answers goes to the outbox; companions.start has it shipped.
    """
    found = found or settings.read()
    outbox = Outbox(found.outbox_dir, found.outbox_max_bytes, found.web_concurrency, found.outbox_fsync)
    service = Service(found, Served(found), outbox)
    app = Flask(__name__, root_path=str(settings.SERVICE / "serving"))
    app.json.sort_keys = False
    app.extensions["service"] = service
    routes.register(app, service)
    app.wsgi_app = FastPredictions(service, app.wsgi_app)
    return app


def main() -> None:
    """Runs the service for development; what keeps it from starting is said in a sentence."""
    try:
        found = settings.read()
        logs.configure()
        startup.wait_for_port(found)
        found.make_folders()
        champion.bring(found)
        app = create_app(found)
    except (FetchError, SettingsError) as error:
        sys.exit(str(error))
    server = make_server(found.web_host, found.web_port, app, threaded=True)
    logging.getLogger("predict").info("Serving at http://%s:%s, for development", found.web_host, server.port)
    running = companions.start(found)
    try:
        server.serve_forever()
    finally:
        app.extensions["service"].outbox.close()
        companions.stop(running)


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    main()
