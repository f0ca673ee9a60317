"""The flow's own decisions, with its tasks replaced: which day, which runs, and what is written of an empty day."""

import logging
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pandas as pd
import pytest

import daily_monitoring as flow


@pytest.fixture(name="run")
def _run(monkeypatch):
    """Runs the flow's function on the given predictions; gives the day and the rows that it wrote."""
    written = []

    def run(predictions, day=None):
        monkeypatch.setattr(flow, "get_run_logger", lambda: logging.getLogger("test"))
        monkeypatch.setattr(flow, "read_predictions", lambda engine, day: predictions)
        monkeypatch.setattr(flow, "load_reference", lambda uri, run_id: f"reference of {run_id}")
        monkeypatch.setattr(flow, "measure_drift", lambda rows, reference: {"rows": len(rows), "status": reference})
        monkeypatch.setattr(flow, "write_metrics", lambda engine, day, rows: written.append((day, rows)))
        flow.daily_monitoring.fn(day)
        return written[-1]

    return run


def test_yesterday_is_the_default(run):
    day, _ = run(pd.DataFrame({"run_id": []}))
    assert day == datetime.now(UTC).date() - timedelta(days=1)


def test_a_run_that_starts_days_late_is_for_the_day_that_it_was_scheduled_for(run, monkeypatch):
    scheduled = SimpleNamespace(scheduled_start_time=datetime(2026, 3, 5, 6, tzinfo=UTC))
    monkeypatch.setattr(flow, "flow_run", scheduled)
    day, _ = run(pd.DataFrame({"run_id": []}))
    assert day == date(2026, 3, 4)


def test_a_day_without_predictions_gets_a_row_that_says_so(run):
    assert run(pd.DataFrame({"run_id": []}), date(2026, 3, 1)) == (
        date(2026, 3, 1),
        [{"run_id": None, "rows": 0, "status": "no predictions"}],
    )


def test_each_model_is_compared_with_its_own_reference(run):
    _, rows = run(pd.DataFrame({"run_id": ["b", "a", "b"]}))
    assert rows == [
        {"run_id": "a", "rows": 1, "status": "reference of a"},
        {"run_id": "b", "rows": 2, "status": "reference of b"},
    ]
