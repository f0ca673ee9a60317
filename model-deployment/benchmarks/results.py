"""What was measured, before anything is made of it."""

from dataclasses import dataclass

from benchmarks.alone import Alone
from benchmarks.throughput import Measured


@dataclass(frozen=True)
class Count:
    """Predictions that were answered, as the clients and as the service say, and rows that are in Postgres."""

    answered: int
    given: int
    rows: int
    cut_off: int  # at most so many requests were in flight when a run of wrk ended

    @property
    def agrees(self) -> bool:
        """Whether each answer has its row, and each row a request."""
        return self.rows == self.given and 0 <= self.rows - self.answered <= self.cut_off


@dataclass(frozen=True)
class Results:
    """All that was measured."""

    measured: Measured
    others: list[str]  # besides the floor
    missing: dict[str, str]  # those that could not be measured, and why
    alone: Alone
    count: Count
    idle_cores: float  # that servers use while they wait for their turn
    seconds: float

    @property
    def is_sound(self) -> bool:
        """Whether nothing failed and nothing was lost."""
        return self.count.agrees and not self.measured.faults()
