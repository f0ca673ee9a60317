"""What a training run leaves for the other services: the ONNX export of the model and the contract.

The contract is a JSON file that tells the serving and monitoring sides all they need to know of the model:
the names, types, ranges and known categories of its features, their database columns, and the export's digest.
"""

import hashlib
import platform
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version

import numpy as np
import onnx
import onnxruntime
import pandas as pd
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.pipeline import Pipeline

from training import schema
from training.clipped import HIGHEST, LOWEST, ClippedRegressor

MODEL_FILE = "model.onnx"
# The classes of scikit-learn say 1 from one half on.
EVEN_ODDS = 0.5
TIMED_ROWS = 300


@dataclass(frozen=True)
class Export:
    """The model as ONNX, and the contract that goes with it."""

    model: bytes
    contract: dict


def to_onnx(pipeline: Pipeline, rows: pd.DataFrame, threshold: float) -> Export:
    """Converts a pipeline whose label is 1 from the probability `threshold` on.

    `rows` are those that it has learned from, which decide what categories it knows.
    """
    model = convert(pipeline, threshold)
    return Export(model=model, contract=_contract(model, rows, threshold))


def convert(pipeline: Pipeline, threshold: float = EVEN_ODDS) -> bytes:
    """The pipeline as ONNX.

    It has one input a feature, of shape [rows, 1]: strings for a feature of type string, float32 for all others (NaN
    for a missing value). Its outputs are `label` [rows] and `probabilities` [rows, 2].
    """
    inputs = [
        (feature.name, StringTensorType([None, 1]) if feature.type == "string" else FloatTensorType([None, 1]))
        for feature in schema.FEATURES
    ]
    model, options = pipeline[-1], {}
    if isinstance(model, ClippedRegressor):
        pipeline = Pipeline([*pipeline.steps[:-1], ("model", model.regressor_)])
    else:
        options = {id(model): {"zipmap": False}}
    converted = convert_sklearn(pipeline, initial_types=inputs, options=options)
    _end_in_probabilities_and_label(converted.graph, isinstance(model, ClippedRegressor), threshold)
    onnx.checker.check_model(converted)
    return converted.SerializeToString()


def _end_in_probabilities_and_label(graph: onnx.GraphProto, is_clipped: bool, threshold: float) -> None:
    """Replaces the outputs of a converted model, whatever it is, by those that every export has."""
    answer = graph.output[-1].name  # the probabilities of both classes, or a regression's answer
    del graph.output[:]
    for node in graph.node:  # frees the names that the new outputs take
        for names in (node.input, node.output):
            for place, name in enumerate(names):
                if name in ("label", "probabilities"):
                    names[place] = f"converted_{name}"
    if answer in ("label", "probabilities"):
        answer = f"converted_{answer}"
    for name, value in {
        "completes": np.array([1], np.int64),
        "lowest": np.array(LOWEST, np.float32),
        "highest": np.array(HIGHEST, np.float32),
        "one": np.array([1], np.float32),
        "threshold": np.array([threshold], np.float32),
        "flat": np.array([-1], np.int64),
    }.items():
        graph.initializer.append(numpy_helper.from_array(value, name))
    node = helper.make_node
    graph.node.extend(
        [
            (
                node("Clip", [answer, "lowest", "highest"], ["probability"])
                if is_clipped
                else node("Gather", [answer, "completes"], ["probability"], axis=1)
            ),
            node("Sub", ["one", "probability"], ["otherwise"]),
            node("Concat", ["otherwise", "probability"], ["probabilities"], axis=1),
            node("Less", ["probability", "threshold"], ["is_below"]),
            node("Not", ["is_below"], ["is_completing"]),
            node("Cast", ["is_completing"], ["label_column"], to=TensorProto.INT64),
            node("Reshape", ["label_column", "flat"], ["label"]),
        ]
    )
    graph.output.extend(
        [
            helper.make_tensor_value_info("label", TensorProto.INT64, [None]),
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 2]),
        ]
    )


def open_session(model: bytes) -> onnxruntime.InferenceSession:
    """The export, ready to score on one thread, as the service runs it."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # not that it leaves out what leads to no output, as it should
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def score(session: onnxruntime.InferenceSession, rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Labels [rows] and probabilities of completion [rows]."""
    labels, probabilities = session.run(["label", "probabilities"], _inputs(session, rows))
    return labels, probabilities[:, 1]


def _inputs(session: onnxruntime.InferenceSession, rows: pd.DataFrame) -> dict[str, np.ndarray]:
    return {
        given.name: rows[[given.name]].to_numpy(dtype=object if given.name in schema.STRINGS else np.float32)
        for given in session.get_inputs()
    }


def scoring_microseconds(model: bytes, rows: pd.DataFrame) -> float:
    """The median time that the export takes for one row."""
    session, seconds = open_session(model), []
    for place in range(TIMED_ROWS):
        given = _inputs(session, rows.iloc[[place % len(rows)]])
        started = time.perf_counter()
        session.run(None, given)
        seconds.append(time.perf_counter() - started)
    return float(np.median(seconds) * 1e6)


def _contract(model: bytes, rows: pd.DataFrame, threshold: float) -> dict:
    features = []
    for feature in schema.FEATURES:
        facts = {key: value for key, value in asdict(feature).items() if value is not None}
        if feature.kind == "categorical":
            facts["categories"] = sorted(rows[feature.name].unique().tolist())
        if feature.labels:
            meaning = dict(zip(feature.categories, feature.labels, strict=True))
            facts["labels"] = [meaning[category] for category in facts["categories"]]
        features.append(facts)
    return {
        "student": {"name": schema.STUDENT, "column": "user_id"},
        "target": schema.TARGET,
        "features": features,
        "threshold": threshold,
        "model": {"file": MODEL_FILE, "sha256": hashlib.sha256(model).hexdigest()},
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("scikit-learn", "skops", "skl2onnx", "onnx", "onnxruntime")},
    }
