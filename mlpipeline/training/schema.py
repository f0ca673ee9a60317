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

    `type` is its JSON type in a request. `column` is its name in the database. `minimum` bounds a numerical
    feature; a categorical one gets its known categories from the training data instead.
    """

    name: str
    column: str
    kind: Literal["categorical", "numerical"]
    type: Literal["string", "integer", "number"]
    minimum: float | None = None


FEATURES = (
    Feature("CourseCategory", "course_category", "categorical", "string"),
    Feature("DeviceType", "device_type", "categorical", "integer"),
    Feature("TimeSpentOnCourse", "time_spent_on_course", "numerical", "number", 0),
    Feature("NumberOfVideosWatched", "number_of_videos_watched", "numerical", "integer", 0),
    Feature("NumberOfQuizzesTaken", "number_of_quizzes_taken", "numerical", "integer", 0),
)

FEATURE_NAMES = [feature.name for feature in FEATURES]
CATEGORICAL = [feature.name for feature in FEATURES if feature.kind == "categorical"]
NUMERICAL = [feature.name for feature in FEATURES if feature.kind == "numerical"]

# In the data, but not in a prediction request, so never features.
NOT_REQUESTED = ["QuizScores", "CompletionRate"]

COLUMNS = [STUDENT, *FEATURE_NAMES, *NOT_REQUESTED, TARGET]
