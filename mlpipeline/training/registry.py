"""Writes a training run to MLflow, and registers its model.

A run holds, beside the model itself, what the other services read of it:

    serving/contract.json, serving/model.onnx   for the prediction service
    reference/reference.parquet                 what monitoring compares each day with
    held_out/requests.jsonl                     requests of students that the model has never seen
    data/                                       the data as it was pulled
"""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

import mlflow
import pandas as pd
from mlflow.data.pandas_dataset import from_pandas
from mlflow.models import infer_signature
from mlflow.models.model import ModelInfo
from sklearn.pipeline import Pipeline

from training import schema
from training.export import MODEL_FILE, Export
from training.model import ALGORITHM, model_input
from training.prepare import Splits
from training.settings import Settings
from training.source import Dataset

CHAMPION = "champion"
# What skops may build when it loads the model, beyond the estimators of scikit-learn that it knows.
TRUSTED_TYPES = ["numpy.dtype"]


@dataclass(frozen=True)
class Trained:
    """All that a training run has to show; `splits` with the model's predictions."""

    dataset: Dataset
    pipeline: Pipeline
    export: Export
    splits: Splits
    metrics: dict[str, float]
    reference: Path
    seed: int


def save_reference(predicted: pd.DataFrame, folder: Path) -> Path:
    """Saves features, outcome, prediction and probability of the reference rows as parquet."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "reference.parquet"
    columns = [*schema.FEATURE_NAMES, schema.TARGET, "prediction", "probability"]
    predicted[columns].to_parquet(file, index=False)
    return file


def log_run(settings: Settings, trained: Trained) -> ModelInfo:
    """Writes everything to one run of the experiment; gives the logged model, which is not registered yet."""
    mlflow.set_tracking_uri(settings.tracking_uri)
    mlflow.set_experiment(settings.experiment)
    dataset = trained.dataset
    with mlflow.start_run():
        mlflow.set_tags(
            {
                "data.requested": dataset.requested,
                "data.source": dataset.source,
                "data.sha256": dataset.sha256,
                "data.fallback_reason": dataset.fallback_reason,
            }
        )
        mlflow.log_params({**ALGORITHM, "seed": trained.seed, "rows": len(dataset.rows)})
        mlflow.log_metrics(trained.metrics)
        _log_dataset(dataset, trained.splits.train, "training")
        _log_dataset(dataset, trained.splits.validation, "validation")
        mlflow.log_artifact(str(dataset.file), "data")
        mlflow.log_artifact(str(trained.reference), "reference")
        with tempfile.TemporaryDirectory() as folder:
            _write_files(Path(folder), trained)
            mlflow.log_artifacts(folder)
        return _log_model(trained)


def _log_dataset(dataset: Dataset, rows: pd.DataFrame, context: str) -> None:
    mlflow.log_input(
        from_pandas(
            model_input(rows).assign(**{schema.TARGET: rows[schema.TARGET].astype(float)}),
            source=str(dataset.file),
            targets=schema.TARGET,
            name=f"engagement-{context}",  # MLflow keeps one dataset for each name and digest
            digest=dataset.sha256[:36],  # MLflow keeps no more
        ),
        context=context,
    )


def _write_files(folder: Path, trained: Trained) -> None:
    (folder / "serving").mkdir()
    (folder / "serving" / MODEL_FILE).write_bytes(trained.export.model)
    contract = json.dumps(trained.export.contract, indent=2)
    (folder / "serving" / "contract.json").write_text(contract, encoding="utf-8")
    (folder / "held_out").mkdir()
    held_out_requests(trained.splits.test).to_json(folder / "held_out" / "requests.jsonl", orient="records", lines=True)


def held_out_requests(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows as a client may send them.

    A missing value makes floats of a column of integers, which a request may not hold; and a request has to name its
    categories.
    """
    requests = rows[[schema.STUDENT, *schema.FEATURE_NAMES]].dropna(subset=schema.CATEGORICAL)
    return requests.astype({feature.name: "Int64" for feature in schema.FEATURES if feature.type == "integer"})


def _log_model(trained: Trained) -> ModelInfo:
    example = model_input(trained.splits.train.head(2))
    return mlflow.sklearn.log_model(
        trained.pipeline,
        name="model",
        signature=infer_signature(example, trained.pipeline.predict(example)),
        input_example=example,
        pip_requirements=[f"{name}=={trained.export.contract['versions'][name]}" for name in ("scikit-learn", "skops")],
        skops_trusted_types=TRUSTED_TYPES,
    )


def register(settings: Settings, logged: ModelInfo) -> int:
    """Makes the logged model a new version of the registered model, and its champion; gives the version."""
    mlflow.set_tracking_uri(settings.tracking_uri)
    version = mlflow.register_model(logged.model_uri, settings.model_name)
    mlflow.MlflowClient().set_registered_model_alias(settings.model_name, CHAMPION, version.version)
    return int(version.version)
