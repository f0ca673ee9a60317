"""Which days are looked at, and their bounds where clocks change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor import days

BERLIN = ZoneInfo("Europe/Berlin")


def test_a_day_is_from_midnight_to_midnight_of_its_zone():
    found = days.day(date(2026, 1, 15), BERLIN)
    assert found == days.Day(
        date(2026, 1, 15), datetime(2026, 1, 14, 23, tzinfo=UTC), datetime(2026, 1, 15, 23, tzinfo=UTC)
    )
    assert found.start.tzinfo is UTC


@pytest.mark.parametrize(
    ("date_", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)]
)
def test_a_day_on_which_clocks_change_is_shorter_or_longer(date_, hours):
    found = days.day(date_, BERLIN)
    assert (found.end - found.start).total_seconds() == hours * 3600


def test_days_around_a_change_of_clocks_leave_nothing_out_and_share_nothing():
    around = [days.day(date(2026, 10, number), BERLIN) for number in (24, 25, 26)]
    assert around[0].end == around[1].start and around[1].end == around[2].start


def test_where_midnight_does_not_exist_the_day_begins_at_the_first_moment():
    # In 2018, clocks in Brazil went from 00:00 to 01:00 on this day.
    found = days.day(date(2018, 11, 4), ZoneInfo("America/Sao_Paulo"))
    before = days.day(date(2018, 11, 3), ZoneInfo("America/Sao_Paulo"))
    assert found.start == before.end == datetime(2018, 11, 4, 3, tzinfo=UTC)


def test_yesterday_is_that_of_the_zone():
    shortly_after_midnight_in_berlin = datetime(2026, 6, 1, 22, 30, tzinfo=UTC)
    assert days.yesterday(shortly_after_midnight_in_berlin, BERLIN) == date(2026, 6, 1)
    assert days.yesterday(shortly_after_midnight_in_berlin, ZoneInfo("UTC")) == date(2026, 5, 31)


def test_the_last_days_end_with_the_day_given():
    assert days.last(3, date(2026, 3, 1)) == [date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1)]


def test_a_range_has_both_its_ends():
    assert days.between(date(2026, 2, 28), date(2026, 3, 1)) == [date(2026, 2, 28), date(2026, 3, 1)]
    assert days.between(date(2026, 3, 1), date(2026, 3, 1)) == [date(2026, 3, 1)]


def test_a_range_that_ends_before_it_begins_or_is_a_slip_of_the_pen_is_refused():
    with pytest.raises(days.NotInOrder, match="last_day=2026-02-28: must not be before first_day=2026-03-01"):
        days.between(date(2026, 3, 1), date(2026, 2, 28))
    with pytest.raises(days.NotInOrder, match="first_day=0026-03-01"):
        days.between(date(26, 3, 1), date(2026, 3, 1))
    ten_years = [date(2026, 1, 1), date(2026, 1, 1) + timedelta(days=days.MOST_DAYS - 1)]
    assert len(days.between(*ten_years)) == days.MOST_DAYS


def test_a_day_that_has_not_begun_is_refused():
    now = datetime(2026, 5, 31, 22, 30, tzinfo=UTC)
    assert days.not_ahead(date(2026, 6, 1), now, BERLIN) == date(2026, 6, 1)
    with pytest.raises(days.NotInOrder, match="day 2026-06-01: must not be after today, 2026-05-31"):
        days.not_ahead(date(2026, 6, 1), now, ZoneInfo("UTC"))
