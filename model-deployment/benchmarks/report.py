"""The report, as plain text."""

import platform
import statistics

from benchmarks import alone, figures, processor, throughput
from benchmarks.alone import Alone, Memory
from benchmarks.contestants import FLOOR, MLFLOW, MLSERVER, ORIGINAL, OURS, WORKERS
from benchmarks.results import Count, Results
from benchmarks.throughput import CONNECTIONS

ABOUT = {
    FLOOR: "the service's Flask, gunicorn, worker class and settings; a constant answer of the same size",
    OURS: "each answer is in the outbox on disk before it is given, and soon in Postgres",
    MLFLOW: "MLflow's own server of models, with uvloop; gives the class alone, and keeps no record",
    MLSERVER: "with its runtime for scikit-learn; gives the class alone, and keeps no record",
    ORIGINAL: "a stand-in: a DataFrame, and for each request three new connections to Postgres, each with its DDL",
}
GAP = "  "


def text(results: Results) -> str:
    """All of it."""
    parts = [
        _machine(results),
        _rates(results),
        _ratios(results),
        _processor(results),
        _alone(results.alone),
        _count(results.count),
        _faults(results.measured.faults()),
        _targets(results),
        f"It took {results.seconds:.0f} s.",
    ]
    return "\n\n".join(parts)


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table with a line for each row, its first column to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return "\n".join(
        GAP.join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]).rstrip()
        for row in [head, *rows]
    )


def _machine(results: Results) -> str:
    return (
        f"{processor.cores()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}. "
        "The servers, wrk and Postgres share them.\n"
        f"While requests were counted, programs beside this benchmark used {results.measured.strangers:.2f} cores.\n"
        f"Servers that wait for their turn use {results.idle_cores:.2f} cores, all together."
    )


def _rates(results: Results) -> str:
    names = [FLOOR, OURS, *results.others]
    rows = [
        [name, *(_spread(results.measured.rates(name, number), ",.0f") for number in CONNECTIONS)] for name in names
    ]
    rounds = f"{throughput.ROUNDS} rounds of {throughput.SECONDS} s"
    if results.others:
        rounds += f", of {len(throughput.ROUNDS_OF_OTHERS)} for the last {len(results.others)},"
    lines = [
        f"Requests a second, one student in each: the median of {rounds} and the range",
        "",
        table(["connections", *map(str, CONNECTIONS)], rows),
        *(f"{name}: not measured, {reason}" for name, reason in results.missing.items()),
        "",
        f"Each has {WORKERS} workers.",
        *(f"{name}: {ABOUT[name]}" for name in names),
    ]
    return "\n".join(lines)


def _ratios(results: Results) -> str:
    measured = results.measured
    rounds = [figures.of_rounds(measured.rates(OURS, each), measured.rates(FLOOR, each)) for each in CONNECTIONS]
    best = figures.best_ratio(measured, FLOOR)
    rows = [[FLOOR, *(_spread(ratios, ".2f") for ratios in rounds), f"{best:.2f}"]]
    for other in results.others:
        each = [f"{figures.ratio(measured, other, number):.1f}" for number in CONNECTIONS]
        rows.append([other, *each, f"{figures.best_ratio(measured, other):.1f}"])
    return (
        "This service as a multiple of each: of the floor round by round, of the others by their medians\n\n"
        + table(["connections", *map(str, CONNECTIONS), "best to best"], rows)
    )


def _processor(results: Results) -> str:
    used = results.measured.processor
    rows = [[name, *(_spread(used[name, number], ".3f") for number in CONNECTIONS)] for name in (FLOOR, OURS)]
    rounds = [figures.of_rounds(used[FLOOR, number], used[OURS, number]) for number in CONNECTIONS]
    rows.append(["ratio", *(_spread(ratios, ".2f") for ratios in rounds)])
    return (
        "Milliseconds of processor time a request, which other programs disturb less: of the server's processes\n"
        "and the one that ships to Postgres, without wrk and Postgres\n\n"
        + table(["connections", *map(str, CONNECTIONS)], rows)
    )


def _alone(found: Alone) -> str:
    lines = [
        "This service alone, the median and the range",
        "",
        f"{alone.BATCH_ROWS:,} rows in a request, all logged: {_spread(found.batches, '.3f')} s, "
        f"{found.rows_a_second:,.0f} rows a second",
        f"memory of its workers after single requests: {_memory(found.after_requests)}",
        f"memory of its workers after the batches: {_memory(found.after_batches)}",
        f"from start to ready, the model being on disk: {_spread(found.starts, '.2f')} s",
    ]
    return "\n".join(lines)


def _count(count: Count) -> str:
    return (
        f"Predictions answered: {count.answered:,}. Given, as the service counts: {count.given:,}. "
        f"Rows in Postgres: {count.rows:,}.\n"
        f"wrk hangs up on requests when a run ends, here on up to {count.cut_off:,}; the service answers them too.\n"
        f"{'They agree.' if count.agrees else 'THEY DO NOT AGREE.'}"
    )


def _faults(found: list[str]) -> str:
    return "\n".join(["FAULTS", *found]) if found else "All answers were 2xx, and no connection failed."


def _targets(results: Results) -> str:
    rows = [[one.what, one.measured, one.target, "yes" if one.is_met else "NO"] for one in figures.targets(results)]
    return "Targets\n\n" + table(["", "measured", "target", "met"], rows)


def _spread(values: list[float], form: str) -> str:
    return f"{statistics.median(values):{form}} ({min(values):{form}}-{max(values):{form}})"


def _memory(found: list[Memory]) -> str:
    return ", ".join(f"{one.resident:.0f} MB ({one.own:.0f} of its own)" for one in found)
