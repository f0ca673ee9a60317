"""How long a day of so many predictions takes, and how much memory, on a real Postgres; with MLflow's client on sqlite.

Meanwhile the prediction service's writes are imitated, whose slowest batch shows whether reading holds them up.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import mlflow
import numpy as np
from sqlalchemy import Engine, text

from benchmarks import population, tables
from benchmarks.servers import Postgres
from monitor import database, schema, settings

ROWS = (10_000, 100_000, 1_000_000)
DAY = "2026-03-01"
MAX_SECONDS, MAX_GB = 60, 1.5
SECONDS = f"time to monitor a day of {ROWS[-1]:,} predictions, with live quality"
MEMORY = f"memory to monitor a day of {ROWS[-1]:,} predictions"
TARGETS = ((SECONDS, f"<= {MAX_SECONDS} s"), (MEMORY, f"<= {MAX_GB} GB"))
BATCH = 500  # predictions that the service writes at a time
FILL = """
    INSERT INTO features (timestamp, user_id, device_type, course_category, time_spent_on_course,
        number_of_videos_watched, number_of_quizzes_taken, prediction, prediction_id, run_id, probability)
    SELECT :day ::timestamptz + random() * interval '1 day', n, floor(random() * 2),
        (ARRAY['Arts', 'Business', 'Health', 'Programming', 'Science'])[1 + floor(random() * 5)],
        1 + random() * 99, floor(random() * 21), floor(random() * 11), floor(random() * 2), gen_random_uuid(), :run_id,
        random()
    FROM generate_series(1, :rows) AS n
"""
OUTCOMES = """
    INSERT INTO outcomes
    SELECT gen_random_uuid(), timestamp + interval '2 days', NULL, user_id, floor(random() * 2),
        timestamp + interval '1 day'
    FROM features WHERE user_id % 2 = 0
"""
MEASURE = """
import json, resource, time
from datetime import date
from monitor import database, days, measure, predictions, settings, store

started = time.monotonic()
found = settings.read()
engine = database.connect(found)
day = days.day(date.fromisoformat("{day}"), found.zone)
verdicts = [measure.drift(found, engine, day, run) for run in predictions.runs_of_day(engine, day)]
store.replace_day(engine, day.date, verdicts)
drift = time.monotonic() - started
store.replace_quality(engine, day.date, measure.live_quality(found, engine, day, {{}}))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([drift, time.monotonic() - started, peak, verdicts[0].metrics["rows"], verdicts[0].metrics["compared"]]))
"""


@dataclass(frozen=True)
class Day:
    """What a day of so many predictions took."""

    rows: int
    compared: int
    drift_seconds: float
    seconds: float  # with live quality
    peak_mb: float
    slowest_write: float  # of the service, in ms, meanwhile
    slowest_alone: float


def measure() -> list[Day]:
    """A day of each size."""
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    found = []
    with tempfile.TemporaryDirectory() as folder:
        server = Postgres(Path(folder) / "postgres").start()
        try:
            for rows in ROWS:
                print(f"{rows:,} predictions ...", flush=True)
                found.append(day_of(server, Path(folder) / str(rows), rows))
        finally:
            server.stop()
    return found


def table(found: list[Day]) -> str:
    """Seconds and megabytes for each size, as a table in Markdown."""
    lines = [
        "| predictions a day | students compared | seconds for drift | with live quality | peak memory, MB "
        "| slowest batch of the service meanwhile, ms (alone) |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {day.rows:,} | {day.compared:,} | {day.drift_seconds:.1f} | {day.seconds:.1f} | {day.peak_mb:,.0f} "
        f"| {day.slowest_write:.0f} ({day.slowest_alone:.0f}) |"
        for day in found
    ]
    return "\n".join(lines)


def figures(found: list[Day]) -> list[tuple[str, str, bool]]:
    """What was measured of TARGETS, and whether it is met."""
    largest = found[-1]
    return [
        (SECONDS, f"{largest.seconds:.1f} s", largest.seconds <= MAX_SECONDS),
        (MEMORY, f"{largest.peak_mb / 1024:.2f} GB", largest.peak_mb <= MAX_GB * 1024),
    ]


def day_of(server: Postgres, folder: Path, rows: int) -> Day:
    """A day of so many predictions, in a database of its own and a folder that is made."""
    folder.mkdir()
    environment = server.create(f"scale_{rows}") | {
        "TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
        "REFERENCE_CACHE": str(folder / "cache"),
    }
    run_id = _training_run(folder, environment["TRACKING_URI"])
    engine = database.connect(settings.Settings(**{name.lower(): value for name, value in environment.items()}))
    tables.make(engine)
    schema.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text(FILL), {"day": DAY, "run_id": run_id, "rows": rows})
        connection.execute(text(OUTCOMES))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    alone = _slowest_write(engine, lambda: time.sleep(3))
    printed: list[str] = []
    meanwhile = _slowest_write(engine, lambda: printed.append(_measured(environment)))
    drift, both, peak, counted, compared = json.loads(printed[0].splitlines()[-1])
    assert counted == rows
    return Day(rows, compared, drift, both, peak, meanwhile, alone)


def _measured(environment: dict[str, str]) -> str:
    """What a process that measures the day prints: it is the peak of its memory that counts."""
    command = [sys.executable, "-c", MEASURE.format(day=DAY)]
    return subprocess.run(command, env=os.environ | environment, stdout=subprocess.PIPE, text=True, check=True).stdout


def _slowest_write(engine: Engine, work) -> float:
    """Milliseconds of the slowest batch of predictions that was written, of another day, while `work` was done."""
    done, slowest = threading.Event(), [0.0]

    def write() -> None:
        while not done.is_set():
            started = time.monotonic()
            with engine.begin() as connection:
                connection.execute(text(FILL), {"day": "2026-04-01", "run_id": "other", "rows": BATCH})
            slowest[0] = max(slowest[0], time.monotonic() - started)
            done.wait(0.1)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        work()
    finally:
        done.set()
        writer.join()
    return slowest[0] * 1000


def _training_run(folder: Path, tracking_uri: str) -> str:
    """A run in MLflow with what the monitoring reads of it."""
    client = mlflow.MlflowClient(tracking_uri)
    experiment = client.create_experiment("training", artifact_location=(folder / "artifacts").as_uri())
    client.create_experiment("monitoring", artifact_location=(folder / "reports").as_uri())
    run_id = client.create_run(experiment).info.run_id
    reference = population.students(1625, np.random.default_rng(0)).rename(columns={"actual": "CourseCompletion"})
    (folder / "contract.json").write_text(json.dumps({"features": population.FEATURES}), encoding="utf-8")
    reference.to_parquet(folder / "reference.parquet", index=False)
    client.log_artifact(run_id, str(folder / "contract.json"), "serving")
    client.log_artifact(run_id, str(folder / "reference.parquet"), "reference")
    for name, value in {"accuracy": 0.78, "rows_test": 1625}.items():
        client.log_metric(run_id, name, value)
    return run_id
