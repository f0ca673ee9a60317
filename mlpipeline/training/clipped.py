"""Linear regression and lasso as probability models: their answer, clipped to what a probability can be."""

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone

# A probability of 0 or 1 would make the log loss infinite at the first student who behaves otherwise.
LOWEST, HIGHEST = 0.01, 0.99


class ClippedRegressor(ClassifierMixin, BaseEstimator):
    """A classifier (0 or 1) that takes a regression's answer, clipped to 0.01 to 0.99, as the probability of 1."""

    def __init__(self, regressor: RegressorMixin):
        self.regressor = regressor

    def fit(self, X: ArrayLike, y: ArrayLike) -> "ClippedRegressor":  # pylint: disable=invalid-name
        """Fits the regression to outcomes of 0 and 1."""
        # Named as scikit-learn names what is learned.
        self.classes_ = np.array([0, 1])  # pylint: disable=attribute-defined-outside-init
        self.regressor_ = clone(self.regressor).fit(X, y)  # pylint: disable=attribute-defined-outside-init
        return self

    def predict_proba(self, X: ArrayLike) -> np.ndarray:  # pylint: disable=invalid-name
        """The probabilities of 0 and of 1, of shape [rows, 2]."""
        completes = np.clip(self.regressor_.predict(X), LOWEST, HIGHEST)
        return np.column_stack([1 - completes, completes])

    def predict(self, X: ArrayLike) -> np.ndarray:  # pylint: disable=invalid-name
        """1 where its probability is at least 0.5, else 0."""
        return (self.predict_proba(X)[:, 1] >= 0.5).astype(int)
