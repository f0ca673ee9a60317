"""How gunicorn runs the service: `gunicorn` in this folder."""

# gunicorn gives the names.
# pylint: disable=invalid-name

import os
import sys

from serving import companions, settings, startup

try:
    _settings = settings.read()
except settings.SettingsError as _error:
    sys.exit(str(_error))

wsgi_app = "predict:create_app()"
bind = f"{_settings.web_host}:{_settings.web_port}"
workers = _settings.web_concurrency
# Measured on two cores against threads: 1.3 to 1.8 times the requests a second, and slow clients hold up nobody.
worker_class = "serving.worker.Worker"
# Each worker has a socket of its own, so connections that stay open do not pile up on one. Only Linux spreads them.
reuse_port = sys.platform == "linux"
worker_connections = 1000
keepalive = 65  # longer than a load balancer keeps a connection, which is to be the one that closes it
graceful_timeout = int(_settings.shutdown_delay) + 30
limit_request_line = 4094
limit_request_fields = 50
limit_request_field_size = 4096
http_parser = "python"
logger_class = "serving.logs.GunicornLogger"
umask = 0o077  # what students did is for this user alone
# It would write outside this folder, and nothing here uses it.
control_socket_disable = True

os.environ[settings.METRICS_FOLDER] = startup.metrics_folder(_settings)


def on_starting(_server) -> None:
    """Has the model's files there before workers start, and empties the folder of metrics."""
    startup.prepare(_settings)


def when_ready(server) -> None:
    """Starts what runs beside the workers."""
    server.log.info("Serving at http://%s", bind)
    server.companions = companions.start(_settings)


def on_exit(server) -> None:
    """Ships what the workers have answered, once they are gone."""
    if hasattr(server, "companions"):
        companions.stop(server.companions)
    startup.clean_up(_settings)
