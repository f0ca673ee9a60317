"""Registers the training flow with Prefect as the deployment `mlpipeline`, to run weekly and on demand."""

# The name of this file is the one that its users know.
# pylint: disable=invalid-name

import argparse
import sys
from pathlib import Path

import httpx
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists
from prefect.settings import get_current_settings
from prefect.workers.process import ProcessWorker

POOL = "default-agent-pool"
QUEUE = "mlops"
SUNDAY_MIDNIGHT = "0 0 * * 0"


def deploy() -> None:
    """Makes the work pool where it does not exist, and the deployment; doing it again replaces the deployment."""
    with get_client(sync_client=True) as client:
        template = ProcessWorker.get_default_base_job_template()
        try:
            client.create_work_pool(WorkPoolCreate(name=POOL, type="process", base_job_template=template))
        except ObjectAlreadyExists:
            pass
    flow.from_source(source=str(Path(__file__).resolve().parent), entrypoint="train_model.py:run_pipeline").deploy(
        name="mlpipeline",
        description="Trains every Sunday at 00:00 UTC. The model becomes champion unless it may be worse.",
        work_pool_name=POOL,
        work_queue_name=QUEUE,
        cron=SUNDAY_MIDNIGHT,
        print_next_steps=False,
        ignore_warnings=True,  # it would advise `serve` in place of a worker
    )


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    try:
        deploy()
    except httpx.TransportError as error:
        sys.exit(f"Prefect at {get_current_settings().api.url} does not answer: {error}")
