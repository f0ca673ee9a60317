"""The steps of the flow as Prefect tasks, which its UI shows; what they do is in modules that know nothing of Prefect.

A step that meets a passing fault of another program, such as MLflow restarting, is tried again. What it writes can be
written twice.
"""

import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from prefect import get_run_logger, task
from prefect.artifacts import create_link_artifact, create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from monitor import (
    act,
    database,
    days,
    decision,
    evidence,
    measure,
    outcomes,
    predictions,
    quality,
    schema,
    store,
    verdict,
)
from monitor.days import Day
from monitor.decision import Decision
from monitor.predictions import RunOfDay
from monitor.reference import MlflowUnavailable
from monitor.settings import Settings
from monitor.verdict import Verdict

RETRY_AFTER_SECONDS = [2, 10, 30]


def configure_mlflow() -> None:
    """Has MLflow's client give up early, since the steps try again themselves, where it is seen; and print less."""
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")


def _is_retried(_task, _task_run, state) -> bool:
    try:
        state.result()
    except (OperationalError, MlflowUnavailable, act.PrefectUnavailable):
        return True
    except Exception:  # pylint: disable=broad-exception-caught  # whatever the step raised
        return False
    return False


def _step(name: str) -> Callable:
    return task(
        name=name,
        cache_policy=NO_CACHE,
        retries=len(RETRY_AFTER_SECONDS),
        retry_delay_seconds=RETRY_AFTER_SECONDS,
        retry_condition_fn=_is_retried,
    )


@_step("open the database")
def open_database(settings: Settings) -> Engine:
    """Connects, and brings the monitoring's tables to their newest version."""
    engine = database.connect(settings)
    schema.upgrade(engine)
    return engine


@_step("count predictions")
def count_predictions(engine: Engine, day: Day) -> list[RunOfDay]:
    """The models that predicted on the day, and how much."""
    return predictions.runs_of_day(engine, day)


@_step("see what has changed")
def has_changed(engine: Engine, day: Day, runs: list[RunOfDay]) -> bool:
    """Whether predictions of the day have come in since it was measured, or it never was."""
    return store.counts(engine, day.date) != {run.run_id: run.rows for run in runs}


@_step("measure drift")
def measure_drift(settings: Settings, engine: Engine, day: Day, run: RunOfDay) -> Verdict:
    """Compares a model's day with its reference; its report goes to MLflow."""
    found = measure.drift(settings, engine, day, run)
    get_run_logger().info("%s, run %s: %s", day.date, run.run_id, found.summary)
    if found.note:
        get_run_logger().warning("%s, run %s: %s", day.date, run.run_id, found.note)
    if url := found.metrics.get("report_url"):
        create_link_artifact(url, key="evidently-report", link_text=f"Evidently's report of {day.date}")
    return found


@_step("write metrics")
def write_metrics(engine: Engine, day: Day, verdicts: list[Verdict]) -> None:
    """Replaces the day's rows."""
    store.replace_day(engine, day.date, verdicts or [verdict.no_predictions()])
    if not verdicts:
        get_run_logger().warning("%s: nobody was predicted", day.date)


@_step("find days with news")
def days_with_news(settings: Settings, engine: Engine, day: Day) -> list[date]:
    """The days whose students' outcomes have come in since the monitoring ran last."""
    if not outcomes.exist(engine):
        return []
    # A run that did not come to its end has written no decision: what it left out is still news.
    last = min(store.last_decided_day(engine, day.date) or date.min, day.date)
    back = timedelta(days=settings.recompute_days)
    since = days.day(last - back, settings.zone).start if last > date.min else datetime.min.replace(tzinfo=UTC)
    return outcomes.days_with_news(engine, since, day.end, settings.time_zone)


@_step("measure live quality")
def measure_quality(settings: Settings, engine: Engine, day: Day) -> list[dict]:
    """Compares the day's predictions with what became of the students, and replaces the day's rows."""
    earlier = {row["run_id"]: row for row in store.rows_of(engine, store.LIVE_QUALITY, day.date)}
    rows = measure.live_quality(settings, engine, day, earlier)
    if earlier and not rows:
        get_run_logger().warning("%s: outcomes were known and are no longer; the rows are kept", day.date)
        return list(earlier.values())
    store.replace_quality(engine, day.date, rows)
    for row in rows:
        get_run_logger().info("%s, run %s: %s", day.date, row["run_id"], quality.summary(row))
    return rows


@_step("decide")
def decide(settings: Settings, engine: Engine, day: Day) -> Decision | None:
    """Decides about the model that predicted last, and acts on it; None if a later day was monitored already.

    The decision is written before it is carried out, so that what a killed run has left is finished by the next one.
    """
    with store.deciding(engine):
        _carry_out(settings, engine)
        if not store.is_latest(engine, day.date):
            get_run_logger().warning("%s: nothing is decided, since a later day was monitored already", day.date)
            return None
        for row in store.rows_of(engine, store.DECISIONS, day.date):
            if row["action"] in decision.ACTED:  # by an earlier run for this day
                return Decision(row["action"], row["reason"])
        known = evidence.gather(settings, engine, day)
        decided = decision.decide(known, settings)
        store.replace_decision(engine, day.date, decision.row(known, decided, settings))
        _carry_out(settings, engine)
    (row,) = store.rows_of(engine, store.DECISIONS, day.date)
    create_markdown_artifact(_shown(day, row), key="decision", description="What follows from the day")
    get_run_logger().info("%s: %s, since %s", day.date, decided.action, decided.reason)
    return decided


def _carry_out(settings: Settings, engine: Engine) -> None:
    for row in store.unfinished_decisions(engine):
        store.finish_decision(engine, row["day"], act.act(row, settings))


def monitor_day(settings: Settings, engine: Engine, day: Day, only_if_changed: bool = False) -> None:
    """Measures the drift of each model's predictions of a day, and replaces the day's rows."""
    runs = count_predictions(engine, day)
    if only_if_changed and not has_changed(engine, day, runs):
        return
    if not runs and store.counts(engine, day.date):
        get_run_logger().warning("%s: there were predictions and are no longer; the rows are kept", day.date)
        return
    write_metrics(engine, day, [measure_drift(settings, engine, day, run) for run in runs])


def _shown(day: Day, row: dict) -> str:
    lines = [f"# {day.date}: {row['action']}", f"{row['reason']}.", "", "| | |", "|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {value} |" for name, value in row.items() if value is not None)])
