"""The model as it is served: the contract of a training run, and its ONNX export."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

DECIMALS = 6  # of a probability: what float32 holds


@dataclass(frozen=True)
class Prediction:
    """What the model says of one student: the class (0 or 1) and the probability of completion."""

    completion: int
    probability: float


class Model:
    """A model loaded from the folder of its run."""

    def __init__(self, folder: Path):
        self.run_id = folder.name
        self.contract = json.loads((folder / "contract.json").read_text(encoding="utf-8"))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(folder / self.contract["model"]["file"]), options, providers=["CPUExecutionProvider"]
        )

    def score(self, rows: list[dict]) -> list[Prediction]:
        """A prediction for each row; a row holds at least the contract's features, None where a number is missing."""
        inputs = {
            feature["name"]: np.array(
                [[row[feature["name"]]] for row in rows],
                dtype=object if feature["type"] == "string" else np.float32,
            )
            for feature in self.contract["features"]
        }
        labels, probabilities = self._session.run(None, inputs)
        return [
            Prediction(int(label), round(float(probability), DECIMALS))
            for label, probability in zip(labels, probabilities[:, 1], strict=True)
        ]
