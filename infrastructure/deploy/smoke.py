"""Whether the service answers: one prediction, through a forwarded port."""

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from commands import DeployError, say

# A student whom no platform has. The prediction is recorded like any other.
STUDENT = {
    "UserID": 0,
    "CourseCategory": "Science",
    "DeviceType": 1,
    "TimeSpentOnCourse": 42.238989,
    "NumberOfVideosWatched": 8,
    "NumberOfQuizzesTaken": 7,
}
FORWARD = ("kubectl", "--namespace", "online-course", "port-forward", "service/web", ":80")


def check(key: str, run_id: str = "") -> str:
    """Asks the service on the cluster for a prediction.

    Args:
        run_id: The run that has to answer; left empty, any.

    Returns:
        The run that has answered.

    Raises:
        DeployError: It does not answer, or not as it should.
    """
    with forwarded() as address:
        return predict(address, key, run_id)


def predict(address: str, key: str, run_id: str = "", patience: float = 60) -> str:
    """The same at an address. For `patience` seconds, errors are tried again: pods that end may answer for a moment."""
    deadline = time.monotonic() + patience
    while True:
        fault = _fault(answer := _ask(address, key), run_id)
        if not fault:
            say(f"The service answers: {answer}")
            return answer["RUN_ID"]
        if time.monotonic() > deadline:
            raise DeployError(f"the service does not answer as it should: {fault}")
        time.sleep(2)


def _ask(address: str, key: str) -> dict | str:
    """What the service answers, or what went wrong."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = Request(f"{address}/predict", json.dumps(STUDENT).encode(), headers)
    try:
        with urlopen(request, timeout=10) as answer:
            return json.load(answer)
    except HTTPError as error:
        return f"{error.code} {error.read(500).decode(errors='replace')}"
    except (OSError, ValueError) as error:
        return repr(error)


def _fault(answer: dict | str, run_id: str) -> str:
    if isinstance(answer, str):
        return answer
    if answer.get("CourseCompletion") not in (0, 1) or not 0 <= answer.get("CompletionProbability", -1) <= 1:
        return f"this is no prediction: {answer}"
    if run_id and answer.get("RUN_ID") != run_id:
        return f"run {answer.get('RUN_ID')} answers, and not {run_id}"
    return ""


@contextmanager
def forwarded() -> Iterator[str]:
    """The address of the service on this machine, as long as it is needed."""
    with subprocess.Popen(FORWARD, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            first = process.stdout.readline()
            port = re.search(r"127\.0\.0\.1:(\d+)", first)
            if not port:
                raise DeployError(f"kubectl forwards no port: {first.strip() or 'it has ended'}")
            yield f"http://127.0.0.1:{port[1]}"
        finally:
            process.terminate()
