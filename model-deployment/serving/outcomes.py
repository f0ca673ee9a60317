"""Reads what really happened: whether a student completed the course."""

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, TypeAdapter, model_validator
from pydantic_core import PydanticCustomError

from serving.activity import MAX_ROWS, StudentID, Whole, is_array
from serving.outbox.segment import text

TABLE = "outcomes"
COLUMNS = ("outcome_id", "received_at", "prediction_id", "user_id", "course_completion", "occurred_at")
# Outcomes have no id of their own. The same one gets the same id, so that posting it again adds nothing.
NAMESPACE = uuid.UUID("8f3d0d4e-6a0e-5b65-9a52-6f2d0c7a1b11")
# RFC 3339 without leap seconds; of these years, so that the time exists in UTC too, whatever its offset.
MOMENT = (
    "^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    "[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
# Of clocks that go wrong, and times of the day that are told as if in UTC. What is further ahead is a mistake, which no
# correction with a later time could mend.
AHEAD = timedelta(days=1)
UUID = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"


def _written(pattern: str, parse: Callable[[str], Any], meaning: str) -> PlainValidator:
    """Reads text of this pattern only: pydantic's own would also take "42" for a time, and a UUID in braces."""

    def read_text(value: object) -> Any:
        if isinstance(value, str) and re.fullmatch(pattern, value):
            try:
                return parse(value)
            except ValueError:  # the 30th of February
                pass
        raise PydanticCustomError("text", f"Input should be {meaning}")

    return PlainValidator(read_text)


def _in_utc(value: str) -> datetime:
    return datetime.fromisoformat(value.upper()).astimezone(UTC)


def _has_been(moment: datetime) -> datetime:
    if moment > datetime.now(UTC) + AHEAD:
        raise PydanticCustomError("future", "Input should not be more than a day ahead")
    return moment


PredictionID = Annotated[uuid.UUID, _written(UUID, uuid.UUID, "a UUID, as predictions are answered with")]
Moment = Annotated[
    datetime,
    _written(MOMENT, _in_utc, "a time with its offset, such as 2026-01-31T12:00:00Z, of the years 1000 to 2999"),
    AfterValidator(_has_been),
]


class Outcome(BaseModel):
    """What became of a student, or of the student of one prediction."""

    model_config = ConfigDict(strict=True)

    user_id: Annotated[StudentID | None, Field(alias="UserID")] = None
    prediction_id: Annotated[PredictionID | None, Field(alias="PredictionID")] = None
    course_completion: Annotated[int, Whole(0, 1), Field(alias="CourseCompletion")]
    occurred_at: Annotated[Moment, Field(alias="OccurredAt")]

    @model_validator(mode="after")
    def _names_someone(self) -> "Outcome":
        if self.user_id is None and self.prediction_id is None:
            raise PydanticCustomError("missing_student", "Field required: UserID or PredictionID")
        return self

    def outcome_id(self) -> uuid.UUID:
        """Depends on all that the outcome says, and on nothing else."""
        said = (self.user_id, self.prediction_id, self.course_completion, self.occurred_at.isoformat())
        return uuid.uuid5(NAMESPACE, repr(tuple(map(str, said))))


_ONE: TypeAdapter[Outcome] = TypeAdapter(Outcome)
_MANY: TypeAdapter[Any] = TypeAdapter(Annotated[list[Outcome], Field(min_length=1, max_length=MAX_ROWS)])


def read(body: bytes) -> list[Outcome]:
    """The outcomes of a request body, an object or an array of them; raises pydantic's ValidationError."""
    return _MANY.validate_json(body) if is_array(body) else [_ONE.validate_json(body)]


def rows(outcomes: list[Outcome]) -> bytes:
    """The outcomes, received now, as rows for the outbox, of these COLUMNS."""
    now = datetime.now(UTC)
    return "".join(row(outcome, now) for outcome in outcomes).encode()


def row(outcome: Outcome, received_at: datetime) -> str:
    """An outcome as a row for the table, of these COLUMNS."""
    values = (
        str(outcome.outcome_id()),
        received_at.isoformat(),
        text(outcome.prediction_id and str(outcome.prediction_id)),
        text(outcome.user_id),
        text(outcome.course_completion),
        outcome.occurred_at.isoformat(),
    )
    return "\t".join(values) + "\n"
