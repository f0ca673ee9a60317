"""Which days are looked at, and from when to when each is."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MOST_DAYS = 3660


class NotInOrder(ValueError):
    """The range of days cannot be looked at; the message says why."""


@dataclass(frozen=True)
class Day:
    """A day from its midnight to the next, in a time zone: 23 or 25 hours where clocks change."""

    date: date
    start: datetime
    end: datetime


def day(of: date, zone: ZoneInfo) -> Day:
    """The day of this date, its bounds in UTC."""
    start, end = (datetime.combine(on, time.min, zone).astimezone(UTC) for on in (of, of + timedelta(days=1)))
    return Day(of, start, end)


def yesterday(now: datetime, zone: ZoneInfo) -> date:
    """The last date that was over at this moment."""
    return now.astimezone(zone).date() - timedelta(days=1)


def not_ahead(wanted: date, now: datetime, zone: ZoneInfo) -> date:
    """The date, if the day has begun at this moment; raises NotInOrder for one that has not."""
    today = now.astimezone(zone).date()
    if wanted > today:
        raise NotInOrder(f"day {wanted}: must not be after today, {today}")
    return wanted


def last(count: int, until: date) -> list[date]:
    """The last `count` dates up to and with `until`, the oldest first."""
    return [until - timedelta(days=back) for back in reversed(range(count))]


def between(first: date, until: date) -> list[date]:
    """All dates from `first` to `until`, both with them; raises NotInOrder."""
    if until < first:
        raise NotInOrder(f"last_day={until}: must not be before first_day={first}")
    count = (until - first).days + 1
    if count > MOST_DAYS:
        raise NotInOrder(f"first_day={first}: {count} days up to last_day={until}; at most {MOST_DAYS} are allowed")
    return last(count, until)
