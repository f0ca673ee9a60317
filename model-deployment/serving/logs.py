"""Logs as JSON, a line each, on stderr."""

import logging.config

from gunicorn.glogging import Logger

LEVEL = "INFO"
CONFIGURATION = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "fmt": "%(asctime)s %(levelname)s %(name)s %(process)d %(message)s",
            "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
            "datefmt": "%Y-%m-%dT%H:%M:%S%z",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"level": LEVEL, "handlers": ["stderr"]},
    "loggers": {"alembic": {"level": "WARNING"}},
}


def configure() -> None:
    """Has this process log so."""
    logging.config.dictConfig(CONFIGURATION)


class GunicornLogger(Logger):
    """Has gunicorn log like the rest. Its line for each request would cost a tenth of the throughput: ACCESS_LOG is
    the service's own."""

    def setup(self, cfg) -> None:
        """As gunicorn calls it."""
        configure()
        self.error_log.propagate = True
        self.error_log.setLevel(LEVEL)

    def access(self, resp, req, environ, request_time) -> None:
        """As gunicorn calls it, after each request."""
