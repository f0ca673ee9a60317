"""Replays a file after the other: in the prediction service's environment, which takes a second to import.

It is asked for a `file`, and answers with what `python replay.py FILE` would have said.
"""

# These are of the prediction service, in whose environment and folder this runs.
# pylint: disable=import-error

from pathlib import Path

from answering import answer

from serving import settings
from serving.replay import replay


def replay_file(asked: dict) -> dict:
    """Predicts with the champion of this moment, and writes."""
    return {"said": replay(Path(asked["file"]), settings.read())}


if __name__ == "__main__":
    answer(replay_file)
