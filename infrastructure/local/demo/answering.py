"""How a companion of the demo answers: a JSON object a line on standard output for each on standard input."""

import json
import os
import sys
from collections.abc import Callable
from typing import TextIO


def answer(function: Callable[[dict], dict]) -> None:
    """Says that it is ready, and then what the function gives, until standard input ends, as it does with the demo."""
    # What libraries print goes to the log, so that only answers are on standard output.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _say(answers, {"ready": True})
    for line in sys.stdin:
        _say(answers, function(json.loads(line)))


def _say(answers: TextIO, what: dict) -> None:
    answers.write(json.dumps(what, default=str) + "\n")
    answers.flush()
