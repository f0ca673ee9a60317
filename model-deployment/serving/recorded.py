"""Reads recorded activity and outcomes, a JSON object a line.

A line with `CourseCompletion` is an outcome, as for POST /outcomes, and may say when it was received. Any other is
activity, as for POST /predict. Both say when they occurred.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Callable, Iterable

from pydantic import BaseModel, Field, ValidationError

from serving import problems
from serving.outcomes import Moment, Outcome
from serving.predictor import Predictor

OUTCOME = "CourseCompletion"


class RecordedOutcome(Outcome):
    """An outcome that was received when it occurred, or at another time."""

    received_at: Annotated[Moment | None, Field(alias="ReceivedAt")] = None


class _Time(BaseModel):
    occurred_at: Annotated[Moment, Field(alias="OccurredAt")]


@dataclass(frozen=True)
class Activity:
    """What a student had done by then."""

    occurred_at: datetime
    student: dict


class Faulty(Exception):
    """Lines are wrong; `faults` says for each of them what."""

    def __init__(self, faults: list[str]):
        super().__init__(faults[0])
        self.faults = faults


def read(lines: Iterable[bytes], predictor: Predictor) -> tuple[list[Activity], list[RecordedOutcome]]:
    """The activity and the outcomes of these lines, of which empty ones are passed over; raises Faulty."""
    activities: list[Activity] = []
    found: list[RecordedOutcome] = []
    faults: list[str] = []
    seen: dict[tuple, int] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            if OUTCOME in _fields(line):
                found.append(_outcome(line, predictor))
                continue
            one = _activity(line, predictor)
            key = (one.student[predictor.student], one.occurred_at)
            if seen.setdefault(key, number) != number:
                raise Faulty([f"OccurredAt: line {seen[key]} has the same student at this time; only one is allowed"])
            activities.append(one)
        except Faulty as error:
            faults += [f"line {number}: {fault}" for fault in error.faults]
    if faults:
        raise Faulty(faults)
    return activities, found


def _fields(line: bytes) -> dict:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Faulty([f"it is no JSON: {error}"]) from error
    if not isinstance(found, dict):
        raise Faulty(["it is to be one JSON object"])
    return found


def _outcome(line: bytes, predictor: Predictor) -> RecordedOutcome:
    names = [feature["name"] for feature in predictor.model.contract["features"]]
    both = [name for name in names if name in _fields(line)]
    if both:
        raise Faulty([f"{OUTCOME}: an outcome has no {', no '.join(both)}; activity is a line of its own"])
    return _validated([lambda: RecordedOutcome.model_validate_json(line)])[0]


def _activity(line: bytes, predictor: Predictor) -> Activity:
    given = _validated([lambda: predictor.read(line), lambda: _Time.model_validate_json(line)])
    return Activity(occurred_at=given[1].occurred_at, student=given[0][0])


def _validated(readers: list[Callable]) -> list:
    """What all of them give; raises Faulty with the faults of all."""
    given, faults = [], []
    for reader in readers:
        try:
            given.append(reader())
        except ValidationError as error:
            problem = problems.of(error)
            faults += [_said(fault) for fault in problem.errors] or [problem.detail]
    if faults:
        raise Faulty(faults)
    return given


def _said(fault: dict) -> str:
    value = f"={json.dumps(fault['value'], ensure_ascii=False)}" if "value" in fault else ""
    return f"{fault['field']}{value}: {fault['message']}"
