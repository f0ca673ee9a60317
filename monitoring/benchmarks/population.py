"""Students as the public dataset has them, so that days can be made of which the truth is known.

Facts of the dataset: time uniform from 1 to 100 hours, videos from 0 to 20, quizzes from 0 to 10, category and device
about equal, all independent. A student completes in 96.5% of the cases if at least four of five things hold, and else
in 4.5%: time > 20, videos > 5, quizzes > 3, and two that the model does not see, which hold for 60% and 40%.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

CATEGORIES = ("Arts", "Business", "Health", "Programming", "Science")
COMPLETES, COMPLETES_ELSE = 0.965, 0.045
# Chance that at least so many of the two hidden things hold, by how many more are needed.
HIDDEN_SHARES = (0.6, 0.4)
AT_LEAST = np.array(
    [
        1.0,
        1 - (1 - HIDDEN_SHARES[0]) * (1 - HIDDEN_SHARES[1]),
        HIDDEN_SHARES[0] * HIDDEN_SHARES[1],
        0.0,
        0.0,
    ]
)
CATEGORICAL = ["CourseCategory", "DeviceType", "prediction"]
NUMERICAL = ["TimeSpentOnCourse", "NumberOfVideosWatched", "NumberOfQuizzesTaken", "probability"]
TIME, VIDEOS, QUIZZES = NUMERICAL[:3]
# As in the contract of a training run.
FEATURES = [
    {
        "name": "CourseCategory",
        "column": "course_category",
        "kind": "categorical",
        "type": "string",
        "categories": list(CATEGORIES),
    },
    {"name": "DeviceType", "column": "device_type", "kind": "categorical", "type": "integer", "categories": [0, 1]},
    {"name": "TimeSpentOnCourse", "column": "time_spent_on_course", "kind": "numerical", "type": "number"},
    {"name": "NumberOfVideosWatched", "column": "number_of_videos_watched", "kind": "numerical", "type": "integer"},
    {"name": "NumberOfQuizzesTaken", "column": "number_of_quizzes_taken", "kind": "numerical", "type": "integer"},
]

Change = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]


def students(count: int, random: np.random.Generator, change: Change | None = None) -> pd.DataFrame:
    """So many students with what the best possible model says of them, and what became of them.

    `change` is made to what is recorded of them. What becomes of them follows from what they really did.
    """
    did = pd.DataFrame(
        {
            "CourseCategory": random.choice(CATEGORIES, count),
            "DeviceType": random.integers(0, 2, count),
            TIME: random.uniform(1, 100, count),
            VIDEOS: random.integers(0, 21, count).astype(float),
            QUIZZES: random.integers(0, 11, count).astype(float),
        }
    )
    actual = (random.random(count) < _probability(did)).astype(int)
    recorded = change(did, random) if change else did
    probability = _probability(recorded)
    return recorded.assign(prediction=(probability >= 0.5).astype(int), probability=probability, actual=actual)


def _probability(rows: pd.DataFrame) -> np.ndarray:
    """Of completing, as far as the features tell; a missing value counts as its median."""
    visible = (
        (rows[TIME].fillna(50.5) > 20).astype(int)
        + (rows[VIDEOS].fillna(10) > 5).astype(int)
        + (rows[QUIZZES].fillna(5) > 3).astype(int)
    )
    enough = AT_LEAST[4 - visible.to_numpy()]
    return enough * COMPLETES + (1 - enough) * COMPLETES_ELSE


@dataclass(frozen=True)
class Named:
    """A change, as the table of the benchmark names it."""

    name: str
    change: Change = field(repr=False)


def _scaled_time(factor: float) -> Change:
    return lambda rows, random: rows.assign(**{TIME: rows[TIME] * factor})


def _one_category(rows: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Arts from 20% to 40%."""
    others = (rows["CourseCategory"] != "Arts") & (random.random(len(rows)) < 0.25)
    return rows.assign(CourseCategory=rows["CourseCategory"].where(~others, "Arts"))


def _nulls(rows: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    return rows.assign(**{VIDEOS: rows[VIDEOS].where(random.random(len(rows)) >= 0.05)})


CHANGES = (
    Named("time spent down 10%", _scaled_time(0.90)),
    Named("time spent down 25%", _scaled_time(0.75)),
    Named("one category from 20% to 40%", _one_category),
    Named("videos stuck at 0", lambda rows, random: rows.assign(**{VIDEOS: 0.0})),
    Named("missing values of one feature from 0 to 5%", _nulls),
)
