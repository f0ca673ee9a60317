"""What a training run leaves for the other services: the ONNX export of the model and the contract.

The contract is a JSON file that tells the serving and monitoring sides all they need to know of the model:
the names, types and known categories of its features, their database columns, and the export's digest.
"""

import hashlib
from dataclasses import asdict, dataclass
from importlib.metadata import version

import numpy as np
import onnxruntime
import pandas as pd
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.pipeline import Pipeline

from training import schema
from training.model import model_input

MODEL_FILE = "model.onnx"
PROBABILITY_TOLERANCE = 1e-5


class ExportError(Exception):
    """The ONNX export does not answer as the model does."""


@dataclass(frozen=True)
class Export:
    """The model as ONNX, and the contract that goes with it."""

    model: bytes
    contract: dict


def to_onnx(pipeline: Pipeline, rows: pd.DataFrame) -> Export:
    """Converts a pipeline, and proves on all `rows` that the export answers as the pipeline does.

    Raises ExportError where it does not.
    """
    model = _convert(pipeline)
    _prove(model, pipeline, rows)
    return Export(model=model, contract=_contract(model, rows))


def _convert(pipeline: Pipeline) -> bytes:
    """One input a feature, of shape [rows, 1]: strings for a feature of type string, float32 for all others (NaN for
    a missing value). The outputs are `label` [rows] and `probabilities` [rows, 2].
    """
    inputs = [
        (feature.name, StringTensorType([None, 1]) if feature.type == "string" else FloatTensorType([None, 1]))
        for feature in schema.FEATURES
    ]
    export = convert_sklearn(pipeline, initial_types=inputs, options={id(pipeline[-1]): {"zipmap": False}})
    return export.SerializeToString()


def _prove(model: bytes, pipeline: Pipeline, rows: pd.DataFrame) -> None:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    inputs = {
        feature.name: rows[[feature.name]].to_numpy(dtype=object if feature.type == "string" else np.float32)
        for feature in schema.FEATURES
    }
    labels, probabilities = session.run(None, inputs)
    different = int((labels != pipeline.predict(model_input(rows))).sum())
    largest = float(np.abs(probabilities - pipeline.predict_proba(model_input(rows))).max())
    if different or largest > PROBABILITY_TOLERANCE:
        raise ExportError(
            f"The ONNX export gives another label on {different} of {len(rows)} rows and its probabilities are off "
            f"by up to {largest:.2g} (allowed: {PROBABILITY_TOLERANCE:.2g}). The model is not registered."
        )


def _contract(model: bytes, rows: pd.DataFrame) -> dict:
    features = []
    for feature in schema.FEATURES:
        facts = {key: value for key, value in asdict(feature).items() if value is not None}
        if feature.kind == "categorical":
            facts["categories"] = sorted(rows[feature.name].dropna().unique().tolist())
        features.append(facts)
    return {
        "student": {"name": schema.STUDENT, "column": "user_id"},
        "target": schema.TARGET,
        "features": features,
        "model": {"file": MODEL_FILE, "sha256": hashlib.sha256(model).hexdigest()},
        "versions": {name: version(name) for name in ("scikit-learn", "skops", "skl2onnx", "onnx", "onnxruntime")},
    }
