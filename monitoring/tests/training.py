"""A training run in MLflow, as far as the monitoring reads it."""

import json
import tempfile
from pathlib import Path

import mlflow
import pandas as pd
from mlflow.entities import Metric

from monitor.reference import CONTRACT, ROWS

EXPERIMENT = "online-course-engagement"


def log(tracking_uri: str, contract: dict, rows: pd.DataFrame, metrics: dict[str, float], without: str = "") -> str:
    """Logs a run with its contract, reference rows and metrics, but for the file `without`; returns its id."""
    client = mlflow.MlflowClient(tracking_uri)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    experiment_id = experiment.experiment_id if experiment else client.create_experiment(EXPERIMENT)
    run_id = client.create_run(experiment_id).info.run_id
    with tempfile.TemporaryDirectory() as folder:
        for path, write in (
            (CONTRACT, lambda file: file.write_text(json.dumps(contract), encoding="utf-8")),
            (ROWS, rows.to_parquet),
        ):
            if path != without:
                file = Path(folder) / path
                file.parent.mkdir()
                write(file)
        client.log_artifacts(run_id, folder)
    client.log_batch(run_id, [Metric(name, value, 0, 0) for name, value in metrics.items()])
    client.set_terminated(run_id)
    return run_id
