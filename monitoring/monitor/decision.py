"""Decides whether anything is to be done about a model: plain data in, a decision with its reason out."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from monitor import quality
from monitor.settings import Settings
from monitor.verdict import DRIFT

Action = Literal["none", "off", "cool-down", "notify", "wait", "retrain"]
NOTIFY, WAIT, RETRAIN = "notify", "wait", "retrain"
ACTED = (NOTIFY, RETRAIN)


@dataclass(frozen=True)
class Evidence:  # pylint: disable=too-many-instance-attributes  # of which a decision looks at each
    """What is known of the model that predicted last.

    `statuses`: day and status of all its days with enough data, the oldest first. `right` and `known` count, over its
    last days with enough known outcomes, which began on `known_from`, the students that it was right about, and those
    whose outcome is known, each once; `test` are the metrics of its training run. `last_notified`, `last_waited` and
    `last_retrained` are the last days before this one that were decided so, of whichever model. `outcomes_since` counts
    the students predicted since `since` whose outcome is known.
    """

    day: date
    run_id: str | None
    statuses: list[tuple[date, str]]
    right: int = 0
    known: int = 0
    known_from: date | None = None
    test: dict[str, float] = field(default_factory=dict)
    last_notified: date | None = None
    last_waited: date | None = None
    last_retrained: date | None = None
    since: date | None = None
    outcomes_since: int = 0

    def window(self, settings: Settings) -> list[tuple[date, str]]:
        """The days that are looked back on."""
        return self.statuses[-settings.drift_window :]


def began(evidence: Evidence, settings: Settings) -> date | None:
    """The day from which on retraining would learn: the first that drifted, since there was none for a whole window.

    Where no day drifted, it is the first of those whose accuracy is judged.
    """
    first, stable = None, 0
    for day, status in evidence.statuses:
        stable = 0 if status == DRIFT else stable + 1
        if status == DRIFT and first is None:
            first = day
        elif stable >= settings.drift_window:
            first = None
    return first or evidence.known_from


@dataclass(frozen=True)
class Decision:
    """What is done, and why, in a sentence for people; `tells` says whether that is an event."""

    action: Action
    reason: str
    tells: bool = False


def decide(evidence: Evidence, settings: Settings) -> Decision:
    """Whether drift lasts or accuracy is too low, and what follows from that."""
    causes = [cause for cause in (_lasting_drift(evidence, settings), _low_accuracy(evidence)) if cause]
    if not causes:
        return Decision("none", _all_well(evidence, settings))
    because = ", and ".join(causes)
    if settings.on_drift == "off":
        return Decision("off", f"{because}; ON_DRIFT=off, so nothing follows")
    # Who was told may still want to retrain, after which telling is not needed.
    last = evidence.last_retrained if settings.on_drift == RETRAIN else _latest(evidence)
    if _is_cooling(last, evidence, settings):
        return Decision(
            "cool-down", f"{because}; the last event was on {last}, and COOL_DOWN_DAYS={settings.cool_down_days}"
        )
    if settings.on_drift == NOTIFY:
        return Decision("notify", because, tells=True)
    if evidence.outcomes_since < settings.retrain_outcomes:
        return Decision(
            "wait",
            f"{because}; retraining waits for RETRAIN_OUTCOMES={settings.retrain_outcomes} known outcomes of students "
            f"predicted since {evidence.since}, and has {evidence.outcomes_since}",
            tells=not _is_cooling(_latest(evidence), evidence, settings),
        )
    return Decision("retrain", f"{because}; training starts on what was predicted since {evidence.since}", tells=True)


def row(evidence: Evidence, decided: Decision, settings: Settings) -> dict:
    """A row of the table `decisions`, which is not carried out yet where there is something to do."""
    window = evidence.window(settings)
    return {
        "run_id": evidence.run_id,
        "action": decided.action,
        "reason": decided.reason,
        "drifted_days": len(_drifted(window)),
        "days": len(window),
        "live_accuracy": evidence.right / evidence.known if evidence.known else None,
        "test_accuracy": evidence.test.get("accuracy"),
        "since": evidence.since,
        "outcomes_since": evidence.outcomes_since,
        "done": not decided.tells,
    }


def _latest(evidence: Evidence) -> date | None:
    told = (evidence.last_notified, evidence.last_waited, evidence.last_retrained)
    return max((day for day in told if day), default=None)


def _is_cooling(last: date | None, evidence: Evidence, settings: Settings) -> bool:
    return last is not None and (evidence.day - last).days < settings.cool_down_days


def _drifted(window: list[tuple[date, str]]) -> list[date]:
    return [day for day, status in window if status == DRIFT]


def _lasting_drift(evidence: Evidence, settings: Settings) -> str | None:
    window = evidence.window(settings)
    is_latest = bool(window) and window[-1] == (evidence.day, DRIFT)
    if not is_latest or len(_drifted(window)) < settings.drift_days:
        return None
    return f"{len(_drifted(window))} of the last {len(window)} days drifted, the latest among them"


def _low_accuracy(evidence: Evidence) -> str | None:
    p_value = quality.below(evidence.right, evidence.known, evidence.test)
    if p_value is None or p_value > quality.ALPHA:
        return None
    return (
        f"accuracy was {evidence.right / evidence.known:.3f} on {evidence.known} students predicted since "
        f"{evidence.known_from}, below the test accuracy {evidence.test['accuracy']:.3f}"
    )


def _all_well(evidence: Evidence, settings: Settings) -> str:
    if evidence.run_id is None:
        return "no predictions to judge"
    window = evidence.window(settings)
    drifted = f"{len(_drifted(window))} of the last {len(window)} days drifted"
    lasting = f"lasting drift is {settings.drift_days} of {settings.drift_window}, the latest among them"
    accuracy = (
        "the outcomes known do not show an accuracy below the test's"
        if evidence.known
        else "too few outcomes are known"
    )
    return f"{drifted}, and {lasting}; {accuracy}"
