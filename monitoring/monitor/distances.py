"""Evidently's view of a day: its distances from the reference, and the HTML report that people open.

Its distances are kept beside the verdict of `shift.py`, for those who know them; whether a day has drifted does not
depend on them, since a fixed limit for a distance is often passed by chance on small days.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from monitor.predictions import PREDICTION, PROBABILITY
from monitor.reference import Reference

# Distances instead of p-values, so that a score means the same for every number of rows; 0.1 is Evidently's own limit.
METHODS = {"num_method": "wasserstein", "cat_method": "jensenshannon", "num_threshold": 0.1, "cat_threshold": 0.1}
SAME_PROBABILITY = 1e-4


@dataclass(frozen=True)
class Columns:
    """The columns that are compared: the features, and what the model made of them."""

    categorical: list[str]
    numerical: list[str]

    @property
    def all(self) -> list[str]:
        """All of them."""
        return [*self.categorical, *self.numerical]

    @staticmethod
    def of(reference: Reference) -> "Columns":
        """Those of a training run."""
        return Columns(
            [*reference.names("categorical"), PREDICTION],
            [*reference.names("numerical"), PROBABILITY],
        )


def typed(students: pd.DataFrame, reference: Reference) -> pd.DataFrame:
    """The columns, typed as in the reference: a category that is 1 here and 1.0 there would count as drift."""
    columns = Columns.of(reference)
    current = students[columns.all].copy()
    for name in columns.categorical:
        if reference.rows[name].dtype.kind in "iu":
            current[name] = current[name].astype("Int64")
    for name in columns.numerical:
        current[name] = current[name].astype(float)
    current[PROBABILITY] = _snapped(current[PROBABILITY].to_numpy(), reference.rows[PROBABILITY].to_numpy(float))
    return current


def measure(current: pd.DataFrame, reference: Reference, html: Path) -> dict[str, float]:
    """Evidently's distance of each column that has values on both sides; writes its report to the file `html`."""
    # Imported where it is used: it takes 5 s, which registering the deployment would spend for nothing.
    from evidently import DataDefinition, Dataset, Report  # pylint: disable=import-outside-toplevel
    from evidently.presets import DataDriftPreset, DataSummaryPreset  # pylint: disable=import-outside-toplevel

    columns = Columns.of(reference)
    comparable = [name for name in columns.all if current[name].notna().any() and reference.rows[name].notna().any()]
    definition = DataDefinition(
        categorical_columns=[name for name in columns.categorical if name in comparable],
        numerical_columns=[name for name in columns.numerical if name in comparable],
    )
    snapshot = Report([DataDriftPreset(**METHODS), DataSummaryPreset()]).run(
        Dataset.from_pandas(_plain(current[comparable], columns), data_definition=definition),
        Dataset.from_pandas(_plain(reference.rows[comparable], columns), data_definition=definition),
    )
    snapshot.save_html(str(html))
    return {
        metric["config"]["column"]: float(metric["value"])
        for metric in snapshot.dict()["metrics"]
        if metric["config"]["type"].endswith(":ValueDrift")
    }


def exceeded(distances: dict[str, float]) -> int:
    """How many columns Evidently's limits would call drifted."""
    return sum(distance >= METHODS["num_threshold"] for distance in distances.values())


def _snapped(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The values, each as the nearest known one where that is next to the same.

    A tree gives few different probabilities. The service answers with rounded ones, of an export that computes with
    less precision, and a test would take each for another value than the reference's.
    """
    known = np.unique(known[~np.isnan(known)])
    if known.size == 0:
        return values
    after = np.searchsorted(known, values).clip(0, len(known) - 1)
    before = (after - 1).clip(0)
    nearest = np.where(np.abs(known[before] - values) < np.abs(known[after] - values), known[before], known[after])
    return np.where(np.abs(nearest - values) <= SAME_PROBABILITY, nearest, values)


def _plain(rows: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """Categories as text, since Evidently knows neither pandas's own missing value nor its nullable types."""
    return rows.assign(
        **{
            # Whole numbers beside missing values are floats to pandas: 1.0 is the category 1.
            name: rows[name]
            .convert_dtypes()
            .astype(object)
            .where(rows[name].notna(), np.nan)
            .map(str, na_action="ignore")
            for name in columns.categorical
            if name in rows
        }
    )
