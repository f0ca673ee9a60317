"""The candidates: families of models, each with the parameters that it is tuned over."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from sklearn.base import ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from training.clipped import ClippedRegressor
from training.features import Kind

CandidateName = Literal[
    "logistic regression", "linear regression", "lasso", "decision tree", "random forest", "gradient boosting"
]
ALL_CANDIDATES: tuple[CandidateName, ...] = get_args(CandidateName)
CALIBRATION_FOLDS = 3


@dataclass(frozen=True)
class Family:
    """A family of models. `kind` decides which engineered features it is given; `grid` is searched in full."""

    kind: Kind
    untrained: Callable[[int], ClassifierMixin]
    grid: dict[str, list]


def _calibrated(model: ClassifierMixin) -> CalibratedClassifierCV:
    """Averaging pulls the probabilities of an ensemble away from 0 and 1; a sigmoid, fitted out of fold, mends it."""
    return CalibratedClassifierCV(model, method="sigmoid", cv=CALIBRATION_FOLDS, ensemble=False)


# Logistic regression and a tree with sizeable leaves are calibrated by the way they are fitted. Parameters are those of
# the pipeline; each list goes from the simplest model to the most complex one.
FAMILIES: dict[CandidateName, Family] = {
    "logistic regression": Family(
        "linear",
        lambda _: LogisticRegression(solver="newton-cholesky"),
        {"model__C": [0.01, 0.03, 0.1, 0.3, 1.0, 3.0]},
    ),
    "linear regression": Family(
        "linear",
        lambda _: ClippedRegressor(LinearRegression()),
        {"model__regressor__fit_intercept": [False, True]},
    ),
    "lasso": Family(
        "linear",
        lambda seed: ClippedRegressor(Lasso(random_state=seed)),
        {"model__regressor__alpha": [0.01, 0.003, 0.001, 0.0003]},
    ),
    "decision tree": Family(
        "trees",
        lambda seed: DecisionTreeClassifier(min_samples_leaf=0.01, random_state=seed),
        {"model__max_leaf_nodes": [4, 6, 8, 10, 12, 16, 24, 32]},
    ),
    "random forest": Family(
        "trees",
        lambda seed: _calibrated(
            RandomForestClassifier(40, min_samples_leaf=0.01, max_features=None, random_state=seed)
        ),
        {"model__estimator__max_leaf_nodes": [8, 16]},
    ),
    "gradient boosting": Family(
        "trees",
        lambda seed: _calibrated(GradientBoostingClassifier(n_estimators=40, min_samples_leaf=0.01, random_state=seed)),
        {"model__estimator__max_depth": [2, 3]},
    ),
}
