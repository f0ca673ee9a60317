"""The figures that a part hands on, whatever became of it."""

import json
from dataclasses import dataclass
from pathlib import Path

TYPES = {"what": str, "target": str, "measured": str | None, "met": bool | None}


@dataclass(frozen=True)
class Row:
    """A line of the table; `met` is None where there is no target, or nothing was measured."""

    what: str
    target: str
    measured: str
    met: bool | None


def read(path: Path, reason: str) -> list[Row]:
    """What the file of a part holds; `reason` says why something is missing in it."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not (isinstance(found, list) and found and all(map(_is_figure, found))):
            raise ValueError
    except (OSError, ValueError):
        return missing(reason)
    return [Row(one["what"], one["target"], one["measured"] or f"not measured: {reason}", one["met"]) for one in found]


def missing(reason: str) -> list[Row]:
    """In place of the figures of a part that named none."""
    return [Row("all of it", "", f"not measured: {reason}", None)]


def _is_figure(value) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == TYPES.keys()
        and all(isinstance(value[name], kind) for name, kind in TYPES.items())
    )
