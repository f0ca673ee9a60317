"""Runs the monitoring's flow for one day after the other: in the monitoring's environment, which takes 7 s to import.

It is asked for a `day` and the moment `as_of`, and answers with what the flow returned and the alert rules that fire
at that moment.
"""

# These are of the monitoring, in whose environment and folder this runs.
# pylint: disable=import-error

from datetime import date, datetime

from answering import answer

from daily_monitoring import daily_monitoring
from monitor import database, panels, settings


def monitor(asked: dict) -> dict:
    """Runs the flow, and looks at the alert rules."""
    found = daily_monitoring(day=date.fromisoformat(asked["day"]))
    return {"flow": found, "alerts": firing(datetime.fromisoformat(asked["as_of"]))}


def firing(as_of: datetime) -> list[dict]:
    """The alert rules that fire at this moment, with their numbers."""
    engine = database.connect(settings.read())
    try:
        with engine.connect() as connection:
            judged = [(rule, *panels.evaluate(rule, connection, as_of)) for rule in panels.rules()]
    finally:
        engine.dispose()
    return [{"uid": rule.uid, "title": rule.title, "value": value} for rule, value, fires in judged if fires]


if __name__ == "__main__":
    answer(monitor)
