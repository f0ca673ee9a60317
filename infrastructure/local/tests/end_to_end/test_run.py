"""`make run` from nothing to a monitored model, and again after each way of being stopped.

The tests of this file use one stack, in their order.
"""

import re
import shutil
import signal
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psutil
import pytest
import requests

from stack import leftovers, prefect
from stack.console import StepFailed
from stack.grafana import HOW_TO_GET_IT
from stack.loop import SAMPLE_REQUEST
from stack.programs import answers_200
from stack.settings import GRAFANA_PROGRAMS, MLPIPELINE, ROOT

LOCAL = ROOT / "infrastructure" / "local"
UP = "Ctrl-C stops everything"  # the last line of what it says once it is up
EXPERIMENT = "online-course-engagement-prediction-experiment"


def _champion(stack):
    found = stack.get(
        f"{stack.mlflow}/api/2.0/mlflow/registered-models/alias",
        name="online-course-model",
        alias="champion",
    )
    return found["model_version"]


@pytest.fixture(name="scheduled", scope="module", autouse=True)
def _scheduled(stack):
    """The champion, and the run that the schedule would start: beside the tests, since it asks Kaggle for a minute."""
    with ThreadPoolExecutor() as pool:
        yield _champion(stack), pool.submit(_run_deployment, stack, "run-pipeline/mlpipeline", {})


def test_each_step_is_a_line_with_its_time(stack):
    lines = [line for line in stack.output.splitlines() if re.search(r" \d+\.\d s$", line) and line[0] != " "]
    titles = [re.match(r"\S+ ([A-Z][\w ]+)", line).group(1) for line in lines]
    assert [title for title in titles if title != "Grafana"] == [
        "Environment of mlpipeline",
        "Environment of model",
        "Environment of monitoring",
        "Postgres",
        "MLflow",
        "Prefect",
        "Deployments",
        "Prefect workers",
        "Training ",
        "Prediction service",
        "Sample request",
        "More students",
        "Monitoring ",
    ]
    assert "    log to MLflow" in stack.output
    for address in stack.addresses.values():
        assert address in stack.output


@pytest.mark.skipif(any(map(shutil.which, GRAFANA_PROGRAMS)), reason="there is a Grafana on PATH")
def test_without_grafana_a_line_says_how_to_get_it(stack):
    assert stack.output.count("\n" + HOW_TO_GET_IT + "\n") == 1
    assert "Grafana" not in stack.addresses


def test_without_kaggle_it_says_so_in_the_terminal_and_on_the_run(stack):
    assert "It is trained on generated data: Kaggle did not give the dataset" in stack.output
    run = stack.get(f"{stack.mlflow}/api/2.0/mlflow/runs/get", run_id=_champion(stack)["run_id"])
    tags = {tag["key"]: tag["value"] for tag in run["run"]["data"]["tags"]}
    assert (tags["data.requested"], tags["data.source"]) == ("kaggle", "synthetic")
    assert "Kaggle" in tags["data.fallback_reason"]


def test_the_run_holds_parameters_metrics_data_and_the_contract_of_the_services(stack):
    mlflow, run_id = stack.mlflow, _champion(stack)["run_id"]
    run = stack.get(f"{mlflow}/api/2.0/mlflow/runs/get", run_id=run_id)["run"]
    metrics = {metric["key"]: metric["value"] for metric in run["data"]["metrics"]}
    assert 0.74 < metrics["accuracy"] < 0.82
    assert 0.77 < metrics["roc_auc"] < 0.85
    assert 0.14 < metrics["mean_squared_error"] < 0.19
    assert {"prediction_drift", "num_drifted_columns", "share_missing_values"} < set(metrics)
    assert {param["key"] for param in run["data"]["params"]} >= {"model", "seed", "decision_threshold"}
    assert {given["tags"][0]["value"] for given in run["inputs"]["dataset_inputs"]} == {"train", "validation", "test"}
    experiment = stack.get(f"{mlflow}/api/2.0/mlflow/experiments/get", experiment_id=run["info"]["experiment_id"])
    assert experiment["experiment"]["name"] == EXPERIMENT
    assert f"/experiments/{run['info']['experiment_id']}/runs?" in stack.addresses["MLflow UI"]
    artifacts = {
        file["path"]
        for folder in ("serving", "reference", "held_out", "data", "exploration", "selection", "evaluation")
        for file in stack.get(f"{mlflow}/api/2.0/mlflow/artifacts/list", run_id=run_id, path=folder)["files"]
    }
    assert artifacts == {
        "serving/contract.json",
        "serving/model.onnx",
        "reference/reference.parquet",
        "held_out/requests.jsonl",
        "data/online_course_engagement_data.csv",
        "data/quarantine.csv",
        *(f"exploration/{name}.png" for name in ("distributions", "completion_by_feature", "correlations")),
        "exploration/findings.md",
        "exploration/summary.html",
        *(f"selection/{name}.csv" for name in ("candidates", "features")),
        *(f"evaluation/{name}.csv" for name in ("slices", "importance", "behaviour")),
        *(f"evaluation/{name}.png" for name in ("roc", "precision_recall", "calibration", "confusion", "importance")),
    }


def test_the_registered_model_loads_with_scikit_learn_and_has_its_signature_and_example(stack):
    code = (
        "import mlflow, sys\n"
        "mlflow.set_tracking_uri(sys.argv[1])\n"
        "model = mlflow.sklearn.load_model('models:/online-course-model@champion')\n"
        "info = mlflow.models.get_model_info('models:/online-course-model@champion')\n"
        "print(type(model).__name__, info.signature.inputs.input_names(), bool(info.saved_input_example_info))\n"
    )
    printed = subprocess.run(
        [MLPIPELINE / ".venv/bin/python", "-c", code, stack.mlflow],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    features = ["CourseCategory", "DeviceType", "TimeSpentOnCourse", "NumberOfVideosWatched", "NumberOfQuizzesTaken"]
    assert printed.splitlines()[-1] == f"FixedThresholdClassifier {features} True"


def test_the_deployments_have_their_schedules_and_queues(stack):
    api = f"{stack.addresses['Prefect UI']}/api"
    for name, cron, queue in (
        ("run-pipeline/mlpipeline", "0 0 * * 0", "mlops"),
        ("daily-monitoring/monitoring", "0 6 * * *", "mlops-monitoring"),
        ("backfill/monitoring", None, "mlops-monitoring"),
    ):
        deployment = stack.get(f"{api}/deployments/name/{name}")
        assert [schedule["schedule"]["cron"] for schedule in deployment["schedules"]] == ([cron] if cron else [])
        assert (deployment["work_pool_name"], deployment["work_queue_name"]) == ("default-agent-pool", queue)
        assert deployment["parameters"].get("fallback_to_synthetic", False) is False


def test_prefect_keeps_its_runs_in_the_postgres_of_the_stack(stack):
    runs = stack.database.query("SELECT name FROM flow WHERE id IN (SELECT flow_id FROM flow_run)", database="prefect")
    assert {run["name"] for run in runs} >= {"run-pipeline", "daily-monitoring"}
    assert not list((stack.folder / "prefect").glob("*.db"))


def _run_deployment(stack, name, parameters):
    """Runs it as `make run` does; gives the names of the tasks that were completed."""
    tasks = []
    prefect.run_deployment(
        f"{stack.addresses['Prefect UI']}/api",
        name,
        parameters,
        stack.folder / "logs" / "worker-mlops.log",
        lambda task, _, is_part: None if is_part else tasks.append(task),
    )
    return tasks


def test_predictions_are_answered_and_kept(stack, wait):
    answer = requests.post(f"{stack.web}/predict", json=SAMPLE_REQUEST, timeout=30).json()
    assert answer["RUN_ID"] == _champion(stack)["run_id"]

    def its_rows():
        return stack.database.query("SELECT * FROM features WHERE prediction_id = %s", (answer["PredictionID"],))

    wait(its_rows)
    (row,) = its_rows()
    assert row["user_id"] == SAMPLE_REQUEST["UserID"]
    assert (row["prediction"], row["probability"]) == (answer["CourseCompletion"], answer["CompletionProbability"])
    assert (row["run_id"], str(uuid.UUID(answer["PredictionID"]))) == (answer["RUN_ID"], answer["PredictionID"])
    assert requests.post(f"{stack.web}/predict", json={"UserID": "x"}, timeout=30).status_code == 422
    assert stack.get(f"{stack.web}/health")["status"] == "ok"


def test_the_day_was_monitored_and_doing_it_again_replaces_its_row(stack):
    (before,) = stack.database.query("SELECT * FROM metrics")
    assert (before["rows"], before["status"], before["run_id"]) == (501, "stable", _champion(stack)["run_id"])
    assert before["num_drifted_columns"] == 0 and before["prediction_drift"] < 0.1
    tasks = _run_deployment(stack, "daily-monitoring/monitoring", {"day": before["day"].isoformat()})
    measured = ["open the database", "count predictions", "measure drift", "write metrics"]
    assert tasks == [*measured, "find days with news", "decide"]
    (after,) = stack.database.query("SELECT * FROM metrics")
    assert after["rows"] >= before["rows"]
    assert after["timestamp"] > before["timestamp"]


def test_a_day_without_predictions_has_a_row_that_says_so(stack):
    tasks = _run_deployment(stack, "daily-monitoring/monitoring", {"day": "2020-02-29"})
    assert tasks == ["open the database", "count predictions", "write metrics", "find days with news", "decide"]
    (row,) = stack.database.query("SELECT * FROM metrics WHERE day = '2020-02-29'")
    assert (row["rows"], row["status"], row["run_id"]) == (0, "no predictions", None)


def test_the_reports_of_the_day_are_in_mlflow_and_the_decision_has_a_reason(stack):
    (row,) = stack.database.query("SELECT * FROM metrics WHERE status = 'stable'")
    run_id, path = re.search(r"/runs/(\w+)/artifacts/(.+)\?workflowType=machine_learning$", row["report_url"]).groups()
    report = requests.get(f"{stack.mlflow}/get-artifact", params={"run_uuid": run_id, "path": path}, timeout=30)
    assert report.ok and "Dataset Drift" in report.text
    (decision,) = stack.database.query("SELECT * FROM decisions")
    assert (decision["action"], decision["run_id"]) == ("none", _champion(stack)["run_id"])
    assert "0 of the last 1 days drifted" in decision["reason"]


def test_the_scheduled_training_does_not_fall_back_and_keeps_the_champion(stack, scheduled):
    before, run = scheduled
    with pytest.raises(StepFailed, match="run-pipeline/mlpipeline failed: (.|\n)*Kaggle did not give") as raised:
        run.result()
    assert f"The log is {stack.folder / 'logs' / 'worker-mlops.log'}" in str(raised.value)
    assert _champion(stack) == before


def test_a_release_finds_the_champion_and_tries_the_service(stack):
    """Two steps of infrastructure/deploy that need a real MLflow and a real service."""
    deploy = ROOT / "infrastructure" / "deploy"
    command = [sys.executable, deploy, "champion", "--tracking-uri", stack.mlflow]
    run_id = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert run_id == _champion(stack)["run_id"]
    ask = "import smoke, sys; print(smoke.predict(sys.argv[1], 'any key', sys.argv[2], patience=0))"
    for wanted, code in ((run_id, 0), ("another-run", 1)):
        done = subprocess.run(
            [sys.executable, "-c", ask, stack.web, wanted], cwd=deploy, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
    assert f"run {run_id} answers, and not another-run" in done.stderr


def test_a_part_that_dies_comes_back_and_the_terminal_says_so(stack, wait):
    (postgres,) = [
        process
        for process in leftovers.find(stack.folder)
        if process.name() == "postgres" and process.parent().name() != "postgres"
    ]
    postgres.kill()
    wait(lambda: "postgres is up again" in stack.output or "postgres ended" in stack.output)
    wait(stack.database.is_ready)
    assert requests.post(f"{stack.web}/predict", json=SAMPLE_REQUEST, timeout=30).ok


def test_where_mlflow_is_killed_what_it_had_started_ends_and_leaves_the_port_to_the_next(stack, wait):
    (mlflow,) = [
        process
        for process in leftovers.find(stack.folder)
        if "/mlflow server " in " ".join(process.cmdline()) and "guard.py" not in " ".join(process.cmdline())
    ]
    its_own = mlflow.children(recursive=True)
    assert its_own
    mlflow.kill()
    _, left = psutil.wait_procs(its_own, timeout=30)
    assert not left
    wait(lambda: answers_200(f"{stack.mlflow}/health"))


def test_a_second_run_says_where_the_first_is_and_so_does_status(stack):
    for command in ("run", "status"):
        told = subprocess.run(
            [sys.executable, LOCAL, command], env=stack.environment, capture_output=True, text=True, check=True
        ).stdout
        assert ("It is running already." in told) == (command == "run")
        assert f"process {stack.process.pid}" in told
        for address in stack.addresses.values():
            assert address in told
    assert stack.process.poll() is None


@pytest.fixture(name="under_way", scope="module")
def _under_way(stack):
    """A flow run that is under way, which nobody will ever end."""
    api = f"{stack.addresses['Prefect UI']}/api"
    deployment = stack.get(f"{api}/deployments/name/run-pipeline/mlpipeline")
    body = {"flow_id": deployment["flow_id"], "state": {"type": "RUNNING"}}
    return requests.post(f"{api}/flow_runs/", json=body, timeout=30).json()["id"]


def test_a_kill_of_the_runner_leaves_nothing(stack, under_way):
    assert under_way
    assert len(leftovers.find(stack.folder)) > 10
    stack.process.kill()
    stack.assert_nothing_left()


def test_starting_again_keeps_runs_models_and_predictions(stack, under_way):
    started = datetime.now(UTC)
    stack.start().wait_for(UP)
    assert "The model of an earlier start is kept: version 1" in stack.output
    kept = stack.database.query("SELECT count(*) AS rows FROM features WHERE timestamp < %s", (started,))
    assert kept[0]["rows"] > 501
    assert stack.database.query("SELECT * FROM metrics WHERE day = '2020-02-29'")
    assert _champion(stack)["version"] == "1"
    assert "Flow runs that an earlier start was killed in are marked as crashed: 1" in stack.output
    run = stack.get(f"{stack.addresses['Prefect UI']}/api/flow_runs/{under_way}")
    assert run["state"]["type"] == "CRASHED"


def test_ctrl_c_stops_it_in_order_and_leaves_nothing(stack):
    stack.process.send_signal(signal.SIGINT)
    assert stack.process.wait(timeout=60) == 0
    assert not leftovers.find(stack.folder)
    assert "Stopped." in stack.output
    assert "shutdown" in (stack.folder / "logs" / "postgres.log").read_text(encoding="utf-8")[-2000:]
