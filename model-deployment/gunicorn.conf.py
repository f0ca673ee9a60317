"""How gunicorn runs the service: `gunicorn` in this folder."""

# gunicorn gives the names.
# pylint: disable=invalid-name

import os

from serving.fetch import model_folder
from serving.settings import Settings

_settings = Settings()

wsgi_app = "predict:create_app()"
bind = f"{_settings.web_host}:{_settings.web_port}"
workers = _settings.web_concurrency
worker_class = "gthread"
threads = 8
keepalive = 65
# It would write outside this folder, and nothing here uses it.
control_socket_disable = True


def on_starting(_server) -> None:
    """Fetches the model once, and has all workers, also those that start later, serve this one."""
    os.environ["RUN_ID"] = model_folder(_settings).name
