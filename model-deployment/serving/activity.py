"""Reads students' activity from a request body. What it may hold follows from the contract of the model served."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import ConfigDict, Field, StrictFloat, StrictStr, TypeAdapter
from pydantic_core import CoreSchema, core_schema
from typing_extensions import TypedDict

MAX_ROWS = 10_000  # of one request
# What the columns of the table can hold, where text has no NUL, and the model, which computes in float32.
LIMITS: dict[str, dict] = {
    "string": {"min_length": 1, "max_length": 100, "pattern": "^[^\x00]*$"},
    "integer": {"ge": -(2**31), "le": 2**31 - 1},
    "number": {"ge": -3.4e38, "le": 3.4e38},
}
BOUNDS = {"ge": "minimum", "le": "maximum"}  # pydantic's name and the contract's


@dataclass(frozen=True)
class Whole:
    """An integer as JSON Schema has it, of these bounds: 8, and 8.0 as tables with gaps write it; not "8", not true."""

    ge: int
    le: int

    def __get_pydantic_core_schema__(self, *_: object) -> CoreSchema:
        # Pydantic's strict integer refuses 8.0, its lax one takes "8" and true. So first any number, then the lax one.
        integer = core_schema.int_schema(strict=True)
        number = core_schema.float_schema(strict=True, ge=-(2**63), lt=2**63)
        either = core_schema.union_schema([integer, number], mode="left_to_right", custom_error_type="int_type")
        return core_schema.chain_schema([either, core_schema.int_schema(strict=False, ge=self.ge, le=self.le)])


StudentID = Annotated[int, Whole(0, 2**63 - 1)]


def is_array(body: bytes) -> bool:
    """Whether a request body is an array rather than one object."""
    return body.lstrip()[:1] == b"["


def _type(kind: str, limits: dict) -> Any:
    if kind == "integer":
        return Annotated[int, Whole(**limits)]
    return Annotated[{"string": StrictStr, "number": StrictFloat}[kind], Field(**limits)]


class ActivityReader:
    """Turns request bodies into rows for the model.

    Types are strict: "42" is no number and true is no 1. A numerical feature may be null, since training imputes it.
    Fields that the contract does not name are ignored.
    """

    def __init__(self, contract: dict):
        fields: dict[str, Any] = {contract["student"]["name"]: StudentID}
        for feature in contract["features"]:
            limits = dict(LIMITS[feature["type"]])
            limits |= {limit: feature[name] for limit, name in BOUNDS.items() if name in feature}
            kind = _type(feature["type"], limits)
            fields[feature["name"]] = kind | None if feature["kind"] == "numerical" else kind
        activity = TypedDict("Activity", fields)  # type: ignore[misc]
        activity.__pydantic_config__ = ConfigDict(allow_inf_nan=False)
        self._one = TypeAdapter(activity)
        self._many = TypeAdapter(Annotated[list[activity], Field(min_length=1, max_length=MAX_ROWS)])

    def read(self, body: bytes) -> list[dict]:
        """The rows of a request body: one object, or an array of them.

        Raises pydantic's ValidationError, which holds every fault of the body.
        """
        return self._many.validate_json(body) if is_array(body) else [self._one.validate_json(body)]
