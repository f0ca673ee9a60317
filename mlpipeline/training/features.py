"""What the model is shown of a student: the features of a request, and those engineered from them.

All of it is part of the pipeline object, made of scikit-learn's own parts, so that training, ONNX and serving cannot
differ. An engineered feature is used only where cross-validation shows that it helps.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, PolynomialFeatures, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from training import schema

Kind = Literal["linear", "trees"]
# Each with the reason to expect something of it.
ENGINEERED = {
    "steps": "each number cut into ranges that hold equally many students: completion jumps at thresholds",
    "products": "products of the numbers: much of one kind of engagement may make up for little of another",
    "pairs of steps": "two ranges at a time: a threshold may matter only once another one is passed",
}
# An engineered feature has to lower the log loss by more than chance does, and by enough to be worth its keep.
STANDARD_ERRORS = 2
WORTHWHILE = 0.01


@dataclass(frozen=True)
class Contribution:
    """What an engineered feature brings to a kind of model, in log loss averaged over the folds.

    `improvement` is the mean over the folds of the log loss without the feature less that with it, and
    `standard_error` the standard error of this mean.
    """

    kind: Kind
    feature: str
    beside: tuple[str, ...]
    log_loss: float
    improvement: float
    standard_error: float
    kept: bool


def model_input(rows: pd.DataFrame) -> pd.DataFrame:
    """The features of `rows` as the model takes them, numbers rounded to float32.

    The service scores in float32. Training on the same rounding keeps a value from falling on one side of a
    threshold in training and on the other in serving.
    """
    features = rows[schema.FEATURE_NAMES].copy()
    numbers = [name for name in schema.FEATURE_NAMES if features[name].dtype.kind in "iufb"]
    features[numbers] = _rounded(features[numbers])
    return features


def pipeline(kind: Kind, engineered: Sequence[str], model: ClassifierMixin) -> Pipeline:
    """An untrained pipeline, of the steps `features` and `model`, with these engineered features.

    Trees are shown the numbers as they are: scaled ones would fall on the other side of a threshold where the service
    rounds differently.
    """
    # Where a number has fewer values than there are ranges, some ranges are empty, as they may be.
    warnings.filterwarnings("ignore", message="Bins whose width are too small")
    parts = [
        ("categories", OneHotEncoder(handle_unknown="ignore"), schema.CATEGORICAL),
        ("numbers", make_pipeline(_imputer(), StandardScaler()) if kind == "linear" else _imputer(), schema.NUMERICAL),
    ]
    parts += [(name, _engineer(name), schema.NUMERICAL) for name in engineered]
    return Pipeline([("features", ColumnTransformer(parts)), ("model", model)])


def _imputer() -> SimpleImputer:
    return SimpleImputer(strategy="median")


def _steps(bins: int) -> KBinsDiscretizer:
    return KBinsDiscretizer(
        bins, encode="onehot-dense", strategy="quantile", quantile_method="averaged_inverted_cdf", random_state=0
    )


def _engineer(name: str) -> Pipeline:
    products = PolynomialFeatures(2, interaction_only=True, include_bias=False)
    parts = {
        "steps": [("cut", _steps(10))],
        "products": [("scale", StandardScaler()), ("multiply", products)],
        "pairs of steps": [("cut", _steps(5)), ("pair", products)],
    }
    return Pipeline([("impute", _imputer()), *parts[name]])


def _cutters(trained: Pipeline) -> list[KBinsDiscretizer]:
    engineered = trained["features"].named_transformers_
    return [
        engineered[name]["cut"] for name in ENGINEERED if name in engineered and "cut" in engineered[name].named_steps
    ]


def _imputers(trained: Pipeline) -> list[SimpleImputer]:
    parts = trained["features"].named_transformers_.values()
    steps = [step for part in parts for step in (part.named_steps.values() if isinstance(part, Pipeline) else [part])]
    return [step for step in steps if isinstance(step, SimpleImputer)]


def round_edges(trained: Pipeline) -> None:
    """Rounds the edges of the ranges to float32, in which the service compares with them, and what it fills in.

    The median of an even number of rows lies between two of them, and so does the edge in the middle, which is the same
    number: rounded alone, it would leave a missing number on the other side of it than in serving.
    """
    for cutter in _cutters(trained):
        cutter.bin_edges_[:] = [_rounded(edges) for edges in cutter.bin_edges_]
    for imputer in _imputers(trained):
        imputer.statistics_ = _rounded(imputer.statistics_)


def _rounded(numbers: np.ndarray | pd.DataFrame) -> np.ndarray | pd.DataFrame:
    return numbers.astype(np.float32).astype(np.float64)


def edges(trained: Pipeline) -> dict[str, np.ndarray]:
    """The edges of the ranges that each number is cut into, if it is."""
    found = [dict(zip(schema.NUMERICAL, cutter.bin_edges_, strict=True)) for cutter in _cutters(trained)]
    return {name: np.concatenate([each[name] for each in found]) for name in schema.NUMERICAL if found}


JUDGES: dict[Kind, Callable[[int], ClassifierMixin]] = {
    # A kind of model, and the quickest model of that kind.
    "linear": lambda _: LogisticRegression(solver="newton-cholesky"),
    "trees": lambda seed: DecisionTreeClassifier(max_leaf_nodes=12, min_samples_leaf=0.01, random_state=seed),
}


def choose(kind: Kind, rows: pd.DataFrame, folds: list, seed: int) -> list[Contribution]:
    """Tries each engineered feature on a kind of model (`linear` or `trees`), adding the best one at a time.

    A feature is kept if it lowers the cross-validated log loss by more than 1%, and by more than two standard errors
    of the difference, taken fold by fold. Gives what was tried, in order, until nothing was left that helps.
    """
    tried: list[Contribution] = []
    kept: tuple[str, ...] = ()
    losses = _losses(kind, kept, rows, folds, seed)
    while left := [name for name in ENGINEERED if name not in kept]:
        with_each = {name: _losses(kind, (*kept, name), rows, folds, seed) for name in left}
        best = min(left, key=lambda name, found=with_each: found[name].mean())
        round_ = [_contribution(kind, name, kept, losses, with_each[name], name == best) for name in left]
        tried += round_
        if not any(contribution.kept for contribution in round_):
            break
        kept, losses = (*kept, best), with_each[best]
    return tried


def _contribution(
    kind: Kind, name: str, beside: tuple[str, ...], before: np.ndarray, after: np.ndarray, is_best: bool
) -> Contribution:
    difference = before - after
    error = float(difference.std(ddof=1) / np.sqrt(len(difference)))
    improvement = float(difference.mean())
    kept = is_best and improvement > max(STANDARD_ERRORS * error, WORTHWHILE * float(before.mean()))
    return Contribution(kind, name, beside, float(after.mean()), improvement, error, kept)


def _losses(kind: Kind, engineered: Sequence[str], rows: pd.DataFrame, folds: list, seed: int) -> np.ndarray:
    """The log loss on each fold of a model that was trained on the others."""
    features, outcome = model_input(rows), rows[schema.TARGET]
    losses = []
    for learned, held_out in folds:
        model = pipeline(kind, engineered, JUDGES[kind](seed)).fit(features.iloc[learned], outcome.iloc[learned])
        losses.append(log_loss(outcome.iloc[held_out], model.predict_proba(features.iloc[held_out])))
    return np.array(losses)
