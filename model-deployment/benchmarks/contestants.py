"""The servers that are measured side by side, each ready to answer the same question about one student."""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests

from benchmarks import environments, floor
from benchmarks.environments import Unavailable
from benchmarks.servers import BIN, HOST, Service, end, free_port, start, wait
from serving.settings import SERVICE

FLOOR = "the floor"
OURS = "this service"
MLFLOW = "mlflow models serve"
MLSERVER = "MLServer"
ORIGINAL = "the original's way"
WORKERS = 2
START_SECONDS = 180  # of the slowest, on a busy machine
STUDENT = {
    "UserID": 6001,
    "CourseCategory": "Science",
    "DeviceType": 1,
    "TimeSpentOnCourse": 42.238989,
    "NumberOfVideosWatched": 8,
    "NumberOfQuizzesTaken": 7,
}
# What the pipeline takes; it was trained on numbers with a fraction, as they are once one may be missing.
ROW = {name: value if isinstance(value, str) else float(value) for name, value in STUDENT.items() if name != "UserID"}


@dataclass(frozen=True)
class Contestant:
    """A server that answers POST at `url` with this body. `outbox` is the folder that it still works off later."""

    name: str
    url: str
    body: Path
    process: subprocess.Popen
    log: Path
    outbox: Path | None = None

    def ask(self) -> bytes:
        """Its answer, once; raises requests' errors."""
        headers = {"Content-Type": "application/json"}
        response = requests.post(self.url, self.body.read_bytes(), headers=headers, timeout=10)
        response.raise_for_status()
        return response.content

    def wait(self) -> "Contestant":
        """Waits until it answers; raises Unavailable if it does not."""
        try:
            wait(lambda: self.process.poll() is not None or self._answers(), START_SECONDS)
        except TimeoutError as error:
            raise Unavailable(f"it did not answer within {START_SECONDS} s") from error
        if self.process.poll() is not None:
            raise Unavailable(f"it ended with code {self.process.returncode}: {last_line(self.log)}")
        return self

    def _answers(self) -> bool:
        try:
            return bool(self.ask())
        except requests.RequestException:
            return False


def the_service(folder: Path, service: Service) -> Contestant:
    """This service, which runs already."""
    return Contestant(
        OURS, f"{service.address}/predict", _body(folder, OURS, STUDENT), service.process, service.log, service.outbox
    )


def the_floor(folder: Path, answer: bytes) -> Contestant:
    """Flask and gunicorn as the service has them, with a constant answer."""
    port = free_port()
    environment = {
        "WEB_HOST": HOST,
        "WEB_PORT": str(port),
        "WEB_CONCURRENCY": str(WORKERS),
        floor.ANSWER: answer.decode(),
        "PYTHONPATH": str(SERVICE),
    }
    log = folder / "floor.log"
    settings = Path(floor.__file__).with_name("floor_gunicorn.py")
    process = start([BIN / "gunicorn", "-c", settings], SERVICE, log, environment)
    return Contestant(FLOOR, f"http://{HOST}:{port}/predict", _body(folder, FLOOR, STUDENT), process, log)


def train(folder: Path) -> Path:
    """Trains the others' model, and returns its folder; raises Unavailable."""
    programs = environments.make("mlflow")
    model = folder / "model"
    process = start([programs / "python", "-m", "benchmarks.others.train", model], SERVICE, folder / "train.log", {})
    try:
        code = process.wait()
    finally:
        end(process)
    if code:
        raise Unavailable(f"its model could not be trained: {last_line(folder / 'train.log')}")
    return model


def mlflow_serve(folder: Path, model: Path, _database: dict[str, str]) -> Contestant:
    """`mlflow models serve`: with two workers and uvloop, which were its best; and without a log of each request."""
    programs, port, log = environments.make("mlflow"), free_port(), folder / "mlflow.log"
    address = ["--host", HOST, "--port", port]
    process = start(
        [programs / "mlflow", "models", "serve", "-m", model, *address, "--env-manager", "local", "--workers", WORKERS],
        folder,
        log,
        {"PATH": _path(programs), "UVICORN_ACCESS_LOG": "false", "MLFLOW_DISABLE_TELEMETRY": "true"},
    )
    body = {"dataframe_split": {"columns": list(ROW), "data": [list(ROW.values())]}}
    return Contestant(MLFLOW, f"http://{HOST}:{port}/invocations", _body(folder, MLFLOW, body), process, log)


def mlserver(folder: Path, model: Path, _database: dict[str, str]) -> Contestant:
    """MLServer with its runtime for scikit-learn; the one for MLflow's models took the same time."""
    programs, port, served = environments.make("mlserver"), free_port(), folder / "mlserver"
    served.mkdir()
    ports = {"http_port": port, "grpc_port": free_port(), "metrics_port": free_port()}
    settings = {"host": HOST, **ports, "parallel_workers": WORKERS, "debug": False}
    parameters = {"uri": str(model / "model.pkl"), "content_type": "pd"}
    its_model = {"name": "course", "implementation": "mlserver_sklearn.SKLearnModel", "parameters": parameters}
    (served / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    (served / "model-settings.json").write_text(json.dumps(its_model), encoding="utf-8")
    log = folder / "mlserver.log"
    process = start([programs / "mlserver", "start", served], folder, log, {"PATH": _path(programs)})
    text = {"datatype": "BYTES", "parameters": {"content_type": "str"}}
    inputs = [
        {"name": name, "shape": [1, 1], "data": [value]} | (text if isinstance(value, str) else {"datatype": "FP64"})
        for name, value in ROW.items()
    ]
    body = {"parameters": {"content_type": "pd"}, "inputs": inputs}
    url = f"http://{HOST}:{port}/v2/models/course/infer"
    return Contestant(MLSERVER, url, _body(folder, MLSERVER, body), process, log)


def original(folder: Path, model: Path, database: dict[str, str]) -> Contestant:
    """The stand-in for the original, under gunicorn's own default kind of worker."""
    programs, port, log = environments.make("mlflow"), free_port(), folder / "original.log"
    process = start(
        [
            programs / "gunicorn",
            "--bind",
            f"{HOST}:{port}",
            "--workers",
            WORKERS,
            "benchmarks.others.original:create_app()",
        ],
        folder,
        log,
        {"MODEL": str(model), "PYTHONPATH": str(SERVICE), **database},
    )
    return Contestant(ORIGINAL, f"http://{HOST}:{port}/predict", _body(folder, ORIGINAL, STUDENT), process, log)


OTHERS: dict[str, Callable[[Path, Path, dict[str, str]], Contestant]] = {
    MLFLOW: mlflow_serve,
    MLSERVER: mlserver,
    ORIGINAL: original,
}


def last_line(log: Path) -> str:
    """The last line of a log, which usually says what was wrong."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["it said nothing"]
    return lines[-1][:300]


def _path(programs: Path) -> str:
    return f"{programs}{os.pathsep}{os.environ['PATH']}"


def _body(folder: Path, name: str, value: dict) -> Path:
    path = folder / f"{name}.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    return path
