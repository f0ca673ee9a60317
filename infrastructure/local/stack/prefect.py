"""Runs deployments through the Prefect API, as a click in its UI would."""

import time
import uuid
from collections.abc import Callable
from pathlib import Path

import requests

from stack.console import StepFailed

POLL_SECONDS = 0.5
TIMEOUT_SECONDS = 900
ANSWER_SECONDS = 30
BUSY_SECONDS = 120
# The states of tasks are recorded a little later than that of their flow.
SETTLING_SECONDS = (1, 10)

# Called with a task's name, its seconds, and whether it is a part of a flow within the flow.
OnTask = Callable[[str, float, bool], None]


def run_deployment(api: str, name: str, parameters: dict, log: Path, on_task: OnTask) -> None:
    """Runs a deployment (`flow/deployment`) to its end; calls `on_task` for each task that is completed.

    Raises StepFailed, which names the worker's `log`, if the run does not complete.
    """
    deployment = _call("GET", f"{api}/deployments/name/{name}")
    # The key keeps a call that is made again from starting a second run.
    body = {"parameters": parameters, "idempotency_key": uuid.uuid4().hex}
    run = _call("POST", f"{api}/deployments/{deployment['id']}/create_flow_run", body)
    follow(api, name, run["id"], log, on_task)


def set_parameters(api: str, name: str, parameters: dict) -> None:
    """Has runs of a deployment that are started without these parameters take them from here."""
    deployment = _call("GET", f"{api}/deployments/name/{name}")
    _call("PATCH", f"{api}/deployments/{deployment['id']}", {"parameters": parameters})


def pause_queue(api: str, pool: str, queue: str) -> None:
    """Pauses a work queue that no worker looks at: Prefect shows it as paused then, and otherwise as a fault."""
    _call("PATCH", f"{api}/work_pools/{pool}/queues/{queue}", {"is_paused": True})


def end_lost_runs(api: str) -> int:
    """Marks flow runs as crashed that were under way when an earlier start was killed; gives their number.

    Nobody would ever say that they ended. To be called while no worker runs.
    """
    states = {"flow_runs": {"state": {"type": {"any_": ["PENDING", "RUNNING", "CANCELLING"]}}}}
    lost = _call("POST", f"{api}/flow_runs/filter", states)
    crashed = {"type": "CRASHED", "message": "The stack was killed while it ran."}
    for run in lost:
        _call("POST", f"{api}/flow_runs/{run['id']}/set_state", {"state": crashed, "force": True})
    return len(lost)


def follow(api: str, name: str, run_id: str, log: Path, on_task: OnTask) -> None:
    """Waits for the end of a flow run that was started, by whomever; as run_deployment otherwise."""
    seen: set[str] = set()
    end = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < end:
        state = _call("GET", f"{api}/flow_runs/{run_id}")["state"]
        if state["type"] == "FAILED":  # of what the flow itself raised, the last line says it all
            raise StepFailed(f"{name} failed: {state['message']}\nThe log is {log}.")
        if state["type"] in ("CRASHED", "CANCELLED"):
            raise StepFailed(f"{name} {state['type'].lower()}: {state['message']}", log)
        under_way = _report_tasks(api, run_id, seen, on_task)
        if state["type"] == "COMPLETED":
            _report_the_last_tasks(under_way, lambda: _report_tasks(api, run_id, seen, on_task))
            return
        time.sleep(POLL_SECONDS)
    raise StepFailed(f"{name} was not done after {TIMEOUT_SECONDS} s.", log)


def _report_the_last_tasks(under_way: int, report: Callable[[], int]) -> None:
    least, most = (time.monotonic() + seconds for seconds in SETTLING_SECONDS)
    while time.monotonic() < least or (under_way and time.monotonic() < most):
        time.sleep(POLL_SECONDS)
        under_way = report()


def _report_tasks(api: str, run_id: str, seen: set[str], on_task: OnTask) -> int:
    """Reports tasks that are newly completed, in order; gives the number of those that are not at their end yet."""
    flows = _call("POST", f"{api}/flow_runs/filter", {"flow_runs": {"parent_flow_run_id": {"any_": [run_id]}}})
    ids = [run_id, *(flow["id"] for flow in flows)]
    query = {"flow_runs": {"id": {"any_": ids}}, "sort": "END_TIME_DESC"}
    under_way = 0
    for task in reversed(_call("POST", f"{api}/task_runs/filter", query)):
        if task["state_type"] in ("SCHEDULED", "PENDING", "RUNNING"):
            under_way += 1
        elif task["state_type"] == "COMPLETED" and task["id"] not in seen:
            seen.add(task["id"])
            on_task(task["name"].rsplit("-", 1)[0], task["total_run_time"], task["flow_run_id"] != run_id)
    return under_way


def _call(method: str, url: str, body: dict | None = None):
    """The JSON of an answer. A server whose database is busy answers 503 or too late, and is asked again for a while.

    So whatever is asked has to have the same effect when it is asked twice.
    """
    end = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            response = requests.request(method, url, json=body, timeout=ANSWER_SECONDS)
            if response.status_code != requests.codes.unavailable or time.monotonic() > end:
                response.raise_for_status()
                return response.json() if response.content else None
        except requests.Timeout:
            if time.monotonic() > end:
                raise
        time.sleep(POLL_SECONDS)
