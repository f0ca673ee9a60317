"""The students of the demo: what they did on each day, what of it was recorded, and what became of them.

They are like those of the public dataset: time from 1 to 100 hours, videos from 0 to 20, quizzes from 0 to 10, all
independent. A student completes with a chance of 96.5% if at least four of five things hold, and else of 4.5%: time
over 20, videos over 5, quizzes over 3, and two that nobody records, which hold for 60% and 40%.

Two things go wrong, on days that are known. On GAP_DAY a form forgets some counts of videos. From DRIFT_DAY on a new
video player records only a part of the time, while completion goes on to depend on all of it.
"""

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

SEED = 82
DAYS = 21
GAP_DAY, DRIFT_DAY = 5, 11  # the first day is 1
GAP_SHARE, RECORDED_SHARE = 0.06, 0.4
OUTCOME_DAYS = 2  # from a student's last activity to the day on which their outcome arrives
STUDENTS = (880, 1000)  # a day, at least and at most
# Some students come on two days, a week apart. Most have done more by then; the others have begun another course.
RETURNING, RETURN_DAYS, SHARE_GOING_ON = 70, 7, 0.7
RETURNS_LATER_BY = timedelta(minutes=40)
CATEGORIES = ("Arts", "Business", "Health", "Programming", "Science")
TIME, VIDEOS, QUIZZES = "TimeSpentOnCourse", "NumberOfVideosWatched", "NumberOfQuizzesTaken"
HIDDEN_SHARES = (0.6, 0.4)
COMPLETES, COMPLETES_ELSE = 0.965, 0.045
HOURS = (5.0, 23.2, 18.0)  # of activity: from, to, and when there is most of it


@dataclass(frozen=True)
class Visit:
    """A student's activity on a day; `did` is what they really did."""

    student: int
    day: int
    at: timedelta
    category: str
    device: int
    did: dict[str, float]


@dataclass(frozen=True)
class Outcome:
    """What became of a student after their last visit."""

    visit: Visit
    completed: int


def day_of(number: int, last: date) -> date:
    """The date of a day of the scenario, whose last day is `last`."""
    return last - timedelta(days=DAYS - number)


def lines(last: date) -> dict[int, str]:
    """For each day the activity of the day and the outcomes that arrive on it, a JSON object a line."""
    chance = random.Random(SEED)
    found: dict[int, list[dict]] = defaultdict(list)
    for visit, is_last in _visits(chance):
        outcome = Outcome(visit, _completes(visit.did, chance)) if is_last else None
        recorded = _recorded(visit, chance)
        if 1 <= visit.day <= DAYS:
            found[visit.day].append({**recorded, "OccurredAt": _moment(visit, last)})
            if outcome and visit.day + OUTCOME_DAYS <= DAYS:
                found[visit.day + OUTCOME_DAYS].append(_told(outcome, last))
    return {day: "".join(json.dumps(one) + "\n" for one in found[day]) for day in range(1, DAYS + 1)}


def _visits(chance: random.Random) -> Iterator[tuple[Visit, bool]]:
    """All visits, and whether each is the student's last one. Some are of days before the first."""
    student = 10_000
    for day in range(1 - RETURN_DAYS, DAYS + 1):
        for number in range(chance.randint(*STUDENTS) - 2 * RETURNING):
            student += 1
            visit = _first_visit(student, day, chance)
            if number >= RETURNING:
                yield visit, True
                continue
            # One of three counts moves. Of two draws, one is that of the first visit and one that of the second, so
            # that all visits of a day, first and second ones, are as independent as those of other students.
            what = chance.choice([TIME, VIDEOS, QUIZZES])
            less, more = sorted([visit.did[what], _did(chance)[what]])
            goes_on = chance.random() < SHARE_GOING_ON
            before, after = (less, more) if goes_on else (more, less)
            yield replace(visit, did=visit.did | {what: before}), False
            yield replace(
                visit,
                day=day + RETURN_DAYS,
                at=visit.at + RETURNS_LATER_BY,
                category=visit.category if goes_on else chance.choice(CATEGORIES),
                did=visit.did | {what: after},
            ), True


def _first_visit(student: int, day: int, chance: random.Random) -> Visit:
    return Visit(
        student=student,
        day=day,
        at=timedelta(hours=chance.triangular(*HOURS)),
        category=chance.choice(CATEGORIES),
        device=chance.randint(0, 1),
        did=_did(chance),
    )


def _did(chance: random.Random) -> dict[str, float]:
    return {TIME: chance.uniform(1, 100), VIDEOS: chance.randint(0, 20), QUIZZES: chance.randint(0, 10)}


def _completes(did: dict[str, float], chance: random.Random) -> int:
    seen = (did[TIME] > 20) + (did[VIDEOS] > 5) + (did[QUIZZES] > 3)
    hidden = sum(chance.random() < share for share in HIDDEN_SHARES)
    return int(chance.random() < (COMPLETES if seen + hidden >= 4 else COMPLETES_ELSE))


def _recorded(visit: Visit, chance: random.Random) -> dict:
    share = RECORDED_SHARE if visit.day >= DRIFT_DAY else 1.0
    is_forgotten = visit.day == GAP_DAY and chance.random() < GAP_SHARE
    return {
        "UserID": visit.student,
        "CourseCategory": visit.category,
        "DeviceType": visit.device,
        TIME: round(share * visit.did[TIME], 3),
        VIDEOS: None if is_forgotten else visit.did[VIDEOS],
        QUIZZES: visit.did[QUIZZES],
    }


def _told(outcome: Outcome, last: date) -> dict:
    happened = replace(outcome.visit, day=outcome.visit.day + OUTCOME_DAYS - 1)
    arrived = replace(outcome.visit, day=outcome.visit.day + OUTCOME_DAYS)
    return {
        "UserID": outcome.visit.student,
        "CourseCompletion": outcome.completed,
        "OccurredAt": _moment(happened, last),
        "ReceivedAt": _moment(arrived, last),
    }


def _moment(visit: Visit, last: date) -> str:
    return (datetime.combine(day_of(visit.day, last), time.min, UTC) + visit.at).isoformat(timespec="milliseconds")
