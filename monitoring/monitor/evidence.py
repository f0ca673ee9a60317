"""Gathers what a decision is made from."""

from dataclasses import replace
from datetime import date

from sqlalchemy import Engine

from monitor import days, decision, measure, outcomes, predictions, store
from monitor.days import Day
from monitor.decision import Evidence
from monitor.outcomes import ACTUAL
from monitor.predictions import PREDICTION
from monitor.settings import Settings


def gather(settings: Settings, engine: Engine, day: Day) -> Evidence:
    """What is known, on this day, of the model that predicted last; raises MlflowUnavailable."""
    runs = [run.run_id for run in predictions.runs_of_day(engine, day) if run.run_id]
    found = Evidence(
        day.date,
        runs[-1] if runs else None,
        store.statuses(engine, runs[-1], day.date) if runs else [],
        last_notified=store.last_decided(engine, decision.NOTIFY, day.date),
        last_waited=store.last_decided(engine, decision.WAIT, day.date),
        last_retrained=store.last_decided(engine, decision.RETRAIN, day.date),
    )
    if found.run_id is None or not outcomes.exist(engine):
        return found
    found = _with_quality(settings, engine, found)
    since = decision.began(found, settings)
    if since is None:
        return found
    start = days.day(since, settings.zone).start
    return replace(found, since=since, outcomes_since=outcomes.known_since(engine, start))


def _with_quality(settings: Settings, engine: Engine, found: Evidence) -> Evidence:
    """With the students of the last days whose outcomes are known, each once however often they came."""
    judged = store.judged_days(engine, found.run_id, found.day, settings.drift_window)
    if not judged:
        return found
    predicted = [
        outcomes.of_day(engine, span, run, settings.max_students)
        for span in [_span(judged, settings)]
        for run in predictions.runs_of_day(engine, span)
        if run.run_id == found.run_id
    ]
    if not predicted:  # they have been deleted since, for their age
        return found
    known = outcomes.known(predicted[0])
    return replace(
        found,
        right=int((known[ACTUAL] == known[PREDICTION]).sum()),
        known=len(known),
        known_from=judged[0],
        test=measure.test_metrics(settings, found.run_id) or {},
    )


def _span(judged: list[date], settings: Settings) -> Day:
    first, last = (days.day(one, settings.zone) for one in (judged[0], judged[-1]))
    return Day(last.date, first.start, last.end)
