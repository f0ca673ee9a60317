"""The figures that go into the table of the whole project, with names that say more than the report's."""

from pathlib import Path

from benchmarks import alone, figures
from benchmarks.results import Results
from benchmarks.sheet import Sheet

STORED = "predictions answered, and rows stored of them"
# By the report's names.
NAMES = {
    **{
        figures.of_floor(number): f"requests a second, of a constant's, connections: {number}"
        for number in figures.OF_FLOOR
    },
    **{figures.lowest(other): f"requests a second, times {other}, the lowest" for other in figures.TIMES_OTHERS},
    **{figures.best(other): f"requests a second, times {other}, best to best" for other in figures.TIMES_OTHERS},
    figures.ROWS: f"rows a second in requests of {alone.BATCH_ROWS:,} rows",
    figures.MEMORY: "memory of the largest worker, MB",
    figures.START: "from start to ready, s",
}


def sheet(path: Path | None) -> Sheet:
    """All figures, none of them measured yet."""
    return Sheet(path, [*((NAMES[one.what], one.target) for one in figures.wanted()), (STORED, "equal")])


def fill(the_sheet: Sheet, results: Results) -> None:
    """Enters what was measured, and why some of it was not."""
    for one in figures.targets(results):
        the_sheet.put(NAMES[one.what], one.measured, one.is_met)
    for other, reason in results.missing.items():
        for name in (figures.lowest(other), figures.best(other)):
            the_sheet.put(NAMES[name], f"not measured: {reason}", None)
    count = results.count
    shown = f"{count.answered:,} read, {count.given:,} given, {count.rows:,} stored"
    the_sheet.put(STORED, shown, count.agrees)
