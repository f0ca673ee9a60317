"""From what happened to what is told of it: in the terminal, and on top of the page."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from demo import scenario
from demo.replay import Day, Replay
from stack.postgres import Database

Kind = Literal["cause", "alarm", "decision", "training", "good"]  # as the page has colours for
SERVICE_NOTE = (
    "Replayed days need no running service. The numbers of requests and predictions on this dashboard are those of the "
    "replay; times to answer and the outbox are made up, as an untroubled service would report them."
)
LINKS_NOTE = (
    "The servers of the demo have ended, so there are no links to Evidently's reports and to the runs. Under make run, "
    "and in Grafana, there are."
)
PAST = {"notify": "people are told", "wait": "retraining waits", "retrain": "retraining starts"}


@dataclass(frozen=True)
class Event:
    """What happened on a day; `day` is its number."""

    day: int
    kind: Kind
    title: str
    text: str


def events(replay: Replay) -> list[Event]:
    """What happened, in order: what went wrong, what was noticed, what followed, and what came of it."""
    found = [
        Event(
            scenario.GAP_DAY,
            "cause",
            "A form forgets values",
            f"For this day alone, {scenario.GAP_SHARE:.0%} of the students come without their number of videos.",
        ),
        Event(
            scenario.DRIFT_DAY,
            "cause",
            "Drift sets in",
            f"From now on, a new video player records {scenario.RECORDED_SHARE:.0%} of the time that students spend. "
            "Whether they complete depends on all of it, as before.",
        ),
        *_first_alerts(replay.days),
        *_declared(replay.days),
        *_decided(replay.days),
        *_after(replay),
    ]
    order = ("cause", "alarm", "decision", "training", "good")
    return sorted(found, key=lambda event: (event.day, order.index(event.kind)))


def accuracy(database: Database, first: date, last: date, run_id: str) -> tuple[float, int]:
    """The share of a model's students of these days that it was right about, and of how many the outcome is known."""
    (found,) = database.query(
        """SELECT coalesce(sum(accuracy * outcomes) / nullif(sum(outcomes), 0), 0)::float8 AS share,
            coalesce(sum(outcomes), 0)::int AS outcomes
        FROM live_quality WHERE day BETWEEN %s AND %s AND run_id = %s""",
        (first, last, run_id),
    )
    return found["share"], found["outcomes"]


def document(replay: Replay, database: Database) -> dict:
    """The story as `page.py --story` of the monitoring reads it."""
    on = {day.number: day.date for day in replay.days}
    told = [vars(event) | {"day": str(on[event.day])} for event in events(replay)]
    return {
        "title": "Three weeks of students, and a drift that sets in",
        "text": "Made-up students, whose truth is known, replayed day by day through the real tables, the real "
        "monitoring and the real training. Outcomes arrive two days late.",
        "days": [{"day": str(day.date), "status": day.status, "version": day.version} for day in replay.days],
        "events": told,
        "figures": figures(replay, database),
        "notes": {"service": SERVICE_NOTE, "model-and-data": LINKS_NOTE},
    }


def figures(replay: Replay, database: Database) -> list[dict]:
    """The numbers to see first: alarms that were false or late, and how often the models were right."""
    quiet = [day for day in replay.days if day.number < scenario.DRIFT_DAY and day.number != scenario.GAP_DAY]
    false = [day for day in quiet if day.status == "drift"]
    drifting = [day for day in replay.days if day.number >= scenario.DRIFT_DAY and day.version == replay.first.version]
    declared = [day for day in drifting if day.status == "drift"]
    found = [
        {
            "label": "False alarms before the drift",
            "value": str(len(false)),
            "text": f"of {len(quiet)} days on which nothing was wrong",
            "is_good": not false,
        },
        {
            "label": "Drift was declared after",
            "value": f"{declared[0].number - scenario.DRIFT_DAY} days" if declared else "never",
            "text": "0: by the monitoring of the very day on which it set in",
            "is_good": bool(declared),
        },
    ]
    spans = [
        ("Right about students before", replay.first, quiet),
        ("Right while the drift lasted", replay.first, drifting),
    ]
    if replay.retrained:
        since = [day for day in replay.days if day.version == replay.retrained.version]
        spans.append(("Right with the new champion", replay.retrained, since))
    for label, model, days in spans:
        if days:
            numbers = f"{days[0].number} to {days[-1].number}"
            share, outcomes = accuracy(database, days[0].date, days[-1].date, model.run_id)
            found.append(
                {
                    "label": label,
                    "value": f"{share:.1%}" if outcomes else "not known yet",
                    "text": f"days {numbers}, version {model.version}, {outcomes:,} outcomes",
                    "is_good": days is not drifting,
                }
            )
    return found


def _first_alerts(days: list[Day]) -> list[Event]:
    seen: dict[str, Day] = {}
    for day in days:
        for title in day.alerts:
            seen.setdefault(title, day)
    return [
        Event(day.number, "alarm", f"Alert: {title}", _rings([each for each in days if title in each.alerts]))
        for title, day in seen.items()
    ]


def _rings(on: list[Day]) -> str:
    *some, last = (str(day.number) for day in on)
    numbers = " and ".join([", ".join(some), last] if some else [last])
    return f"It fires in the morning after day {numbers}, once the monitoring has run."


def _declared(days: list[Day]) -> list[Event]:
    for day in days:
        if day.status == "drift" and day.number >= scenario.DRIFT_DAY:
            return [
                Event(
                    day.number,
                    "alarm",
                    "Drift is declared",
                    f"Students differ from training in {', '.join(day.drifted)}.",
                )
            ]
    return []


def _decided(days: list[Day]) -> list[Event]:
    """The first day of each decision that is not to do nothing."""
    found: dict[str, Event] = {}
    for day in days:
        if day.action in PAST and day.action not in found:
            is_first = not found
            title = f"{'The drift counts as lasting: ' if is_first else ''}{PAST[day.action]}"
            kind: Kind = "training" if day.action == "retrain" else "decision"
            found[day.action] = Event(
                day.number, kind, title[0].upper() + title[1:], f"{day.reason[0].upper()}{day.reason[1:]}."
            )
    return list(found.values())


def _after(replay: Replay) -> list[Event]:
    if not replay.retrained:
        return []
    since = [day for day in replay.days if day.version == replay.retrained.version]
    drifted = [str(day.number) for day in since if day.status == "drift"]
    reason = replay.retrained.version_tags.get("promotion.reason", "")
    return [
        Event(
            since[0].number,
            "good",
            f"Version {replay.retrained.version} is champion",
            f"It is {reason}. In its test it was right about {replay.retrained.metrics['accuracy']:.1%}.",
        ),
        Event(
            since[-1].number,
            "good",
            "No drift since" if not drifted else "Drift goes on",
            (
                f"On the {len(since)} days since, students look like those that the new model learned from."
                if not drifted
                else f"Drift on day {', '.join(drifted)} since."
            ),
        ),
    ]
