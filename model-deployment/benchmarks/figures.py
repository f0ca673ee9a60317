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


@dataclass(frozen=True)
class Target:
    """A figure, and whether it is what it is to be."""

    what: str
    measured: str
    target: str
    is_met: bool


def at_least(what: str, measured: float, target: float, form: str) -> Target:
    """A figure that is to be no lower."""
    return Target(what, format(measured, form), f">= {target:{form}}", measured >= target)


def at_most(what: str, measured: float, target: float, form: str) -> Target:
    """A figure that is to be no higher."""
    return Target(what, format(measured, form), f"<= {target:{form}}", measured <= target)


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


def targets(results: Results) -> list[Target]:
    """What is asked of the service, but for others that were not measured."""
    measured, alone = results.measured, results.alone
    found = [
        at_least(f"of the floor at {connections}", ratio(measured, FLOOR, connections), least, ".3f")
        for connections, least in OF_FLOOR.items()
    ]
    for other in results.others:
        lowest = min(ratio(measured, other, connections) for connections in CONNECTIONS)
        found.append(at_least(f"times {other}, lowest", lowest, TIMES_OTHERS[other], ".1f"))
        found.append(at_least(f"times {other}, best to best", best_ratio(measured, other), TIMES_OTHERS[other], ".1f"))
    return [
        *found,
        at_least("rows a second in batches", alone.rows_a_second, BATCH_ROWS_A_SECOND, ",.0f"),
        at_most("MB resident in the largest worker", alone.largest, MEMORY_MB, ".0f"),
        at_most("seconds from start to ready", statistics.median(alone.starts), START_SECONDS, ".2f"),
    ]
