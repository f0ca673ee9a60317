"""Carries a decision out: an event that people and automations hear of, and a training run.

Both can be done again for the same row of `decisions`: the event keeps its id, and the training run its key.
"""

import uuid
from datetime import date, timedelta

import httpx
from prefect.deployments import run_deployment
from prefect.events import Event, Resource
from prefect.events.clients import get_events_client
from prefect.exceptions import ObjectNotFound
from prefect.settings import get_current_settings
from prefect.utilities.asyncutils import run_coro_as_sync
from websockets.exceptions import WebSocketException

from monitor import days
from monitor.decision import RETRAIN
from monitor.settings import Settings

EVENT = "online-course.model.needs-attention"
TRAINING = "run-pipeline/mlpipeline"
NAMESPACE = uuid.UUID("5f0c8ad2-6b1e-4c0f-9d36-2f6a1f1f7c55")


class PrefectUnavailable(Exception):
    """Prefect's server does not answer, or not as it should; the same call may succeed later."""


class NoTraining(Exception):
    """There is no deployment to start training with."""


def act(row: dict, settings: Settings) -> str | None:
    """Emits the event, and starts training where that is the decision; returns the training run's address for people.

    `row` is one of the table `decisions`. Once it returns, Prefect has both. Raises PrefectUnavailable, NoTraining.
    """
    try:
        run_coro_as_sync(_emit(row))
        # A decision that could not be carried out is not to be when training has been switched off since.
        return _train(row, settings) if row["action"] == settings.on_drift == RETRAIN else None
    except ObjectNotFound as error:
        raise NoTraining(
            f"Prefect has no deployment {TRAINING}, which ON_DRIFT=retrain starts: register it with "
            "`python mlpipeline-deploy.py` in mlpipeline. The decision is carried out by the next run."
        ) from error
    except (httpx.HTTPError, WebSocketException, OSError) as error:
        raise PrefectUnavailable(f"Prefect's server did not take what was decided: {error}") from error


def parameters(row: dict, settings: Settings) -> dict:
    """What training is started with. Only the source `postgres` knows when something was predicted: in days of UTC."""
    asked: dict = {"data_source": settings.retrain_data_source}
    if settings.retrain_data_source == "postgres" and row["since"]:
        asked["data_since"] = str(_first_day_in_utc(row["since"], settings))
    return asked


def _first_day_in_utc(since: date, settings: Settings) -> date:
    """The first day of UTC that begins when `since` has begun, so that nothing of before the drift is learned from."""
    start = days.day(since, settings.zone).start
    return start.date() if start.time() == start.min.time() else start.date() + timedelta(days=1)


async def _emit(row: dict) -> None:
    resource = {
        "prefect.resource.id": f"online-course.model.{row['run_id']}",
        "prefect.resource.name": f"model of run {row['run_id']}",
    }
    event = Event(
        id=uuid.uuid5(NAMESPACE, f"{row['day']} {row['run_id']} {row['action']}"),
        event=EVENT,
        resource=Resource(resource),
        payload={"day": str(row["day"]), "action": row["action"], "reason": row["reason"]},
    )
    async with get_events_client(checkpoint_every=1) as client:  # each is confirmed
        await client.emit(event)


def _train(row: dict, settings: Settings) -> str:
    run = run_deployment(
        TRAINING,
        parameters=parameters(row, settings),
        timeout=0,
        as_subflow=False,
        idempotency_key=f"monitoring-{row['day']}-{row['run_id']}",
    )
    found = get_current_settings()
    pages = (found.ui_url or (found.api.url or "").removesuffix("/api")).rstrip("/")
    return f"{pages}/runs/flow-run/{run.id}"
