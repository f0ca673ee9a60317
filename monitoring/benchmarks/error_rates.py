"""How often a day is called drifted for nothing, and how often a known change is noticed: by simulation.

Each simulated day has a reference of its own, as large as the validation split of the public dataset. Rates are shares
of days; the interval is Clopper and Pearson's at 95%.
"""

import multiprocessing
import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from statsmodels.stats.proportion import proportion_confint

from benchmarks import population
from monitor import quality, shift

REFERENCE_STUDENTS = 1625
TEST_STUDENTS = 1625
SIZES = (100, 500, 5_000, 50_000)
# Of these sizes, in their order; larger days take longer, and are all alike.
DAYS_WITHOUT_CHANGE = (3_000, 3_000, 1_000, 300)
DAYS_WITH_CHANGE = (300, 300, 100, 40)
DAYS_BY_EVIDENTLY = 40
WINDOW = 5
UNCHANGED, SHIFTED = "no change", "time spent down 25%"
MAX_FALSE, MIN_POWER, POWER_SIZE = 0.01, 0.95, 500
FALSE_ALARMS = "days called drifted on which nothing has changed, at the most of all sizes"
POWER = f"days noticed on which {POWER_SIZE} students spend a quarter less time"
TARGETS = ((FALSE_ALARMS, f"<= {MAX_FALSE:.0%}"), (POWER, f">= {MIN_POWER:.0%}"))
NOISE = (0.10, 0.25)  # share of the outcomes that turn into their opposite


@dataclass(frozen=True)
class Rate:
    """A share of days, as `hits` of `days`."""

    hits: int
    days: int

    @property
    def share(self) -> float:
        """Of the days."""
        return self.hits / self.days

    def __str__(self) -> str:
        low, high = proportion_confint(self.hits, self.days, method="beta")
        return f"{self.share:.1%} ({low:.1%} to {high:.1%})"


def drifted(size: int, change: str, seed: int) -> bool:
    """Whether a day of `size` students, with the change of this name ("" for none), is called drifted."""
    random = np.random.default_rng(seed)
    reference = population.students(REFERENCE_STUDENTS, random)
    current = population.students(size, random, _change(change))
    shifts = shift.compare(current, reference, population.CATEGORICAL, population.NUMERICAL)
    return any(one.drifted for one in shifts)


def drifted_by_evidently(size: int, _change_name: str, seed: int) -> bool:
    """Whether Evidently, as it comes, calls any column of an unchanged day drifted."""
    from evidently import DataDefinition, Dataset, Report  # pylint: disable=import-outside-toplevel
    from evidently.metrics import DriftedColumnsCount  # pylint: disable=import-outside-toplevel

    random = np.random.default_rng(seed)
    columns = [*population.CATEGORICAL, *population.NUMERICAL]
    definition = DataDefinition(categorical_columns=population.CATEGORICAL, numerical_columns=population.NUMERICAL)
    current, reference = (
        Dataset.from_pandas(population.students(count, random)[columns], data_definition=definition)
        for count in (size, REFERENCE_STUDENTS)
    )
    count = Report([DriftedColumnsCount()]).run(current, reference).dict()["metrics"][0]["value"]["count"]
    return count > 0


def below_test(size: int, noise: str, seed: int) -> bool:
    """Whether live accuracy on `size` students is called below the test's, after this share of outcomes has turned."""
    random = np.random.default_rng(seed)
    test, live = population.students(TEST_STUDENTS, random), population.students(size, random)
    turned = random.random(size) < float(noise)
    actual = np.where(turned, 1 - live["actual"], live["actual"])
    right = int((live["prediction"] == actual).sum())
    metrics = {"accuracy": float((test["prediction"] == test["actual"]).mean()), "rows_test": float(TEST_STUDENTS)}
    p_value = quality.below(right, size, metrics)
    return p_value is not None and p_value <= quality.ALPHA


def lasting(size: int, _change_name: str, seed: int) -> bool:
    """Whether, in a month of unchanged days with one reference, any three of five days drift, the last among them."""
    random = np.random.default_rng(seed)
    reference = population.students(REFERENCE_STUDENTS, random)
    days = []
    for _ in range(30):
        current = population.students(size, random)
        shifts = shift.compare(current, reference, population.CATEGORICAL, population.NUMERICAL)
        days.append(any(one.drifted for one in shifts))
        if days[-1] and sum(days[-WINDOW:]) >= 3:
            return True
    return False


def rate(judge: Callable[[int, str, int], bool], size: int, change: str, days: int) -> Rate:
    """The share of so many days that are judged so, on all cores."""
    # Forked after numpy has started threads, a process may hang.
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        hits = pool.starmap(judge, [(size, change, seed) for seed in range(days)], chunksize=10)
    return Rate(sum(hits), days)


def _change(name: str) -> population.Change | None:
    return {one.name: one.change for one in population.CHANGES}.get(name)


def measure() -> dict[str, list[Rate]]:
    """All rates, by what is done to the days, for each size; takes some minutes, and says how far it is."""
    rates: dict[str, list[Rate]] = {}

    def row(title: str, judge: Callable, change: str, days: tuple[int, ...], factor: int = 1) -> None:
        rates[title] = []
        for size, count in zip(SIZES, days, strict=True):
            print(f"{title}, {size:,} a day, {count:,} days ...", flush=True)
            rates[title].append(rate(judge, size * factor, change, count))

    row(UNCHANGED, drifted, "", DAYS_WITHOUT_CHANGE)
    for one in population.CHANGES:
        row(one.name, drifted, one.name, DAYS_WITH_CHANGE)
    row("no change, by Evidently's defaults", drifted_by_evidently, "", (DAYS_BY_EVIDENTLY,) * len(SIZES))
    row("no change: lasting drift in a month", lasting, "", (200, 200, 50, 10))
    row("no change: accuracy of a day below the test's", below_test, "0", DAYS_WITHOUT_CHANGE)
    for noise in NOISE:
        row(f"{noise:.0%} of outcomes turned: accuracy of a day", below_test, str(noise), DAYS_WITH_CHANGE)
        row(f"{noise:.0%} of outcomes turned: of {WINDOW} days", below_test, str(noise), DAYS_WITH_CHANGE, WINDOW)
    return rates


def table(rates: dict[str, list[Rate]]) -> str:
    """All rates, as a table in Markdown."""
    lines = [f"| share of days that alarm, at students a day | {' | '.join(f'{size:,}' for size in SIZES)} |"]
    lines.append("|---" * (1 + len(SIZES)) + "|")
    lines += [f"| {title} | {' | '.join(map(str, found))} |" for title, found in rates.items()]
    return "\n".join(lines)


def figures(rates: dict[str, list[Rate]]) -> list[tuple[str, str, bool]]:
    """What was measured of TARGETS, and whether it is met."""
    size, worst = max(zip(SIZES, rates[UNCHANGED], strict=True), key=lambda one: one[1].share)
    noticed = rates[SHIFTED][SIZES.index(POWER_SIZE)]
    return [
        (FALSE_ALARMS, f"{worst}, with {size:,} students a day", worst.share <= MAX_FALSE),
        (POWER, str(noticed), noticed.share >= MIN_POWER),
    ]
