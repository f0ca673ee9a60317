"""Reads students' activity from a request body. What it may hold follows from the contract of the model served."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr, TypeAdapter, create_model

TYPES: dict[str, Any] = {"string": StrictStr, "integer": StrictInt, "number": StrictFloat}
MAX_ROWS = 10_000  # of one request
# What the columns of the table can hold; text in Postgres has no NUL.
LIMITS: dict[str, dict] = {
    "string": {"min_length": 1, "max_length": 100, "pattern": "^[^\x00]*$"},
    "integer": {"ge": -(2**31), "le": 2**31 - 1},
    "number": {},
}
BOUNDS = {"ge": "minimum", "le": "maximum"}  # pydantic's name and the contract's


class _Activity(BaseModel):
    """A student's activity so far; fields that it does not know are ignored."""

    model_config = ConfigDict(allow_inf_nan=False)


class ActivityReader:
    """Turns request bodies into rows for the model.

    Types are strict: "42" is no number and true is no 1. A numerical feature may be null, since training imputes it.
    """

    def __init__(self, contract: dict):
        fields: dict[str, Any] = {contract["student"]["name"]: (StrictInt, Field(ge=0, lt=2**63))}
        for feature in contract["features"]:
            limits = dict(LIMITS[feature["type"]])
            limits |= {limit: feature[name] for limit, name in BOUNDS.items() if name in feature}
            kind = TYPES[feature["type"]]
            fields[feature["name"]] = (kind | None if feature["kind"] == "numerical" else kind, Field(**limits))
        activity = create_model("Activity", __base__=_Activity, **fields)
        self._one = TypeAdapter(activity)
        self._many = TypeAdapter(Annotated[list[activity], Field(min_length=1, max_length=MAX_ROWS)])

    def read(self, body: bytes) -> tuple[list[dict], bool]:
        """The rows of a request body, and whether it was an array of them rather than one object.

        Raises pydantic's ValidationError, which holds every fault of the body.
        """
        is_array = body.lstrip()[:1] == b"["
        found = self._many.validate_json(body) if is_array else [self._one.validate_json(body)]
        return [row.model_dump() for row in found], is_array
