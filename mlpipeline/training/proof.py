"""Proves that the ONNX export answers as the pipeline does, or else refuses it."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.pipeline import Pipeline

from training import export, features, schema
from training.model import Trained

PROBABILITY_TOLERANCE = 1e-5
# Students whom the thresholds and strange values are tried on; the other features are theirs.
SAMPLE = 25


class ExportError(Exception):
    """The ONNX export does not answer as the model does."""


def prove(exported: export.Export, trained: Trained) -> int:
    """Compares labels and probabilities on all rows, at every threshold, on unseen categories and missing values.

    Gives the number of comparisons; raises ExportError where a label differs or a probability is off by more than 1e-5.
    """
    rows = pd.concat([trained.splits.train, trained.splits.validation, trained.splits.test], ignore_index=True)
    session, compared = export.open_session(exported.model), 0
    sample = rows.sample(min(SAMPLE, len(rows)), random_state=0)
    for what, given in {
        "rows of the data": rows,
        "rows at thresholds": _at_thresholds(trained.pipeline, sample),
        "rows with unseen categories": _with_unseen_categories(sample),
        "rows with missing values": _with_missing_values(sample),
    }.items():
        labels, probabilities = export.score(session, given)
        expected = features.model_input(given)
        different = int((labels != trained.classifier.predict(expected)).sum())
        largest = float(np.abs(probabilities - trained.score(given)).max())
        if different or np.isnan(largest) or largest > PROBABILITY_TOLERANCE:
            raise ExportError(
                f"The ONNX export gives another label on {different} of {len(given)} {what}, and its probabilities are "
                f"off by up to {largest:.2g} (allowed: {PROBABILITY_TOLERANCE:.2g}). The model is not registered."
            )
        compared += len(given)
    return compared


def thresholds(pipeline: Pipeline) -> dict[str, np.ndarray]:
    """The values of each number at which a trained pipeline's answer may jump."""
    found = {name: [] for name in schema.NUMERICAL} | {name: list(at) for name, at in features.edges(pipeline).items()}
    columns = list(pipeline["features"].get_feature_names_out())
    for tree in _trees(pipeline["model"]):
        for name in schema.NUMERICAL:
            found[name] += list(tree.threshold[tree.feature == columns.index(f"numbers__{name}")])
    values = {name: np.unique(np.array(at, dtype=float)) for name, at in found.items()}
    return {name: at[np.isfinite(at)] for name, at in values.items()}  # a constant is cut into one endless range


def _trees(model: BaseEstimator) -> Iterator:
    if isinstance(model, CalibratedClassifierCV):
        for calibrated in model.calibrated_classifiers_:
            yield from _trees(calibrated.estimator)
    elif hasattr(model, "tree_"):
        yield model.tree_
    elif hasattr(model, "estimators_"):
        for tree in np.ravel(model.estimators_):
            yield tree.tree_


def _at_thresholds(pipeline: Pipeline, sample: pd.DataFrame) -> pd.DataFrame:
    """The sample with each threshold put in, and the next smaller and larger number that float32 knows."""
    placed = [sample]
    for name, values in thresholds(pipeline).items():
        exact = values.astype(np.float32)
        for around in (np.nextafter(exact, np.float32(-np.inf)), exact, np.nextafter(exact, np.float32(np.inf))):
            everyone = sample.loc[sample.index.repeat(len(around))]
            placed.append(everyone.assign(**{name: np.tile(around.astype(float), len(sample))}))
    return pd.concat(placed, ignore_index=True)


def _with_unseen_categories(sample: pd.DataFrame) -> pd.DataFrame:
    strange = {"string": "unseen", "integer": 99}
    return pd.concat(
        [
            sample.assign(**{feature.name: strange[feature.type]})
            for feature in schema.FEATURES
            if feature.kind == "categorical"
        ],
        ignore_index=True,
    )


def _with_missing_values(sample: pd.DataFrame) -> pd.DataFrame:
    one_each = [sample.assign(**{name: np.nan}) for name in schema.NUMERICAL]
    return pd.concat([*one_each, sample.assign(**dict.fromkeys(schema.NUMERICAL, np.nan))], ignore_index=True)
