"""Measures a day: reads its predictions and outcomes, has them judged, and keeps the reports; writes no table."""

from sqlalchemy import Engine

from monitor import distances, outcomes, predictions, quality, quality_report, shift, verdict
from monitor.days import Day
from monitor.predictions import RunOfDay
from monitor.reference import Reference, ReferenceMissing, load
from monitor.report import Reports, address
from monitor.settings import Settings
from monitor.verdict import Verdict


def drift(settings: Settings, engine: Engine, day: Day, run: RunOfDay) -> Verdict:
    """How far a model's predictions of a day are from its reference; raises MlflowUnavailable."""
    if run.run_id is None:
        return verdict.unmeasured(run, verdict.NO_REFERENCE, "these rows do not say which model predicted them")
    try:
        reference = _reference(settings, run.run_id)
    except ReferenceMissing as error:
        return verdict.unmeasured(run, verdict.NO_REFERENCE, str(error))
    if min(run.students, len(reference.rows)) < settings.min_students:
        needed = f"MIN_STUDENTS={settings.min_students} are needed, and the reference has {len(reference.rows)}"
        return verdict.unmeasured(run, verdict.NOT_ENOUGH_DATA, needed)
    read = predictions.read(engine, day, run, reference, settings.max_students)
    columns = distances.Columns.of(reference)
    current, before = distances.typed(read.students, reference), distances.typed(reference.rows, reference)
    shifts = shift.compare(current, before, columns.categorical, columns.numerical)
    by_evidently, url = Reports(settings, day.date).keep(
        "drift",
        run.run_id,
        lambda file: distances.measure(current, reference, file),
        {"drifted_tests": sum(one.drifted for one in shifts), "rows": run.rows},
    )
    links = {"report_url": url, "run_url": address(settings, reference.experiment, run.run_id)}
    return verdict.measured(run, read, shifts, by_evidently, links)


def live_quality(settings: Settings, engine: Engine, day: Day, earlier: dict[str, dict]) -> list[dict]:
    """The day's rows of `live_quality`, one for each model of which an outcome is known; raises MlflowUnavailable.

    `earlier` are the rows that are there, by run id: where nothing has changed since, the report is kept.
    """
    if not outcomes.exist(engine):
        return []
    rows = []
    for run in predictions.runs_of_day(engine, day):
        if run.run_id is None:
            continue
        predicted = outcomes.of_day(engine, day, run, settings.max_students)
        known = outcomes.known(predicted)
        found = quality.scores(known)
        if found is None:
            continue
        row = quality.row(found, len(predicted), test_metrics(settings, run.run_id), least(settings))
        if earlier.get(run.run_id, {}).items() >= row.items():
            url = earlier[run.run_id]["report_url"]
        elif row["status"] == quality.NOT_ENOUGH_DATA or row["roc_auc"] is None:
            url = None
        else:
            shown = {name: row[name] for name in ("accuracy", "roc_auc", "brier_score", "outcomes")}
            _, url = Reports(settings, day.date).keep(
                "quality", run.run_id, lambda file, known=known: quality_report.write(known, file), shown
            )
        rows.append({"run_id": run.run_id, "report_url": url} | row)
    return rows


def least(settings: Settings) -> quality.Least:
    """What has to be known to judge accuracy by."""
    return quality.Least(settings.min_students, settings.min_outcome_share)


def test_metrics(settings: Settings, run_id: str) -> dict[str, float] | None:
    """The metrics of the training run; None where MLflow no longer has it. Raises MlflowUnavailable."""
    try:
        return _reference(settings, run_id).metrics
    except ReferenceMissing:
        return None


def _reference(settings: Settings, run_id: str) -> Reference:
    return load(settings.tracking_uri, settings.reference_cache, run_id)
