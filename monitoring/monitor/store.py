"""Writes and reads the monitoring's own tables: `metrics`, `feature_drift`, `live_quality` and `decisions`."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from sqlalchemy import Connection, Engine, MetaData, Table, delete, func, insert, select, update

from monitor.quality import AS_TESTED, BELOW_TEST
from monitor.verdict import DRIFT, NO_PREDICTIONS, NO_REFERENCE, STABLE, Verdict

METRICS, FEATURE_DRIFT, LIVE_QUALITY, DECISIONS = "metrics", "feature_drift", "live_quality", "decisions"


def replace_day(engine: Engine, day: date, verdicts: list[Verdict]) -> None:
    """Makes these the day's rows of `metrics` and `feature_drift`, in place of earlier ones, in one transaction."""
    with engine.begin() as connection:
        _lock(connection)
        _replace(connection, METRICS, day, [verdict.metrics for verdict in verdicts])
        _replace(connection, FEATURE_DRIFT, day, [row for verdict in verdicts for row in verdict.drift])


def replace_quality(engine: Engine, day: date, rows: list[dict]) -> None:
    """Makes these the rows of `live_quality` for the predictions of this day, in one transaction."""
    with engine.begin() as connection:
        _lock(connection)
        _replace(connection, LIVE_QUALITY, day, rows)


def replace_decision(engine: Engine, day: date, row: dict) -> None:
    """Makes this the day's decision."""
    with engine.begin() as connection:
        _lock(connection)
        _replace(connection, DECISIONS, day, [row])


def finish_decision(engine: Engine, day: date, flow_run_url: str | None) -> None:
    """Notes that the day's decision is carried out."""
    with engine.begin() as connection:
        decisions = _table(connection, DECISIONS)
        connection.execute(update(decisions).where(decisions.c.day == day).values(done=True, flow_run_url=flow_run_url))


def unfinished_decisions(engine: Engine) -> list[dict]:
    """Decisions that a run which was ended left to be carried out, the oldest first."""
    with engine.connect() as connection:
        decisions = _table(connection, DECISIONS)
        query = select(decisions).where(~decisions.c.done).order_by(decisions.c.day)
        return [dict(row) for row in connection.execute(query).mappings()]


@contextmanager
def deciding(engine: Engine) -> Iterator[None]:
    """Waits until nobody else decides, and keeps others from it: two at once would each not know of the other's."""
    with engine.connect() as connection, connection.begin():
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext("monitoring decides"))))
        yield


def rows_of(engine: Engine, table: str, day: date) -> list[dict]:
    """The day's rows of one of the tables."""
    with engine.connect() as connection:
        found = _table(connection, table)
        return [dict(row) for row in connection.execute(select(found).where(found.c.day == day)).mappings()]


def counts(engine: Engine, day: date) -> dict[str | None, int] | None:
    """How many predictions of each model the day's rows are of; None if it has no rows, or some without reference."""
    rows = rows_of(engine, METRICS, day)
    if not rows or any(row["status"] == NO_REFERENCE for row in rows):
        return None
    return {row["run_id"]: row["rows"] for row in rows if row["status"] != NO_PREDICTIONS}


def last_decided_day(engine: Engine, before: date) -> date | None:
    """The last day before this one of which the flow came to its end."""
    with engine.connect() as connection:
        decisions = _table(connection, DECISIONS)
        return connection.scalar(select(func.max(decisions.c.day)).where(decisions.c.day < before))


def is_latest(engine: Engine, day: date) -> bool:
    """Whether no later day was monitored."""
    with engine.connect() as connection:
        metrics = _table(connection, METRICS)
        return not connection.scalar(select(func.count()).where(metrics.c.day > day))


def statuses(engine: Engine, run_id: str, until: date) -> list[tuple[date, str]]:
    """All days, up to this one, on which the model was compared, and their status; the oldest first."""
    with engine.connect() as connection:
        metrics = _table(connection, METRICS)
        query = (
            select(metrics.c.day, metrics.c.status)
            .where(metrics.c.run_id == run_id, metrics.c.day <= until, metrics.c.status.in_([STABLE, DRIFT]))
            .order_by(metrics.c.day)
        )
        return [(row.day, row.status) for row in connection.execute(query)]


def judged_days(engine: Engine, run_id: str, until: date, count: int) -> list[date]:
    """The last days, up to this one, of which enough outcomes are known to judge the model; the oldest first."""
    with engine.connect() as connection:
        quality = _table(connection, LIVE_QUALITY)
        query = (
            select(quality.c.day)
            .where(quality.c.run_id == run_id, quality.c.day <= until, quality.c.status.in_([AS_TESTED, BELOW_TEST]))
            .order_by(quality.c.day.desc())
            .limit(count)
        )
        return sorted(connection.scalars(query))


def last_decided(engine: Engine, action: str, before: date) -> date | None:
    """The last day before this one whose decision was this."""
    with engine.connect() as connection:
        decisions = _table(connection, DECISIONS)
        return connection.scalar(
            select(func.max(decisions.c.day)).where(decisions.c.action == action, decisions.c.day < before)
        )


def _lock(connection: Connection) -> None:
    # Two runs for the same day, at the same time, would each see no row of the other to delete.
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtext("monitoring"))))


def _replace(connection: Connection, name: str, day: date, rows: list[dict]) -> None:
    table = _table(connection, name)
    connection.execute(delete(table).where(table.c.day == day))
    for row in rows:
        connection.execute(insert(table).values(day=day, **row))


def _table(connection: Connection, name: str) -> Table:
    return Table(name, MetaData(), autoload_with=connection)
