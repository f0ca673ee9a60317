"""What a day is compared with: the contract and the reference data of the training run that made its predictions."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException


class ReferenceMissing(Exception):
    """MLflow does not have the run that made the predictions, or not its files."""


@dataclass(frozen=True)
class Reference:
    """The contract of a training run, and its reference rows: features, outcome, prediction and probability."""

    contract: dict
    rows: pd.DataFrame


def load(tracking_uri: str, run_id: str) -> Reference:
    """Reads the reference of a training run from MLflow; raises ReferenceMissing."""
    client = mlflow.MlflowClient(tracking_uri)
    with tempfile.TemporaryDirectory() as folder:
        try:
            contract = Path(client.download_artifacts(run_id, "serving/contract.json", folder))
            rows = Path(client.download_artifacts(run_id, "reference/reference.parquet", folder))
        except (MlflowException, OSError) as error:
            raise ReferenceMissing(
                f"MLflow at {tracking_uri} did not give the reference data of run {run_id}: {error}"
            ) from error
        return Reference(json.loads(contract.read_text(encoding="utf-8")), pd.read_parquet(rows))
