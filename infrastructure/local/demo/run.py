"""`make demo`: three weeks in a few minutes, from drift that sets in to a model that has learned from it."""

import json
import os
import shutil
from functools import partial
from pathlib import Path

from demo import replay, service_rows, story
from demo.processes import Companion, run_once
from demo.replay import Companions, Replay
from stack import addresses, console, environments, instance, leftovers, loop, prefect, programs, tracking
from stack.addresses import Addresses
from stack.instance import Instance
from stack.run import announcing_the_end, hold
from stack.settings import MLPIPELINE, MODEL_DEPLOYMENT, MONITORING, Settings
from stack.supervisor import Supervisor

FAREWELL = "Stopped. The next demo begins anew."
HERE = Path(__file__).parent
MONITORING_DAYS, REPLAYED_DAYS = HERE / "monitoring_days.py", HERE / "replayed_days.py"
CANDIDATES = ["decision tree"]  # one, to be quick; it finds the thresholds that the data has
MONITORING_SETTINGS = {
    **{"ON_DRIFT": "retrain", "DRIFT_DAYS": "3", "DRIFT_WINDOW": "5", "RETRAIN_OUTCOMES": "2000"},
    # Nothing arrives later than it is replayed, so nothing has to be looked at again.
    "RECOMPUTE_DAYS": "1",
}
# The user's own settings are not for the demo: left empty, the services' defaults count.
DEFAULTS = (
    *("EXPERIMENT", "TASK_RUNNER", "COMMIT"),
    *("RUN_ID", "CHAMPION_POLL_SECONDS", "OUTBOX_MAX_BYTES", "OUTBOX_FSYNC", "ENVIRONMENT", "API_KEYS", "DB_AUTH"),
    *("RETENTION_DAYS", "WEB_HOST", "WEB_PORT", "SHUTDOWN_DELAY", "ACCESS_LOG"),
    *(
        "TIME_ZONE",
        "MIN_STUDENTS",
        "MAX_STUDENTS",
        "MIN_OUTCOME_SHARE",
        "COOL_DOWN_DAYS",
        "RETRAIN_DATA_SOURCE",
        "MONITORING_EXPERIMENT",
    ),
    *("MLFLOW_URL", "DB_SSLMODE", "DB_SSLROOTCERT"),
)


def run(settings: Settings) -> int:
    """Lives through three weeks, tells what happened, and writes a page about it; gives the exit code."""
    own = Settings(
        local_dir=settings.demo_dir,
        data_source="synthetic",
        **{"db_host": None, "db_user": "mlops", "db_name": "course"},
        **dict.fromkeys(("db_port", "mlflow_port", "prefect_port", "web_port"), 0),
    )
    refuse_what_is_not_ours(own.local_dir)
    return hold(own, partial(_demo, settings), FAREWELL)


def refuse_what_is_not_ours(folder: Path) -> None:
    """A demo deletes what is in its folder; raises StepFailed if no demo made it."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / instance.LOCK).is_file():
        raise console.StepFailed(f"{folder} was not made by a demo, which would delete it: set LOCAL_DIR to another.")


def _demo(of_the_user: Settings, settings: Settings, claimed: Instance) -> None:
    environments.update(of_the_user)
    leftovers.end(settings.local_dir)
    _begin_anew(settings)
    chosen = addresses.choose(settings)
    shown = chosen.table(settings)
    del shown["Prediction service"]  # replayed days need none
    claimed.publish(addresses=shown)
    environment = environment_of(settings, chosen)
    for_scripts = {**os.environ, **environment, leftovers.MARK: str(settings.local_dir)}
    with Supervisor(settings, environment) as supervisor, announcing_the_end():
        loop.start_servers(settings, supervisor, chosen)
        quietly = for_scripts | {"PREFECT_LOGGING_TO_API_ENABLED": "false"}  # its log is a file
        with (
            Companion(MONITORING, MONITORING_DAYS, quietly, settings.logs / "monitoring.log") as monitoring,
            Companion(MODEL_DEPLOYMENT, REPLAYED_DAYS, for_scripts, settings.logs / "replay.log") as replaying,
        ):
            _train(supervisor, chosen)
            for companion in (monitoring, replaying):
                companion.wait()  # it has had the time of the training to start
            replayed = replay.run(settings, supervisor, chosen, Companions(replaying, monitoring))
        page = _write_page(settings, chosen, replayed, for_scripts)
    _tell(replayed, page)


def environment_of(settings: Settings, chosen: Addresses) -> dict[str, str]:
    """The environment of all programs of the demo: every setting of the services, whatever the user's own are."""
    folders = ("DATA_DIR", "MONITORING_DATA_DIR", "MODEL_CACHE", "OUTBOX_DIR")
    return {
        **dict.fromkeys(DEFAULTS, ""),
        **chosen.environment(settings),
        **MONITORING_SETTINGS,
        "WEB_CONCURRENCY": "1",  # which uvicorn reads too, and not if it is empty
        **{name: str(settings.local_dir / name.lower()) for name in folders},
    }


def _begin_anew(settings: Settings) -> None:
    kept = (instance.LOCK, instance.FACTS)
    for path in settings.local_dir.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in kept:
            path.unlink()
    for folder in (settings.logs, settings.temporary):
        folder.mkdir()


def _train(supervisor: Supervisor, chosen: Addresses) -> None:
    worker, _ = programs.workers(chosen.prefect_api)  # the monitoring needs none: it runs in this demo's companion
    script = programs.script("deploy-mlpipeline", MLPIPELINE, "mlpipeline-deploy.py")
    with console.step("Deployment and worker") as step:
        for program in (worker, script):
            supervisor.launch(program)
        supervisor.wait_for_end(script)
        supervisor.wait(worker)
        prefect.set_parameters(chosen.prefect_api, loop.TRAINING, {"candidates": CANDIDATES})
        step.result = loop.TRAINING
    with console.step("First training") as step:
        log = supervisor.log(worker.name)
        prefect.run_deployment(chosen.prefect_api, loop.TRAINING, {"data_source": "synthetic"}, log, step.say_task)
        champion = tracking.champion(chosen.mlflow)
        step.result = f"version {champion.version} is champion, accuracy {champion.metrics['accuracy']:.3f}"


def _write_page(settings: Settings, chosen: Addresses, replayed: Replay, environment: dict[str, str]) -> Path:
    page, told = settings.local_dir / "page.html", settings.local_dir / "story.json"
    last = replayed.days[-1]
    with console.step("Page") as step:
        service_rows.fill(chosen.database, last.date, replayed.retrained or replayed.first)
        document = story.document(replayed, chosen.database)
        told.write_text(json.dumps(document, indent=2), encoding="utf-8")
        arguments = ["page.py", "--out", str(page), "--until", str(last.date), "--story", str(told), "--offline"]
        run_once(MONITORING, arguments, environment, settings.logs / "page.log")
        step.result = ", ".join(f"{one['label'].lower()}: {one['value']}" for one in document["figures"])
    return page


def _tell(replayed: Replay, page: Path) -> None:
    console.note("\nWhat happened:\n")
    for event in story.events(replayed):
        console.table({f"day {event.day:>2}  {event.title}": event.text})
    console.note(f"""
All of it, with the dashboards of students, model and service, is on one page, which needs no server:
    {page}
Look at the time line on top, then at "Right about students: live against the test" and "Which column changed on which
day". The demo took {console.seconds_since_start():.0f} s and has stopped all that it started.""")
