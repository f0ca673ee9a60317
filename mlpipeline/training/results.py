"""What a training run has to show, as plain data."""

from dataclasses import dataclass

import pandas as pd

from training.behaviour import Check
from training.explore import Exploration
from training.export import Export
from training.model import Trained
from training.selection import Comparison
from training.source import Dataset
from training.validate import Checked


@dataclass(frozen=True)
class Evaluation:
    """Scores on the test split with their intervals, tables, pictures, and the behaviour checks."""

    metrics: dict[str, float]
    slices: pd.DataFrame
    importance: pd.DataFrame
    pictures: dict[str, bytes]
    checks: list[Check]


@dataclass(frozen=True)
class Training:
    """All that a training run has to show."""

    dataset: Dataset
    checked: Checked
    exploration: Exploration
    comparison: Comparison
    trained: Trained
    export: Export
    evaluation: Evaluation


@dataclass(frozen=True)
class Origin:
    """What was run: the Prefect flow run, its parameters, and the commit of the code."""

    flow_run: str
    parameters: dict
    commit: str
