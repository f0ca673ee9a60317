"""The chosen model as it answers: a class by its decision threshold, and the probability behind it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import Pipeline

from training import schema
from training.features import model_input
from training.prepare import Splits


@dataclass(frozen=True)
class Trained:
    """A trained pipeline, the same as a classifier that says 1 from the probability `threshold` on, and what it says.

    `splits` are the rows with the classifier's answers in the columns `prediction` (0 or 1) and `probability` (of
    completion).
    """

    pipeline: Pipeline
    classifier: FixedThresholdClassifier
    threshold: float
    splits: Splits

    def score(self, rows: pd.DataFrame) -> np.ndarray:
        """The probability of completion of each row."""
        return self.classifier.predict_proba(model_input(rows))[:, 1]


def with_threshold(pipeline: Pipeline, threshold: float, splits: Splits) -> Trained:
    """Gives a trained pipeline its decision threshold, and has it answer for all splits."""
    classifier = FixedThresholdClassifier(
        FrozenEstimator(pipeline), threshold=threshold, pos_label=1, response_method="predict_proba"
    )
    # Learns nothing, since the pipeline is frozen, but has to be called; two rows will do.
    classifier.fit(pd.DataFrame(columns=schema.FEATURE_NAMES, index=[0, 1]), [0, 1])
    parts = (splits.train, splits.validation, splits.test)
    return Trained(pipeline, classifier, threshold, Splits(*(_with_answers(classifier, rows) for rows in parts)))


def _with_answers(classifier: FixedThresholdClassifier, rows: pd.DataFrame) -> pd.DataFrame:
    features = model_input(rows)
    return rows.assign(
        prediction=classifier.predict(features).astype(int),
        probability=classifier.predict_proba(features)[:, 1],
    )
