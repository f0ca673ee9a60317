"""The daily monitoring: the flow `daily-monitoring`, from a day's predictions to its row in the table `metrics`."""

from datetime import UTC, date, timedelta
from functools import partial

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from monitor import database, drift, reference
from monitor.settings import Settings

# Every step is a task of its own, which the Prefect UI shows; the modules themselves know nothing of Prefect.
step = partial(task, cache_policy=NO_CACHE)
read_predictions = step(database.read_predictions, name="read predictions")
load_reference = step(reference.load, name="load reference data")
measure_drift = step(drift.measure, name="measure drift")
write_metrics = step(database.replace_metrics, name="write metrics")

NO_PREDICTIONS = {"run_id": None, "rows": 0, "status": "no predictions"}


@flow(name="daily-monitoring")
def daily_monitoring(day: date | None = None) -> list[dict]:
    """Compares a day's predictions with the reference data, and writes one row for each model that made some.

    Args:
        day: The day, in UTC; left empty: the day before the one that the run was scheduled for. Running it again for
            the same day replaces the day's rows.
    """
    settings, log = Settings(), get_run_logger()
    day = day or flow_run.scheduled_start_time.astimezone(UTC).date() - timedelta(days=1)
    engine = database.connect(settings)
    predictions = read_predictions(engine, day)
    metrics = [
        {"run_id": run_id, **measure_drift(rows, load_reference(settings.tracking_uri, run_id))}
        for run_id, rows in predictions.groupby("run_id")
    ] or [dict(NO_PREDICTIONS)]
    write_metrics(engine, day, metrics)
    for row in metrics:
        log.info("%s: %s", day, row)
    return metrics


if __name__ == "__main__":
    daily_monitoring()
