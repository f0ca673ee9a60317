"""The programs of the stack, beside Postgres: which command each is, and when it is ready."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import requests

from stack.ports import HOST
from stack.settings import MLPIPELINE, MODEL_DEPLOYMENT, MONITORING, Settings
from stack.supervisor import GUARD, Program

POOL = "default-agent-pool"
WEB = "web"
TRAINING_QUEUE = "mlops"
MONITORING_QUEUE = "mlops-monitoring"


def answers_200(url: str) -> bool:
    """Whether a GET of this address succeeds."""
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


def executable(service: Path, name: str) -> str:
    """A program of a service's environment."""
    return str(service / ".venv" / "bin" / name)


def mlflow(settings: Settings, port: int) -> Program:
    """The MLflow server: sqlite, and the artifacts in a folder."""
    folder = settings.local_dir / "mlflow"
    folder.mkdir(parents=True, exist_ok=True)
    return Program(
        name="mlflow",
        # Where it is killed, its own server would go on, and keep the port from the next one.
        command=[
            *(sys.executable, str(GUARD)),
            *(executable(MLPIPELINE, "mlflow"), "server"),
            f"--host={HOST}",
            f"--port={port}",
            f"--backend-store-uri=sqlite:///{folder}/mlflow.db",
            f"--artifacts-destination={folder}/artifacts",
            "--workers=1",
        ],
        folder=folder,
        rank=20,
        is_ready=lambda: answers_200(f"http://{HOST}:{port}/health"),
        port=port,
    )


def prefect_server(port: int) -> Program:
    """The Prefect server with its UI."""
    return Program(
        name="prefect",
        command=[executable(MLPIPELINE, "prefect"), "server", "start", f"--host={HOST}", f"--port={port}"],
        folder=MLPIPELINE,
        rank=20,
        is_ready=lambda: answers_200(f"http://{HOST}:{port}/api/health"),
        port=port,
    )


def workers(prefect_api: str) -> list[Program]:
    """One Prefect worker a queue, each in the environment of the service whose flows it runs."""
    return [_worker(MLPIPELINE, TRAINING_QUEUE, prefect_api), _worker(MONITORING, MONITORING_QUEUE, prefect_api)]


def worker_name(queue: str) -> str:
    """The name of the program that is this queue's worker."""
    return f"worker-{queue}"


def _worker(service: Path, queue: str, prefect_api: str) -> Program:
    options = [f"--pool={POOL}", f"--work-queue={queue}", "--type=process", f"--name={queue}"]
    created = datetime.now(UTC)

    def has_reported() -> bool:
        try:
            known = requests.post(f"{prefect_api}/work_pools/{POOL}/workers/filter", json={}, timeout=5)
        except requests.RequestException:
            return False
        return known.ok and any(
            worker["name"] == queue and datetime.fromisoformat(worker["last_heartbeat_time"]) > created
            for worker in known.json()
        )

    return Program(
        name=worker_name(queue),
        command=[executable(service, "prefect"), "worker", "start", *options],
        folder=service,
        rank=30,
        is_ready=has_reported,
    )


def script(name: str, service: Path, file: str, *arguments: str, environment: dict[str, str] | None = None) -> Program:
    """A Python script of a service, which runs once."""
    return Program(
        name=name,
        command=[executable(service, "python"), file, *arguments],
        folder=service,
        rank=50,
        environment=environment or {},
        runs_once=True,
    )


def web(settings: Settings, port: int, run_id: str) -> Program:
    """The prediction service under gunicorn, following the champion, which is the model of this run now."""

    def serves_the_run() -> bool:
        try:
            return requests.get(f"http://{HOST}:{port}/health", timeout=5).json()["RUN_ID"] == run_id
        except (requests.RequestException, KeyError):
            return False

    return Program(
        name=WEB,
        command=[executable(MODEL_DEPLOYMENT, "gunicorn")],
        folder=MODEL_DEPLOYMENT,
        rank=40,
        environment={
            "RUN_ID": "",
            "ENVIRONMENT": "development",
            "WEB_HOST": HOST,
            "WEB_PORT": str(port),
            "MODEL_CACHE": str(settings.local_dir / "model_cache"),
            "OUTBOX_DIR": str(settings.local_dir / "outbox"),
        },
        stop_seconds=90,  # in which it ships what it has answered
        is_ready=serves_the_run,
        port=port,
    )
