"""Runs the monitoring's flow for one day after the other: in the monitoring's environment, which takes 7 s to import.

Reads a JSON object a line from standard input, with `day` and the moment `as_of`, and answers each with one: what the
flow returned, and the alert rules that fire at that moment.
"""

# These are of the monitoring, in whose environment and folder this runs.
# pylint: disable=import-error

import json
import os
import sys
from datetime import date, datetime
from typing import TextIO

from daily_monitoring import daily_monitoring
from monitor import database, panels, settings


def main() -> None:
    """Answers until standard input ends, as it does when the demo does."""
    # What libraries print goes to the log, so that only answers are on standard output.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _say(answers, {"ready": True})
    for line in sys.stdin:
        asked = json.loads(line)
        found = daily_monitoring(day=date.fromisoformat(asked["day"]))
        _say(answers, {"flow": found, "alerts": firing(datetime.fromisoformat(asked["as_of"]))})


def firing(as_of: datetime) -> list[dict]:
    """The alert rules that fire at this moment, with their numbers."""
    engine = database.connect(settings.read())
    try:
        with engine.connect() as connection:
            judged = [(rule, *panels.evaluate(rule, connection, as_of)) for rule in panels.rules()]
    finally:
        engine.dispose()
    return [{"uid": rule.uid, "title": rule.title, "value": value} for rule, value, fires in judged if fires]


def _say(answers: TextIO, what: dict) -> None:
    answers.write(json.dumps(what, default=str) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
