"""Logs as JSON, a line each, on stderr."""

import logging.config
import re

from gunicorn.glogging import Logger
from pythonjsonlogger.json import JsonFormatter

LEVEL = "INFO"
CONFIGURATION = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "serving.logs.Formatter",
            "fmt": "%(asctime)s %(levelname)s %(name)s %(process)d %(message)s",
            "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
            "datefmt": "%Y-%m-%dT%H:%M:%S%z",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"level": LEVEL, "handlers": ["stderr"]},
    "loggers": {"alembic": {"level": "WARNING"}},
}
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def configure() -> None:
    """Has this process log so."""
    logging.config.dictConfig(CONFIGURATION)


class Formatter(JsonFormatter):
    """Leaves out the colours that the server for development puts into its lines."""

    def process_log_record(self, log_data: dict) -> dict:
        """As its base calls it, before it writes JSON."""
        return log_data | {"message": COLOURS.sub("", log_data["message"])}


class GunicornLogger(Logger):
    """Has gunicorn log like the rest. Its line for each request would cost a tenth of the throughput: ACCESS_LOG is
    the service's own."""

    def setup(self, cfg) -> None:
        """As gunicorn calls it."""
        configure()
        self.error_log.propagate = True
        self.error_log.setLevel(LEVEL)

    def info(self, msg, *args, **kwargs) -> None:
        """As gunicorn calls it. Where each worker has a socket of its own, it would name no address; ours is named."""
        if not msg.startswith("Listening at"):
            super().info(msg, *args, **kwargs)

    def access(self, resp, req, environ, request_time) -> None:
        """As gunicorn calls it, after each request."""
