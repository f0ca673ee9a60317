"""The companions that the service needs: the outbox's shipper, and the champion's follower unless RUN_ID pins a run."""

from serving.companion import Companion
from serving.companion import start as start_process
from serving.settings import Settings

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
        companion.stop()
    start_process(SHIPPER, "--drain").wait()
