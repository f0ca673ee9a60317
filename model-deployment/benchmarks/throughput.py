"""Requests a second, one student each: the servers in turn, round by round."""

import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field

from benchmarks import processor, wrk
from benchmarks.contestants import Contestant
from benchmarks.processor import Strangers
from benchmarks.wrk import Run
from serving.outbox import backlog

CONNECTIONS = (1, 16, 64)
ROUNDS = 5
ROUNDS_OF_OTHERS = (0, 2, 4)
SECONDS = 3
# Before each run of the floor and the service, so that the shipping of what the service answers goes at full pace from
# the first moment measured to the last.
WARM_UP_SECONDS = 1
QUIET_WINDOW_SECONDS = 0.2
QUIET = 0.1  # of a core
LONGEST_SETTLING_SECONDS = 15


@dataclass
class Measured:
    """All runs, by server and connections, and what disturbed them."""

    runs: dict[tuple[str, int], list[Run]] = field(default_factory=lambda: defaultdict(list))
    warm_ups: dict[str, list[Run]] = field(default_factory=lambda: defaultdict(list))
    # Milliseconds a request of the server's processes, which other programs disturb less than the requests a second.
    processor: dict[tuple[str, int], list[float]] = field(default_factory=lambda: defaultdict(list))
    strangers: float = 0.0  # cores that other programs used meanwhile

    def rates(self, name: str, connections: int) -> list[float]:
        """A server's requests a second, by round."""
        return [run.rate for run in self.runs[name, connections]]

    def all_of(self, name: str) -> list[Run]:
        """All runs of a server, in no order."""
        return self.warm_ups[name] + [run for key, runs in self.runs.items() if key[0] == name for run in runs]

    def faults(self) -> list[str]:
        """What went wrong, in sentences."""
        names = {name for name, _ in self.runs}
        return [
            f"{name}, {run.connections} connections: {fault}"
            for name in sorted(names)
            for run in self.all_of(name)
            for fault in run.faults
        ]


def measure(floor: Contestant, service: Contestant, others: list[Contestant]) -> Measured:
    """Runs wrk against each, new connections each time; nobody else has work meanwhile."""
    measured, strangers = Measured(), Strangers()
    for connections in CONNECTIONS:
        for number in range(ROUNDS):
            said = [f"{connections:3} connections, round {number + 1} of {ROUNDS}:"]
            for contestant in (floor, service):
                warm_up = wrk.run(contestant.url, contestant.body, connections, WARM_UP_SECONDS)
                measured.warm_ups[contestant.name].append(warm_up)
                said.append(_run(measured, contestant, connections))
            for contestant in others if number in ROUNDS_OF_OTHERS else []:
                said.append(_run(measured, contestant, connections))
            print("  ".join(said), file=sys.stderr)
    measured.strangers = strangers.cores()
    return measured


def _run(measured: Measured, contestant: Contestant, connections: int) -> str:
    key, pids = (contestant.name, connections), [contestant.process.pid]
    before = processor.seconds_of(pids)
    run = wrk.run(contestant.url, contestant.body, connections, SECONDS)
    if not run.answered:
        raise RuntimeError(f"{contestant.name} answered nothing: {', '.join(run.faults)}")
    settle(contestant)
    measured.runs[key].append(run)
    measured.processor[key].append(1000 * (processor.seconds_of(pids) - before) / run.answered)
    return f"{contestant.name} {run.rate:,.0f}"


def settle(contestant: Contestant) -> None:
    """Waits until it has worked off what wrk left behind: requests without a reader, and rows to ship."""
    latest = time.monotonic() + LONGEST_SETTLING_SECONDS
    while time.monotonic() < latest:
        if contestant.outbox and backlog.measure(contestant.outbox).rows:
            time.sleep(QUIET_WINDOW_SECONDS)
        elif processor.load_of([contestant.process.pid], QUIET_WINDOW_SECONDS) < QUIET:
            return
