"""The figures of the whole project's table: `python -m benchmarks --figures FILE`. docs/figures.md has their form.

All of them are in the file from the start on, so that a benchmark that fails shows what it did not measure.
"""

import json
from collections.abc import Iterable
from pathlib import Path


class Sheet:
    """Figures by their names, each with its target; kept in a file, if there is one."""

    def __init__(self, path: Path | None, targets: Iterable[tuple[str, str]]):
        self._path = path
        self._rows = {what: {"what": what, "target": target, "measured": None, "met": None} for what, target in targets}
        self._write()

    def put(self, what: str, measured: str, met: bool | None) -> None:
        """Enters what was measured; raises KeyError where it was not to be."""
        self._rows[what] |= {"measured": measured, "met": met}
        self._write()

    def _write(self) -> None:
        if self._path:
            self._path.write_text(json.dumps(list(self._rows.values()), indent=2), encoding="utf-8")
