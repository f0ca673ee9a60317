"""What happened in a time that is looked back on, for the top of a page: days, events with their dates, and figures."""

from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

# What an event is: its colour on the page.
Kind = Literal["cause", "alarm", "decision", "training", "good"]


class Day(BaseModel):
    """A day of the time line, with its status as in the table `metrics`, and the model's version."""

    day: date
    status: str
    version: str


class Event(BaseModel):
    """What happened on a day."""

    day: date
    kind: Kind
    title: str
    text: str


class Figure(BaseModel):
    """A number that is worth to be seen first."""

    label: str
    value: str
    text: str
    is_good: bool = True


class Story(BaseModel):
    """All of it. `notes` say what is to be known of a dashboard, by its uid."""

    title: str
    text: str
    days: list[Day]
    events: list[Event]
    figures: list[Figure]
    notes: dict[str, str] = {}

    def number(self, day: date) -> int | None:
        """The number of a day of the time line, as texts count them, from 1."""
        return next((number for number, one in enumerate(self.days, 1) if one.day == day), None)

    def numbers(self, day: date) -> list[tuple[int, Kind]]:
        """The events of a day, by their number in the list."""
        return [(number, event.kind) for number, event in enumerate(self.events, 1) if event.day == day]


def read(file: Path) -> Story:
    """The story in a JSON file; raises OSError, or ValidationError if it is not one."""
    return Story.model_validate_json(file.read_text(encoding="utf-8"))
