"""Runs deployments through the Prefect API, as a click in its UI would."""

import time
from collections.abc import Callable
from pathlib import Path

import requests

from stack.console import StepFailed

POLL_SECONDS = 0.5
TIMEOUT_SECONDS = 600


def run_deployment(api: str, name: str, parameters: dict, log: Path, on_task: Callable[[str, float], None]) -> None:
    """Runs a deployment (`flow/deployment`) to its end; calls `on_task` with each task's name and seconds.

    Raises StepFailed, which names the worker's `log`, if the run does not complete.
    """
    deployment = _call("GET", f"{api}/deployments/name/{name}")
    run = _call("POST", f"{api}/deployments/{deployment['id']}/create_flow_run", {"parameters": parameters})
    seen: set[str] = set()
    end = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < end:
        state = _call("GET", f"{api}/flow_runs/{run['id']}")["state"]
        if state["type"] == "COMPLETED":
            time.sleep(POLL_SECONDS)  # the states of tasks are recorded a little later than that of their flow
        _report_tasks(api, run["id"], seen, on_task)
        if state["type"] == "COMPLETED":
            return
        if state["type"] in ("FAILED", "CRASHED", "CANCELLED"):
            raise StepFailed(f"{name} {state['type'].lower()}: {state['message']}", log)
        time.sleep(POLL_SECONDS)
    raise StepFailed(f"{name} was not done after {TIMEOUT_SECONDS} s.", log)


def _report_tasks(api: str, run_id: str, seen: set[str], on_task: Callable[[str, float], None]) -> None:
    query = {"flow_runs": {"id": {"any_": [run_id]}}, "sort": "END_TIME_DESC"}
    for task in reversed(_call("POST", f"{api}/task_runs/filter", query)):
        if task["state_type"] == "COMPLETED" and task["id"] not in seen:
            seen.add(task["id"])
            on_task(task["name"].rsplit("-", 1)[0], task["total_run_time"])


def _call(method: str, url: str, body: dict | None = None):
    response = requests.request(method, url, json=body, timeout=30)
    response.raise_for_status()
    return response.json()
