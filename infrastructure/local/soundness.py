"""Whether a Python environment is whole, and why one could not be made. Runs on a bare Python, without packages."""

import csv
import os
import shutil
from pathlib import Path

NO_SPACE = "No space left on device"
TOO_LITTLE = 10 * 2**20  # bytes; below it, not even the log can say why


def is_whole(environment: Path) -> bool:
    """Whether its Python exists, and each file of each package, in the size that the package's RECORD says.

    It takes a third of a second for 40,000 files. A file of the same size with other bytes is not noticed.
    """
    if not (environment / "bin" / "python").exists():  # or leads nowhere, once the Python it was made from is gone
        return False
    try:
        return all(map(_is_whole, environment.glob("lib/python*/site-packages/*.dist-info/RECORD")))
    except OSError:
        return False


def _is_whole(record: Path) -> bool:
    site = str(record.parent.parent)
    with open(record, encoding="utf-8", newline="") as lines:
        return all(os.stat(f"{site}/{file}").st_size == int(size) for file, _, size in csv.reader(lines) if size)


def why_not_made(folder: Path, log: Path) -> str:
    """What may have kept an environment in this folder from being made, and what to do about it."""
    is_full = shutil.disk_usage(folder).free < TOO_LITTLE
    if is_full or NO_SPACE in log.read_text(encoding="utf-8", errors="replace"):
        return f"The disk with {folder} is full. Once there is space, the same command goes on from here."
    return "Is the package index reachable? Once it is, the same command goes on from here."
