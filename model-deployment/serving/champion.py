"""Which model to serve: the one that RUN_ID pins, or the champion, whose run id is kept in a file between starts.

The follower, one process of the service, asks MLflow and writes the file once a new champion's files are there and
work; the processes that serve look at the file.
"""

import json
import logging
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from serving import fetch, registry
from serving.fetch import FetchError
from serving.registry import RegistryUnavailable
from serving.settings import Settings

LOG = logging.getLogger(__name__)
LONGEST_PATIENCE_SECONDS = 600.0


@dataclass(frozen=True)
class Champion:
    """The run that is served, and the run of a newer champion that could not be, if there is one."""

    run_id: str
    refused: str | None = None


def pointer(settings: Settings) -> Path:
    """The file that names the champion, by the name of the registered model."""
    return settings.model_cache / f"{settings.model_name}.champion.json"


def remembered(settings: Settings) -> Champion | None:
    """The champion of the file, if its files are there too."""
    try:
        found = Champion(**json.loads(pointer(settings).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return found if (settings.model_cache / found.run_id).is_dir() else None


def remember(settings: Settings, champion: Champion) -> None:
    """Writes the file, in one step, unless it says so already. A full disk, which the log names, leaves it as it is."""
    if remembered(settings) == champion:
        return
    # Of this process alone: another that starts may be writing too.
    temporary = pointer(settings).with_suffix(f".{os.getpid()}.new")
    try:
        temporary.write_text(json.dumps(asdict(champion)), encoding="utf-8")
        temporary.replace(pointer(settings))
    except OSError as error:
        LOG.warning("%s cannot be written, so the champion is not followed: %s", pointer(settings), error.strerror)
        temporary.unlink(missing_ok=True)


def bring(settings: Settings) -> str:
    """The run id to start with, its files brought to this machine; raises FetchError.

    Where MLflow does not answer, the champion of the last start is served, which the log says.
    """
    if settings.run_id:
        return fetch.bring(settings, settings.run_id)
    last = remembered(settings)
    try:
        run_id = registry.champion(settings)
        fetch.bring(settings, run_id, is_new=last is None or run_id != last.run_id)
    except (RegistryUnavailable, FetchError) as error:
        server = registry.shown(settings.tracking_uri)
        said = f"The champion of {settings.model_name} cannot be had from MLflow at {server}"
        if last is None:
            raise FetchError(f"{said}: {error}") from error
        LOG.warning("%s, so the last one is served, run %s: %s", said, last.run_id, error)
        return fetch.bring(settings, last.run_id)
    remember(settings, Champion(run_id))
    return run_id


def to_serve(settings: Settings) -> str:
    """The run id for a process that begins to serve: what the service's start has brought, or what is brought now."""
    last = None if settings.run_id else remembered(settings)
    return last.run_id if last else bring(settings)


class Follower:
    """Keeps the file up to date."""

    def __init__(self, settings: Settings):
        self._settings = settings
        self._is_failing = False
        # Fetching is a process that imports mlflow: what failed is not tried again at each look.
        self._patience = 0.0
        self._not_before = 0.0

    def look(self) -> None:
        """Asks once for the champion, and brings its files if it is a new one. Says in the log what came of it."""
        try:
            run_id = registry.champion(self._settings)
        except RegistryUnavailable as error:
            if not self._is_failing:
                address = registry.shown(self._settings.tracking_uri)
                LOG.warning("MLflow at %s does not say the champion: %s", address, error)
            self._is_failing = True
            return
        if self._is_failing:
            LOG.info("MLflow says the champion again.")
        self._is_failing = False
        self._follow(run_id)

    def _follow(self, run_id: str) -> None:
        now = remembered(self._settings)
        if now and now.run_id == run_id:
            remember(self._settings, Champion(run_id))  # and that none is refused any more
            return
        if now and now.refused == run_id and time.monotonic() < self._not_before:
            return
        try:
            fetch.bring(self._settings, run_id, is_new=True)
        except FetchError as error:
            self._patience = min(
                max(2 * self._patience, self._settings.champion_poll_seconds), LONGEST_PATIENCE_SECONDS
            )
            self._not_before = time.monotonic() + self._patience
            if now and now.refused != run_id:
                LOG.error("The new champion, run %s, cannot be served; %s stays. %s", run_id, now.run_id, error)
                remember(self._settings, Champion(now.run_id, refused=run_id))
            return
        self._patience = 0.0
        remember(self._settings, Champion(run_id))
        LOG.info("The champion is run %s.", run_id)
