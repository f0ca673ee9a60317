"""The model that this process serves now."""

import logging
import threading
import time
from datetime import UTC, datetime

from serving import champion
from serving.champion import Champion
from serving.model import Model
from serving.predictor import Predictor
from serving.settings import Settings

LOG = logging.getLogger(__name__)
LOOK_SECONDS = 1.0


class Served:
    """Gives each request the predictor to use. Where the champion is followed, it changes between two requests.

    A new model is loaded and tried beside the old one. If that fails the old one stays, which the log and `refused`
    say.
    """

    def __init__(self, settings: Settings):
        """Loads the model of RUN_ID, or the champion; raises FetchError."""
        self._settings = settings
        self._lock = threading.Lock()
        self._looked = time.monotonic()
        self._tried = run_id = champion.to_serve(settings)
        self.refused: str | None = None
        self.since = datetime.now(UTC)
        self._predictor = self._load(run_id)

    def predictor(self) -> Predictor:
        """The predictor for a request that begins now."""
        if not self._settings.run_id and time.monotonic() - self._looked > LOOK_SECONDS:
            self._look()
        return self._predictor

    def _look(self) -> None:
        if not self._lock.acquire(blocking=False):  # pylint: disable=consider-using-with
            return  # another thread is at it; meanwhile the old model serves
        try:
            self._looked = time.monotonic()
            found = champion.remembered(self._settings) or Champion(self._predictor.model.run_id)
            if found.run_id != self._tried:
                self._tried = found.run_id
                self._change(found.run_id)
            self.refused = found.refused or (found.run_id if found.run_id != self._predictor.model.run_id else None)
        finally:
            self._lock.release()

    def _change(self, run_id: str) -> None:
        old = self._predictor.model.run_id
        try:
            self._predictor = self._load(run_id)
        except Exception as error:  # pylint: disable=broad-exception-caught  # whatever it is, the old model serves
            LOG.error("Run %s, the new champion, does not load; %s stays. %s", run_id, old, error)
            return
        self.since = datetime.now(UTC)
        LOG.info("Run %s is served from now on, in place of %s.", run_id, old)

    def _load(self, run_id: str) -> Predictor:
        model = Model(self._settings.model_cache / run_id)
        model.try_out()
        return Predictor(model)
