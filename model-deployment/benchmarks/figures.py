"""Figures made from what was measured, and the targets they are held to."""

import statistics
from dataclasses import dataclass

from benchmarks.contestants import FLOOR, MLFLOW, MLSERVER, ORIGINAL, OURS
from benchmarks.results import Results
from benchmarks.throughput import CONNECTIONS, Measured

OF_FLOOR = {1: 0.75, 16: 0.65, 64: 0.65}  # by connections
TIMES_OTHERS = {MLFLOW: 10.0, MLSERVER: 8.0, ORIGINAL: 30.0}
BATCH_ROWS_A_SECOND = 80_000
MEMORY_MB = 110
START_SECONDS = 3
ROWS, MEMORY, START = "rows a second in batches", "MB resident in the largest worker", "seconds from start to ready"


@dataclass(frozen=True)
class Target:
    """A figure, and whether it is what it is to be."""

    what: str
    measured: str
    target: str
    is_met: bool


@dataclass(frozen=True)
class Wanted:
    """A figure that is to be no lower than a bound, or no higher."""

    what: str
    bound: float
    form: str
    no_lower: bool = False

    @property
    def target(self) -> str:
        """The bound, in signs."""
        return f"{'>=' if self.no_lower else '<='} {self.bound:{self.form}}"

    def judge(self, measured: float) -> Target:
        """What was measured, beside it."""
        is_met = measured >= self.bound if self.no_lower else measured <= self.bound
        return Target(self.what, format(measured, self.form), self.target, is_met)


def of_rounds(ours: list[float], theirs: list[float]) -> list[float]:
    """The ratio of each round, whose two runs were neighbours in time."""
    return [our / their for our, their in zip(ours, theirs, strict=True)]


def ratio(measured: Measured, other: str, connections: int) -> float:
    """The service's requests a second as a multiple of another's, at one number of connections.

    Of the floor, which had a run next to each of the service's, it is the median over rounds; else that of medians.
    """
    ours, theirs = measured.rates(OURS, connections), measured.rates(other, connections)
    if other == FLOOR:
        return statistics.median(of_rounds(ours, theirs))
    return statistics.median(ours) / statistics.median(theirs)


def best_ratio(measured: Measured, other: str) -> float:
    """The same, each at the number of connections that suits it best."""
    ours, theirs = (
        max(statistics.median(measured.rates(name, each)) for each in CONNECTIONS) for name in (OURS, other)
    )
    return ours / theirs


def of_floor(connections: int) -> str:
    """Name of a figure."""
    return f"of the floor at {connections}"


def lowest(other: str) -> str:
    """Name of a figure."""
    return f"times {other}, lowest"


def best(other: str) -> str:
    """Name of a figure."""
    return f"times {other}, best to best"


def wanted() -> list[Wanted]:
    """What is asked of the service."""
    return [
        *(Wanted(of_floor(connections), least, ".3f", True) for connections, least in OF_FLOOR.items()),
        *(Wanted(name(other), least, ".1f", True) for other, least in TIMES_OTHERS.items() for name in (lowest, best)),
        Wanted(ROWS, BATCH_ROWS_A_SECOND, ",.0f", True),
        Wanted(MEMORY, MEMORY_MB, ".0f"),
        Wanted(START, START_SECONDS, ".2f"),
    ]


def targets(results: Results) -> list[Target]:
    """The same beside what was measured, but for others that were not."""
    measured, alone = results.measured, results.alone
    found = {of_floor(connections): ratio(measured, FLOOR, connections) for connections in OF_FLOOR}
    for other in results.others:
        found[lowest(other)] = min(ratio(measured, other, connections) for connections in CONNECTIONS)
        found[best(other)] = best_ratio(measured, other)
    found |= {ROWS: alone.rows_a_second, MEMORY: alone.largest, START: statistics.median(alone.starts)}
    return [one.judge(found[one.what]) for one in wanted() if one.what in found]
