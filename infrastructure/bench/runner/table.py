"""The table, in Markdown and as data."""

import json
from dataclasses import asdict

from runner.machine import Machine
from runner.run import Outcome

HEAD = ("part", "figure", "target", "measured", "met")
MET = {True: "yes", False: "**no**", None: ""}


def markdown(machine: Machine, outcomes: list[Outcome]) -> str:
    """Who measured when, and a line for each figure."""
    lines = [about(machine, outcomes), "", _line(HEAD), "|---" * len(HEAD) + "|"]
    lines += [
        _line((outcome.part, row.what, row.target, row.measured, MET[row.met]))
        for outcome in outcomes
        for row in outcome.rows
    ]
    return "\n".join(lines) + "\n"


def about(machine: Machine, outcomes: list[Outcome]) -> str:
    """The machine and the day, in sentences."""
    said = (
        f"Measured on {machine.day} at commit {machine.commit}: {machine.cores} cores, {machine.memory_gb:.0f} GB of "
        f"memory, {machine.system}, Python {machine.python}. The load average before was "
        f"{', '.join(f'{load:.2f}' for load in machine.load)}."
    )
    busy = [f"{one.part} {one.others:.2f}" for one in outcomes if one.others is not None]
    if busy:
        said += f" Cores that other programs used meanwhile: {', '.join(busy)}."
    return said


def as_json(machine: Machine, outcomes: list[Outcome]) -> str:
    """The same for programs."""
    return json.dumps({"machine": asdict(machine), "parts": [asdict(one) for one in outcomes]}, indent=2) + "\n"


def _line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"
