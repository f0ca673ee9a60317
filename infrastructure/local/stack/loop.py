"""The steps of the loop: servers, deployments, training, serving, predictions, monitoring."""

import json
import time
from datetime import date, datetime

import requests

from stack import console, ports, prefect, programs, tracking
from stack.addresses import Addresses
from stack.postgres import Database
from stack.settings import MLPIPELINE, MONITORING, Settings
from stack.supervisor import Supervisor
from stack.tracking import Version

SAMPLE_REQUEST = {
    "UserID": 6001,
    "CourseCategory": "Science",
    "DeviceType": 1,
    "TimeSpentOnCourse": 42.238989,
    "NumberOfVideosWatched": 8,
    "NumberOfQuizzesTaken": 7,
}
TRAINING = "run-pipeline/mlpipeline"
MONITORING_FLOW = "daily-monitoring/monitoring"
HELD_OUT_STUDENTS = 500
BATCH = 100
SHIPPED_SECONDS = 30


def run(settings: Settings, supervisor: Supervisor, addresses: Addresses) -> None:
    """Brings everything up and shows each part at work. What an earlier start has done is not done again."""
    kept = ports.keep(addresses.web_port)  # training takes a while, in which somebody else might take it
    start_servers(settings, supervisor, addresses)
    start_workers_and_register_deployments(supervisor, addresses)
    champion, latest = tracking.champion(addresses.mlflow), tracking.latest(addresses.mlflow)
    if champion is None or latest is None or not tracking.is_trained_on(latest, settings.data_source):
        champion = train(settings, supervisor, addresses)
    else:
        unread = ". DATA_SOURCE was not read again; a training does" if tracking.is_url(settings.data_source) else ""
        console.note(
            f"The model of an earlier start is kept: version {champion.version}, run {champion.run_id}{unread}"
        )
        warn_of_a_challenger(addresses, champion, latest)
    if reason := champion.tags.get("data.fallback_reason"):
        console.warning(
            f"It is trained on generated data: {reason} The run's tags data.source and data.fallback_reason say so "
            "too. For the real data: make run DATA_SOURCE=/path/to/online_course_engagement_data.csv"
        )
    kept.close()
    serve(settings, supervisor, addresses, champion)
    predict(supervisor, addresses)
    if not is_monitored(addresses, champion):
        day = send_held_out_students(supervisor, addresses, champion, settings.time_zone)
        monitor(supervisor, addresses, day)


def start_servers(settings: Settings, supervisor: Supervisor, addresses: Addresses) -> None:
    """Postgres, MLflow and Prefect, which start side by side, while the user's own data is looked at."""
    mlflow = programs.mlflow(settings, addresses.mlflow_port)
    prefect_server = programs.prefect_server(addresses.prefect_port)
    supervisor.launch(mlflow)
    if addresses.own_postgres:
        supervisor.launch(addresses.own_postgres)
    if settings.data_file:
        check_data(settings, supervisor)
    if addresses.own_postgres:
        with console.step("Postgres") as step:
            supervisor.wait(addresses.own_postgres)
            addresses.database.make()
            step.result = addresses.database.address
    supervisor.launch(prefect_server)  # which keeps its data in Postgres
    for name, program, address in (
        ("MLflow", mlflow, addresses.mlflow),
        ("Prefect", prefect_server, addresses.prefect),
    ):
        with console.step(name) as step:
            supervisor.wait(program)
            step.result = address


def check_data(settings: Settings, supervisor: Supervisor) -> None:
    """Has the training say whether it can use the user's file, before anything is waited for."""
    check = programs.script("check-data", MLPIPELINE, "check_data.py", str(settings.data_file))
    supervisor.launch(check)
    with console.step("Data") as step:
        supervisor.wait_for_end(check)
        step.result = console.tail(supervisor.log(check.name))[-1]


def start_workers_and_register_deployments(supervisor: Supervisor, addresses: Addresses) -> None:
    """Starts the workers, and meanwhile runs both deployment scripts, each in its service's environment."""
    if lost := prefect.end_lost_runs(addresses.prefect_api):
        console.note(f"Flow runs that an earlier start was killed in are marked as crashed: {lost}")
    workers = programs.workers(addresses.prefect_api)
    scripts = [
        programs.script("deploy-mlpipeline", MLPIPELINE, "mlpipeline-deploy.py"),
        programs.script("deploy-monitoring", MONITORING, "monitoring_deploy.py"),
    ]
    with console.step("Deployments") as step:
        for program in (*workers, *scripts):
            supervisor.launch(program)
        for script in scripts:
            supervisor.wait_for_end(script)
        step.result = f"{TRAINING} (weekly), {MONITORING_FLOW} (daily)"
    with console.step("Prefect workers") as step:
        for worker in workers:
            supervisor.wait(worker)
        prefect.pause_queue(addresses.prefect_api, programs.POOL, "default")
        step.result = f"one for each queue, {programs.TRAINING_QUEUE} and {programs.MONITORING_QUEUE}"


def train(settings: Settings, supervisor: Supervisor, addresses: Addresses) -> Version:
    """Runs the training flow through its worker; only here, where nobody relies on the model, may it fall back."""
    parameters = {"data_source": settings.data_source or "kaggle", "fallback_to_synthetic": not settings.data_source}
    with console.step(f"Training ({TRAINING})") as step:
        log = supervisor.log(programs.worker_name(programs.TRAINING_QUEUE))
        prefect.run_deployment(addresses.prefect_api, TRAINING, parameters, log, step.say_task)
        champion = tracking.champion(addresses.mlflow)
        if champion is None:
            raise console.StepFailed(
                f"{TRAINING} completed, but {tracking.MODEL} has no champion, and without one nothing can be served. "
                f"Why: {tracking.why_not_champion(tracking.latest(addresses.mlflow))}. docs/training.md, Judgement, "
                "has the limits, and says what to do where your data is different."
            )
        step.result = (
            f"version {champion.version} is champion, accuracy {champion.metrics['accuracy']:.3f}, "
            f"ROC AUC {champion.metrics['roc_auc']:.3f}, run {champion.run_id}"
        )
    warn_of_a_challenger(addresses, champion, tracking.latest(addresses.mlflow))
    return champion


def warn_of_a_challenger(addresses: Addresses, champion: Version, latest: Version | None) -> None:
    """Says so where a later model than the champion was trained, since it is not the one that is served."""
    if latest and latest.version != champion.version:
        console.warning(
            f"Version {latest.version} was trained later, and version {champion.version} is served. Why: "
            f"{tracking.why_not_champion(latest)}. In mlpipeline, `TRACKING_URI={addresses.mlflow} .venv/bin/python "
            "champion.py list` tells more, and `rollback` in place of `list` makes another version champion."
        )


def serve(settings: Settings, supervisor: Supervisor, addresses: Addresses, champion: Version) -> None:
    """Starts the prediction service with the champion."""
    with console.step("Prediction service") as step:
        supervisor.start(programs.web(settings, addresses.web_port, champion.run_id))
        step.result = f"{addresses.web} follows the champion and serves run {champion.run_id}"


def predict(supervisor: Supervisor, addresses: Addresses) -> None:
    """Sends the sample request, and shows the answer and the row that it left."""
    with console.step("Sample request") as step:
        answer = _post(addresses, SAMPLE_REQUEST)
        answered = console.seconds_since_start()
        rows = _stored(supervisor, addresses, [answer])
        step.result = f"answered {answered:.0f} s after the start, and found in the table features"
    console.table({"request": json.dumps(SAMPLE_REQUEST), "answer": json.dumps(answer)})
    console.table(rows[0], title="its row in features")


def is_monitored(addresses: Addresses, champion: Version) -> bool:
    """Whether the table metrics has a row for this model."""
    if not addresses.database.query("SELECT to_regclass('metrics') AS found")[0]["found"]:
        return False
    return bool(addresses.database.query("SELECT 1 FROM metrics WHERE run_id = %s LIMIT 1", (champion.run_id,)))


def send_held_out_students(supervisor: Supervisor, addresses: Addresses, champion: Version, time_zone: str) -> date:
    """Sends activity of students whom the model has never seen; gives the day, in this zone, of their predictions."""
    with console.step("More students") as step:
        students = tracking.held_out_requests(addresses.mlflow, champion.run_id)[:HELD_OUT_STUDENTS]
        answers = []
        for start in range(0, len(students), BATCH):
            answers += _post(addresses, students[start : start + BATCH])
        stored = _stored(supervisor, addresses, answers)
        completing = sum(answer["CourseCompletion"] for answer in answers)
        step.result = (
            f"{len(answers)} held-out students predicted, {completing} of them to complete their course; "
            f"{len(stored)} rows in the table features"
        )
    return day_of(addresses.database, max(row["timestamp"] for row in stored), time_zone)


def day_of(database: Database, moment: datetime, time_zone: str) -> date:
    """The day of this moment in a time zone, as Postgres knows it, which the monitoring asks, too."""
    return database.query("SELECT (%s::timestamptz AT TIME ZONE %s)::date AS day", (moment, time_zone))[0]["day"]


def monitor(supervisor: Supervisor, addresses: Addresses, day: date) -> None:
    """Runs the monitoring flow through its worker for this day, and shows the rows that it wrote."""
    with console.step(f"Monitoring ({MONITORING_FLOW})") as step:
        log = supervisor.log(programs.worker_name(programs.MONITORING_QUEUE))
        prefect.run_deployment(addresses.prefect_api, MONITORING_FLOW, {"day": day.isoformat()}, log, step.say_task)
        rows = addresses.database.query("SELECT * FROM metrics WHERE day = %s", (day,))
        step.result = f"the table metrics has a row for each model of {day}"
    for row in rows:
        console.table({name: value for name, value in row.items() if value is not None}, title="the row in metrics")


def _stored(supervisor: Supervisor, addresses: Addresses, answers: list[dict]) -> list[dict]:
    """The rows of these answers, once all of them have come from the service's outbox."""
    ids = [answer["PredictionID"] for answer in answers]
    end = time.monotonic() + SHIPPED_SECONDS
    while True:
        if addresses.database.query("SELECT to_regclass('features') AS found")[0]["found"]:
            rows = addresses.database.query("SELECT * FROM features WHERE prediction_id = ANY(%s::uuid[])", (ids,))
            if len(rows) == len(ids):
                return rows
        if time.monotonic() > end:
            raise console.StepFailed(
                f"Not all predictions are in the table features after {SHIPPED_SECONDS} s.",
                supervisor.log(programs.WEB),
            )
        time.sleep(0.2)


def _post(addresses: Addresses, body: dict | list) -> dict | list:
    response = requests.post(f"{addresses.web}/predict", json=body, timeout=30)
    if not response.ok:
        raise console.StepFailed(f"The prediction service answered {response.status_code}: {response.text}")
    return response.json()
