"""The service reports about itself: a row for the table `service_metrics` every 30 seconds, through the outbox.

It runs in a thread of the shipper, which needs no memory of its own, and goes on while the shipper waits for Postgres.
Up to where the counts are reported is kept beside them, so that a shipper that starts anew goes on from there.
"""

import json
import logging
import os
import socket
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Callable

from serving import about, champion, companion, counts
from serving.outbox import backlog
from serving.outbox.segment import text
from serving.outbox.writer import Outbox, OutboxUnavailable
from serving.settings import METRICS_FOLDER, Settings

LOG = logging.getLogger(__name__)
TABLE = "service_metrics"
FIRST_SECONDS = 5.0
EVERY_SECONDS = 30.0
REPORTED = "reported.json"  # the counts and the time of the last row


class Reporter:
    """Writes rows. To be used by one thread at a time."""

    def __init__(self, settings: Settings, folder: Path):
        """`folder` is where the service's processes share their counts."""
        self._settings = settings
        self._file = folder / REPORTED
        self._outbox = Outbox(
            settings.outbox_dir, settings.outbox_max_bytes, settings.web_concurrency, settings.outbox_fsync
        )
        self._instance = f"{socket.gethostname()}:{settings.web_port}"
        self._is_failing = False
        self._began = time.monotonic()

    def report(self) -> None:
        """Writes a row about the time since the last one. If that fails, the next row is about this time too."""
        self._try(self._report)

    def keep_on(self, life: companion.Life, first: float = FIRST_SECONDS, every: float = EVERY_SECONDS) -> None:
        """Reports after the first seconds, and then every so many, as long as this life lasts."""
        self._try(self._begin)
        life.wait(first)
        while life.goes_on():
            self.report()
            life.wait(every)

    def close(self) -> None:
        """Lets go of the outbox, so that what is in it can be deleted once it is shipped."""
        self._outbox.close()

    def _try(self, step: Callable[[], None]) -> None:
        try:
            step()
            self._is_failing = False
        except OutboxUnavailable:
            pass  # which the outbox says in the log
        except Exception as error:  # pylint: disable=broad-exception-caught  # shipping goes on whatever it is
            if not self._is_failing:
                LOG.warning("No row for %s can be written: %s", TABLE, error or type(error).__name__)
            self._is_failing = True

    def _begin(self) -> None:
        """Keeps the time of the start, from which a shipper that starts anew before the first row goes on."""
        if not self._file.exists():
            self._remember({}, self._began)

    def _report(self) -> None:
        self._begin()
        last = json.loads(self._file.read_text(encoding="utf-8"))
        found, moment = counts.look(), time.monotonic()
        row = {
            "instance": self._instance,
            "timestamp": datetime.now(UTC).isoformat(),
            "seconds": moment - last["moment"],
            **counts.columns(counts.between(last["counts"], found)),
            **self._backlog(),
            **self._model(),
        }
        values = "\t".join(map(text, row.values()))
        self._outbox.append(TABLE, tuple(row), f"{values}\n".encode())
        self._remember(found, moment)

    def _remember(self, found: dict[str, int], moment: float) -> None:
        temporary = self._file.with_suffix(".new")
        temporary.write_text(json.dumps({"counts": found, "moment": moment}), encoding="utf-8")
        temporary.replace(self._file)

    def _backlog(self) -> dict:
        found = backlog.measure(self._settings.outbox_dir)
        return {
            "outbox_rows": found.rows,
            "outbox_oldest_seconds": found.oldest_seconds,
            "outbox_used_bytes": found.used_bytes,
            "outbox_max_bytes": self._settings.outbox_max_bytes,
        }

    def _model(self) -> dict:
        """The run that is served, and its version unless RUN_ID pins it."""
        if self._settings.run_id:
            return {"run_id": self._settings.run_id, "version": ""}
        served = champion.remembered(self._settings)
        if served is None:
            return {"run_id": None, "version": ""}
        return {
            "run_id": served.run_id,
            "version": about.version(about.read(self._settings.model_cache / served.run_id)),
        }


def of(settings: Settings) -> Reporter | None:
    """The reporter of this service, unless its processes share no counts, as in development."""
    folder = os.environ.get(METRICS_FOLDER)
    return Reporter(settings, Path(folder)) if folder else None


def start(settings: Settings, life: companion.Life) -> None:
    """Has a thread report as long as this life lasts."""
    reporter = of(settings)
    if reporter:
        threading.Thread(target=reporter.keep_on, args=(life,), name="reporter", daemon=True).start()


def finish(settings: Settings) -> None:
    """Writes the last row of a service that has answered all that it will."""
    reporter = of(settings)
    if reporter:
        reporter.report()
        reporter.close()
