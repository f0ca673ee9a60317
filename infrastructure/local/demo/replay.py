"""The days of the demo, one after the other: its students are predicted, the monitoring looks at them, and decides."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from demo import scenario
from demo.processes import Companion
from stack import console, prefect, programs, tracking
from stack.addresses import Addresses
from stack.loop import TRAINING
from stack.settings import Settings
from stack.supervisor import Supervisor
from stack.tracking import Version

# The monitoring runs at 06:00 for the day before, and alert rules wait for ten minutes.
LOOKS_AFTER = timedelta(days=1, hours=6, minutes=10)


@dataclass(frozen=True)
class Day:
    """What the monitoring said of a day. `number` counts from 1; `alerts` are titles of the rules that fire."""

    number: int
    date: date
    version: str
    students: int
    status: str
    drifted: list[str]
    alerts: list[str]
    action: str
    reason: str
    training: str | None = None


@dataclass(frozen=True)
class Companions:
    """What predicts a day's students, and what looks at them then."""

    replaying: Companion
    monitoring: Companion


@dataclass
class Replay:
    """All that happened: the days, and the version that became champion after one of them."""

    first: Version
    days: list[Day] = field(default_factory=list)
    retrained: Version | None = None


def run(settings: Settings, supervisor: Supervisor, addresses: Addresses, companions: Companions) -> Replay:
    """Lives through all days, up to yesterday, with a line each."""
    last = datetime.now(UTC).date() - timedelta(days=1)
    champion = tracking.champion(addresses.mlflow)
    found = Replay(champion)
    for number, lines in scenario.lines(last).items():
        on = scenario.day_of(number, last)
        with console.step(f"Day {number:>2}, {on}") as step:
            file = settings.local_dir / "days" / f"{on}.jsonl"
            file.parent.mkdir(exist_ok=True)
            file.write_text(lines, encoding="utf-8")
            companions.replaying.ask({"file": str(file)})
            as_of = datetime.combine(on, time.min, UTC) + LOOKS_AFTER
            answer = companions.monitoring.ask({"day": str(on), "as_of": as_of.isoformat()})
            day = _read(addresses, number, on, champion, answer["alerts"])
            step.result = in_a_line(day)
        found.days.append(day)
        if day.training:
            champion = _follow_training(addresses, supervisor.log(programs.worker_name(programs.TRAINING_QUEUE)), day)
            found.retrained = champion
    return found


def in_a_line(day: Day) -> str:
    """What a reader of the terminal is told of a day."""
    said = [f"{day.students} students by version {day.version}", day.status]
    if day.drifted:
        said[-1] += f" in {', '.join(day.drifted)}"
    said += [f"alert: {title}" for title in day.alerts]
    if day.action != "none":
        said.append(f"decision: {day.action}")
    return "; ".join(said)


def _read(addresses: Addresses, number: int, on: date, champion: Version, alerts: list[dict]) -> Day:
    query = addresses.database.query
    (measured,) = query("SELECT * FROM metrics WHERE day = %s", (on,))
    (decided,) = query("SELECT * FROM decisions WHERE day = %s", (on,))
    drifted = query(
        """SELECT "column" || CASE aspect WHEN 'missing' THEN ' (missing)' ELSE '' END AS what
        FROM feature_drift WHERE day = %s AND drifted ORDER BY score DESC""",
        (on,),
    )
    return Day(
        number=number,
        date=on,
        version=champion.version,
        students=measured["students"],
        status=measured["status"],
        drifted=[row["what"] for row in drifted],
        alerts=[alert["title"] for alert in alerts],
        action=decided["action"],
        reason=decided["reason"],
        training=decided["flow_run_url"].rsplit("/", 1)[-1] if decided["flow_run_url"] else None,
    )


def _follow_training(addresses: Addresses, log: Path, day: Day) -> Version:
    with console.step(f"Retraining ({TRAINING}), which the monitoring started") as step:
        prefect.follow(addresses.prefect_api, TRAINING, day.training, log, step.say_task)
        champion = tracking.champion(addresses.mlflow)
        if champion.version == day.version:
            latest = tracking.latest(addresses.mlflow)
            step.result = f"version {latest.version}: {latest.version_tags.get('promotion.reason', 'not promoted')}"
        else:
            step.result = f"version {champion.version} is champion: {champion.version_tags.get('promotion.reason', '')}"
    return champion
