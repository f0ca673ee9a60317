"""Measures: starts what is needed, and asks it."""

import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks import alone, contestants, processor, throughput
from benchmarks.alone import Alone
from benchmarks.contestants import OURS, Contestant
from benchmarks.environments import Unavailable
from benchmarks.results import Count, Results
from benchmarks.servers import Postgres, Service, end
from benchmarks.throughput import Measured
from serving.settings import SERVICE

MODELS = SERVICE / "tests" / "model"
IDLE_SECONDS = 3
STOP_SECONDS = 30


def measure(folder: Path, with_others: bool) -> Results:
    """Measures all in an empty folder; ends all that it has started, however it ends itself."""
    began = time.monotonic()
    with ExitStack() as stack:
        postgres = Postgres(folder / "postgres")
        stack.callback(postgres.kill)
        stack.callback(postgres.stop)  # before that: killed, it leaves shared memory behind
        service = Service(folder / "service", _settings(postgres.start().create(OURS)))
        stack.callback(lambda: finish(service.process))
        _say("Starting the service, more than once.")
        starts = alone.start_seconds(service)
        measured, others, missing, idle_cores = _beside_others(folder, postgres, service, with_others)
        after_requests = alone.memory(service)
        _say("Posting batches.")
        batches = alone.batch_seconds(service)
        found = Alone(starts, batches, after_requests, alone.memory(service))
        count = _count(postgres, service, measured)
    return Results(measured, others, missing, found, count, idle_cores, time.monotonic() - began)


def _settings(database: dict[str, str]) -> dict[str, str]:
    model = next(MODELS.iterdir()).name
    workers = str(contestants.WORKERS)
    return {"RUN_ID": model, "MODEL_CACHE": str(MODELS), "WEB_CONCURRENCY": workers, **database}


def _beside_others(
    folder: Path, postgres: Postgres, service: Service, with_others: bool
) -> tuple[Measured, list[str], dict[str, str], float]:
    with ExitStack() as stack:
        ours = contestants.the_service(folder, service)
        floor = contestants.the_floor(folder, ours.ask())
        stack.callback(finish, floor.process)
        floor.wait()
        others, missing = _start_others(stack, folder, postgres) if with_others else ([], {})
        everyone = [floor, ours, *others]
        for one in everyone:
            throughput.settle(one)
        idle_cores = processor.load_of([one.process.pid for one in everyone], IDLE_SECONDS)
        return throughput.measure(floor, ours, others), [one.name for one in others], missing, idle_cores


def _start_others(stack: ExitStack, folder: Path, postgres: Postgres) -> tuple[list[Contestant], dict[str, str]]:
    """Starts them side by side; returns those that answer, and why the rest do not."""
    _say("Training a model for the other servers, whose environments are made unless they are there.")
    try:
        model = contestants.train(folder)
    except Unavailable as error:
        return [], dict.fromkeys(contestants.OTHERS, str(error))
    database = postgres.create("original")
    started, ready, missing = [], [], {}
    for name, launch in contestants.OTHERS.items():
        try:
            started.append(launch(folder, model, database))
            stack.callback(finish, started[-1].process)
        except Unavailable as error:
            missing[name] = str(error)
    _say("Starting the other servers.")
    for one in started:
        try:
            ready.append(one.wait())
        except Unavailable as error:
            missing[one.name] = str(error)
            finish(one.process)
    return ready, missing


def _count(postgres: Postgres, service: Service, measured: Measured) -> Count:
    given = alone.predictions_given(service)
    service.stop()
    runs = measured.all_of(OURS)
    # The first one besides, which told the size of an answer.
    answered = sum(run.answered for run in runs) + (1 + alone.BATCHES) * alone.BATCH_ROWS + 1
    rows = postgres.query("SELECT count(*) FROM features", database=OURS)[0][0]
    return Count(answered, given, rows, sum(run.connections for run in runs))


def finish(process: subprocess.Popen | None) -> None:
    """Ends a program by its own way first, which leaves no files behind, and then all that it has started."""
    if process is not None and process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
    end(process)


def _say(what: str) -> None:
    print(what, file=sys.stderr)
