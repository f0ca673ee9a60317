"""What the pictures show, page by page."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import Page

from camera import Camera, CannotSee

DRAWING = 5000  # milliseconds after which nothing moves any more
TRAINING = "?workflowType=machine_learning"  # else MLflow shows runs as those of language models


@dataclass(frozen=True)
class Shown:
    """Where the pages are, and the training run that they are about."""

    web: str
    mlflow: str
    prefect: str
    demo: Path
    run_id: str
    experiment: str
    flow_run: str


def find(local: Path) -> Shown:
    """The stack that runs in this folder, and its demo's page; raises CannotSee, with what to do, if there is none."""
    facts, demo = local / "instance.json", local / "demo" / "page.html"
    addresses = json.loads(facts.read_text(encoding="utf-8"))["addresses"] if facts.is_file() else {}
    if "Prediction service" not in addresses:
        raise CannotSee("Nothing runs. Start it with `make run` in another terminal, and wait until it is up.")
    if not demo.is_file():
        raise CannotSee(f"{demo} is not there. Make it with `make demo`.")
    web = addresses["Prediction service"]
    mlflow = addresses["MLflow UI"].split("/#")[0]
    run_id = _read(f"{web}/model")["RUN_ID"]
    run = _read(f"{mlflow}/api/2.0/mlflow/runs/get?run_id={run_id}")["run"]
    tags = {tag["key"]: tag["value"] for tag in run["data"]["tags"]}
    return Shown(
        web, mlflow, addresses["Prefect UI"], demo, run_id, run["info"]["experiment_id"], tags["prefect.flow_run"]
    )


def _read(address: str) -> dict:
    with urlopen(address, timeout=30) as answer:
        return json.load(answer)


def show_service(camera: Camera, shown: Shown) -> Iterator[Path]:
    """The prediction service's own page, with an answer."""
    page = camera.open(shown.web, shown.run_id)
    page.fill("input[name=CourseCategory]", "Science")
    page.fill("input[name=TimeSpentOnCourse]", "42.2")
    page.get_by_role("button", name="Predict").click()
    page.get_by_text("Probability of completing it").wait_for()
    page.locator("summary").click()
    box = page.locator("main").bounding_box()
    yield camera.take(page, "service", (int(box["x"]) - 20, 0, int(box["width"]) + 40, 800))


def show_prefect(camera: Camera, shown: Shown) -> Iterator[Path]:
    """The training run with its steps, and the form that starts another one."""
    page = camera.open(f"{shown.prefect}/runs/flow-run/{shown.flow_run}", "Completed", "run-pipeline")
    page.locator("canvas").first.wait_for()
    page.wait_for_timeout(DRAWING)
    yield camera.take(page, "prefect", (0, 0, 1280, 500))
    deployment = _read(f"{shown.prefect}/api/deployments/name/run-pipeline/mlpipeline")["id"]
    page = camera.open(f"{shown.prefect}/deployments/deployment/{deployment}/run", "data_source", "candidates")
    page.set_viewport_size({"width": 1280, "height": 1300})
    page.get_by_text("data_source").first.scroll_into_view_if_needed()
    yield camera.take(page, "prefect-form")


def show_mlflow(camera: Camera, shown: Shown) -> Iterator[Path]:
    """The training run with its candidates and metrics, and two of its pictures."""
    run = f"{shown.mlflow}/#/experiments/{shown.experiment}/runs/{shown.run_id}"
    page = camera.open(f"{run}{TRAINING}", "Metrics (", "roc_auc")
    page.set_viewport_size({"width": 1280, "height": 1000})
    _close_assistant(page)
    yield camera.take(page, "mlflow")
    for picture in ("exploration/completion_by_feature.png", "evaluation/calibration.png"):
        page = camera.open(f"{run}/artifacts/{picture}{TRAINING}", "Path:")
        page.locator("img[src^='blob:'], img[src*='get-artifact']").first.wait_for()
        _close_assistant(page)
        yield camera.take(page, f"mlflow-{Path(picture).stem}", (0, 0, 1280, 560))


def _close_assistant(page: Page) -> None:
    """MLflow shows it beside the first page of a visit, a moment later."""
    page.wait_for_timeout(DRAWING)
    close = page.get_by_role("button", name="Close")
    if close.count():
        close.first.click()


def show_demo(camera: Camera, shown: Shown) -> Iterator[Path]:
    """The demo's page: what happened, and the students at risk."""
    page = camera.open(shown.demo.as_uri(), "Students at risk")
    yield camera.take(page, "demo", (0, 0, 1280, 765))
    page.goto(f"{shown.demo.as_uri()}#students-at-risk")
    yield camera.take(page, "students")


ALL = (show_service, show_prefect, show_mlflow, show_demo)
