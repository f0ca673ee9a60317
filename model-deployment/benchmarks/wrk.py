"""The load generator wrk."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

PROGRAM = "wrk"
SCRIPT = Path(__file__).with_name("wrk.lua")
# Longer than any server here takes; what is slower counts as a fault.
TIMEOUT_SECONDS = 30
SOCKET_FAULTS = ("connect", "read", "write", "timeout")


@dataclass(frozen=True)
class Run:
    """What came of a run. Requests that were not answered when it ended are in none of the numbers."""

    connections: int
    answered: int  # with 2xx
    seconds: float
    faults: tuple[str, ...]  # in words

    @property
    def rate(self) -> float:
        """Requests answered a second."""
        return self.answered / self.seconds


def is_there() -> bool:
    """Whether wrk is installed."""
    return shutil.which(PROGRAM) is not None


def run(url: str, body: Path, connections: int, seconds: int) -> Run:
    """Posts the body for some seconds, on connections that are new."""
    command = [PROGRAM, "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", f"{TIMEOUT_SECONDS}s"]
    ended = subprocess.run(
        [*command, "-s", SCRIPT, url, "--", body],
        check=True,
        capture_output=True,
        text=True,
        timeout=seconds + 2 * TIMEOUT_SECONDS,
    )
    return parse(ended.stdout, connections)


def parse(output: str, connections: int) -> Run:
    """Reads what wrk.lua has wrk print last."""
    totals = json.loads(output.strip().splitlines()[-1])
    faults = [f"{totals['refused']} answers other than 2xx"] if totals["refused"] else []
    faults += [f"{totals[kind]} {kind} errors" for kind in SOCKET_FAULTS if totals[kind]]
    return Run(connections, totals["requests"] - totals["refused"], totals["seconds"], tuple(faults))
