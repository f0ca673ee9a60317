"""The model as it is served: the contract of a training run, and its ONNX export."""

import json
from pathlib import Path

import numpy as np
import onnxruntime

from serving import about

DECIMALS = 6  # of a probability: what float32 holds
ERRORS_ONLY = 3


class Model:
    """A model loaded from the folder of its run.

    `contract` is what training wrote; `about` holds the registered version and the metrics of the run, or less where a
    run was fetched without them.
    """

    def __init__(self, folder: Path):
        self.run_id = folder.name
        self.contract = json.loads((folder / "contract.json").read_text(encoding="utf-8"))
        self.about = about.read(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = ERRORS_ONLY
        self._session = onnxruntime.InferenceSession(
            str(folder / self.contract["model"]["file"]), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = [
            (feature["name"], object if feature["type"] == "string" else np.float32)
            for feature in self.contract["features"]
        ]

    @property
    def version(self) -> str:
        """The registered version, or an empty text where it is not known."""
        return about.version(self.about)

    def score(self, rows: list[dict]) -> tuple[list[int], list[float]]:
        """The class (0 or 1) and the probability of completion, for each row.

        A row holds at least the contract's features, None where a number is missing.
        """
        inputs = {name: np.array([[row[name]] for row in rows], dtype) for name, dtype in self._inputs}
        labels, probabilities = self._session.run(None, inputs)
        return labels.tolist(), [round(probability, DECIMALS) for probability in probabilities[:, 1].tolist()]

    def try_out(self) -> None:
        """Scores a row, and raises whatever that raises: a model that loads need not work."""
        row = {
            feature["name"]: feature["categories"][0] if feature.get("categories") else feature.get("minimum", 0)
            for feature in self.contract["features"]
        }
        self.score([row])
