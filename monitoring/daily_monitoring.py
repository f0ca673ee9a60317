"""The daily monitoring: the flow `daily-monitoring`, from a day's predictions to metrics, quality and a decision."""

import argparse
from datetime import date

from prefect import flow
from prefect.runtime import flow_run

from monitor import days, settings, steps


@flow(name="daily-monitoring")
def daily_monitoring(day: date | None = None) -> dict:
    """Compares a day's predictions with the reference data and with what became of the students, and decides.

    Args:
        day: The day to look at, in the time zone of the setting TIME_ZONE. Left empty: the day before the one that the
            run was scheduled for, and the days before that whose predictions arrived late. Running it again for the
            same day replaces the day's rows.
    """
    found = settings.read()
    found.make_folders()
    steps.configure_mlflow()
    engine = steps.open_database(found)
    now = flow_run.scheduled_start_time
    latest = days.day(days.not_ahead(day or days.yesterday(now, found.zone), now, found.zone), found.zone)
    if day is None:
        for earlier in days.last(found.recompute_days, latest.date)[:-1]:
            steps.monitor_day(found, engine, days.day(earlier, found.zone), only_if_changed=True)
    steps.monitor_day(found, engine, latest)
    for with_news in steps.days_with_news(found, engine, latest):
        steps.measure_quality(found, engine, days.day(with_news, found.zone))
    decided = steps.decide(found, engine, latest)
    return {"day": str(latest.date), "action": decided and decided.action, "reason": decided and decided.reason}


@flow(name="backfill")
def backfill(first_day: date, last_day: date) -> None:
    """Looks at each day of a range again, drift and live quality; decides nothing.

    Args:
        first_day: The first day, in the time zone of the setting TIME_ZONE.
        last_day: The last day, which is looked at too.
    """
    found = settings.read()
    found.make_folders()
    steps.configure_mlflow()
    days.not_ahead(last_day, flow_run.scheduled_start_time, found.zone)
    wanted = [days.day(one, found.zone) for one in days.between(first_day, last_day)]
    engine = steps.open_database(found)
    for day in wanted:
        steps.monitor_day(found, engine, day)
        steps.measure_quality(found, engine, day)


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    daily_monitoring()
