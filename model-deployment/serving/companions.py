"""The companions that the service needs: the outbox's shipper, and the champion's follower unless RUN_ID pins a run."""

import logging
import subprocess

from serving.companion import Companion
from serving.companion import start as start_process
from serving.settings import Settings

LOG = logging.getLogger(__name__)
DRAIN_SECONDS = 30.0  # more than the shipper takes by itself, unless Postgres does not answer it
SHIPPER = "serving.outbox.shipper"
FOLLOWER = "serving.follower"


def start(settings: Settings) -> list[Companion]:
    """Starts them, to run beside this process."""
    started = [Companion(SHIPPER)] + ([] if settings.run_id else [Companion(FOLLOWER)])
    for companion in started:
        companion.start()
    return started


def stop(started: list[Companion]) -> None:
    """Ends them, and ships what still is in the outbox; to be called once nothing more is answered."""
    for companion in started:
        companion.ask_to_end()
    for companion in started:
        companion.stop()
    draining = start_process(SHIPPER, "--drain")
    try:
        draining.wait(DRAIN_SECONDS)
    except subprocess.TimeoutExpired:
        LOG.warning("Shipping did not end in time. What is left in the outbox is shipped after the next start.")
        draining.kill()
        draining.wait()
