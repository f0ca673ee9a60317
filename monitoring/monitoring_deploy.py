"""Registers the monitoring's flows with Prefect: `daily-monitoring/monitoring`, daily, and `backfill/monitoring`."""

import argparse
import sys
from pathlib import Path

import httpx
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists
from prefect.schedules import Cron
from prefect.settings import get_current_settings
from prefect.workers.process import ProcessWorker

from monitor import settings

POOL = "default-agent-pool"
QUEUE = "mlops-monitoring"
SIX_IN_THE_MORNING = "0 6 * * *"


def deploy() -> None:
    """Makes the work pool where it does not exist, and the deployments; doing it again replaces the deployments."""
    time_zone = settings.read().time_zone
    with get_client(sync_client=True) as client:
        template = ProcessWorker.get_default_base_job_template()
        try:
            client.create_work_pool(WorkPoolCreate(name=POOL, type="process", base_job_template=template))
        except ObjectAlreadyExists:
            pass
    _deploy("daily_monitoring", "Looks at yesterday, every day at 06:00.", schedule=Cron(SIX_IN_THE_MORNING, time_zone))
    _deploy("backfill", "Looks at a range of days again, on demand.")


def _deploy(name: str, description: str, **options) -> None:
    folder = str(Path(__file__).resolve().parent)
    flow.from_source(source=folder, entrypoint=f"daily_monitoring.py:{name}").deploy(
        name="monitoring",
        description=description,
        work_pool_name=POOL,
        work_queue_name=QUEUE,
        print_next_steps=False,
        ignore_warnings=True,  # it would advise `serve` in place of a worker
        **options,
    )


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    try:
        deploy()
    except settings.SettingsError as error:
        sys.exit(str(error))
    except httpx.TransportError as error:
        sys.exit(f"Prefect at {get_current_settings().api.url} does not answer: {error}")
