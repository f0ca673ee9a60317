"""The columns of the engagement data: the one place that names them.

The prediction service and the monitoring flow do not import this. They read the same facts from the contract
that each training run keeps in MLflow (`export.py`).
"""

from dataclasses import dataclass
from typing import Literal

STUDENT = "UserID"
TARGET = "CourseCompletion"


@dataclass(frozen=True)
class Feature:
    """A feature that a prediction request carries.

    `type` is its JSON type in a request. `column` is its name in the database. A numerical feature lies between
    `minimum` and `maximum`, which only keep out what cannot be, and has a `unit` unless it is a count; a categorical
    one has one of `categories`, whose `labels` say what each means, where that is not plain.
    """

    name: str
    column: str
    kind: Literal["categorical", "numerical"]
    type: Literal["string", "integer", "number"]
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] | tuple[int, ...] | None = None
    labels: tuple[str, ...] | None = None
    unit: str | None = None


COURSE_CATEGORIES = ("Arts", "Business", "Health", "Programming", "Science")
DEVICE_TYPES = (0, 1)

FEATURES = (
    Feature("CourseCategory", "course_category", "categorical", "string", categories=COURSE_CATEGORIES),
    Feature(
        "DeviceType", "device_type", "categorical", "integer", categories=DEVICE_TYPES, labels=("mobile", "laptop")
    ),
    Feature("TimeSpentOnCourse", "time_spent_on_course", "numerical", "number", 0, 10_000, unit="hours"),
    Feature("NumberOfVideosWatched", "number_of_videos_watched", "numerical", "integer", 0, 100_000),
    Feature("NumberOfQuizzesTaken", "number_of_quizzes_taken", "numerical", "integer", 0, 100_000),
)

FEATURE_NAMES = [feature.name for feature in FEATURES]
STRINGS = [feature.name for feature in FEATURES if feature.type == "string"]
CATEGORICAL = [feature.name for feature in FEATURES if feature.kind == "categorical"]
NUMERICAL = [feature.name for feature in FEATURES if feature.kind == "numerical"]

# In the data, but not in a prediction request, so never features. Both are percentages.
NOT_REQUESTED = ["QuizScores", "CompletionRate"]

COLUMNS = [STUDENT, *FEATURE_NAMES, *NOT_REQUESTED, TARGET]
