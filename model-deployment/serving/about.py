"""What MLflow knows of a run, kept in a file beside its model."""

import json
from pathlib import Path

ABOUT = "about.json"


def read(folder: Path) -> dict:
    """The registered version and the metrics of the run, or less where a run was fetched without them."""
    about = folder / ABOUT
    return json.loads(about.read_text(encoding="utf-8")) if about.is_file() else {}


def version(about: dict) -> str:
    """The registered version, or an empty text where it is not known."""
    return str(about.get("version", ""))
