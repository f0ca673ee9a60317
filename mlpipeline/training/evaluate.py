"""How good the model is, on students whom it has never seen."""

import sys
from collections.abc import Iterable

import numpy as np
import pandas as pd
from sklearn.inspection import permutation_importance

from training import schema
from training.features import model_input
from training.model import Trained

RESAMPLES = 500
CONFIDENCE = 0.95
CALIBRATION_BINS = 10
SURE = sys.float_info.epsilon  # how near to 0 or 1 a probability counts, so that no log loss is infinite
SLICE_SCORES = ("accuracy", "roc_auc", "brier_score", "calibration_error")
IMPORTANCE_ROWS = 20_000
IMPORTANCE_REPEATS = 5


def scores(predicted: pd.DataFrame) -> dict[str, float]:
    """What the predictions of these students are worth; `predicted` has the outcome, `prediction` and `probability`.

    Precision, recall and F1 are those of the students who complete. The mean squared error is that of the
    probabilities: for outcomes of 0 and 1 it is the Brier score by another name, and its root is in probability.

    None of this is scikit-learn's, which checks its arguments each time: the bootstrap asks for all of it 500 times,
    and that took a fifth of a training run. A test compares.
    """
    actual = predicted[schema.TARGET].to_numpy()
    probability = predicted["probability"].to_numpy()
    prediction = predicted["prediction"].to_numpy()
    counts = np.bincount(2 * actual + prediction, minlength=4)
    true_no, false_yes, false_no, true_yes = (int(count) for count in counts)
    brier = float(np.mean((probability - actual) ** 2))
    precision, recall = _share(true_yes, false_yes), _share(true_yes, false_no)
    roc_auc, pr_auc = _ranking(actual, probability)
    return {
        "accuracy": _share(true_yes + true_no, false_yes + false_no),
        "balanced_accuracy": (recall + _share(true_no, false_yes)) / 2,
        "precision": precision,
        "recall": recall,
        "f1": _share(2 * true_yes, false_yes + false_no),
        "roc_auc": roc_auc,
        "pr_auc": pr_auc,
        "log_loss": float(-np.log(np.where(actual == 1, probability, 1 - probability).clip(SURE)).mean()),
        "brier_score": brier,
        "mean_squared_error": brier,
        "root_mean_squared_error": float(np.sqrt(brier)),
        "calibration_error": calibration_error(actual, probability),
    }


def _ranking(actual: np.ndarray, probability: np.ndarray) -> tuple[float, float]:
    """The areas under the ROC curve and, as average precision, under that of precision and recall.

    Both curves have a point for each probability that occurs. They do not exist where all outcomes are alike.
    """
    order = np.argsort(-probability, kind="stable")
    at = np.flatnonzero(np.append(np.diff(probability[order]), 1))  # the last student with each probability
    true_yes = np.cumsum(actual[order])[at]
    false_yes = at + 1 - true_yes
    if not (true_yes[-1] and false_yes[-1]):
        return np.nan, np.nan
    found, added = np.append(0, true_yes), np.diff(true_yes, prepend=0)
    area = np.sum(np.diff(false_yes, prepend=0) * (found[1:] + found[:-1]) / 2) / (true_yes[-1] * false_yes[-1])
    return float(area), float(np.sum(added * true_yes / (at + 1)) / true_yes[-1])


def _share(part: int, rest: int) -> float:
    return float(part / (part + rest)) if part + rest else 0.0


def calibration(actual: np.ndarray, probability: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each tenth of the probabilities that occurs: mean probability, share that completed, and number of rows."""
    tenth = np.minimum((probability * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    rows = np.bincount(tenth, minlength=CALIBRATION_BINS)
    found = rows > 0
    means = (np.bincount(tenth, values, CALIBRATION_BINS)[found] / rows[found] for values in (probability, actual))
    return *means, rows[found]


def calibration_error(actual: np.ndarray, probability: np.ndarray) -> float:
    """Expected calibration error over ten bins of equal width (Naeini et al., 2015): how far probabilities are off."""
    predicted, completed, rows = calibration(actual, probability)
    return float(np.average(np.abs(predicted - completed), weights=rows))


def intervals(predicted: pd.DataFrame, seed: int) -> dict[str, tuple[float, float]]:
    """The 95% interval of each score, by a bootstrap over the students."""
    random = np.random.default_rng(seed)
    columns = predicted[[schema.TARGET, "prediction", "probability"]]
    drawn = (random.integers(0, len(columns), len(columns)) for _ in range(RESAMPLES))
    resampled = pd.DataFrame([scores(columns.iloc[rows]) for rows in drawn])
    low, high = resampled.quantile((1 - CONFIDENCE) / 2), resampled.quantile((1 + CONFIDENCE) / 2)
    return {name: (float(low[name]), float(high[name])) for name in resampled}


def slices(predicted: pd.DataFrame) -> pd.DataFrame:
    """The scores within each category, so that a group that the model serves badly is seen."""
    found = []
    for column in schema.CATEGORICAL:
        for value, rows in predicted.groupby(column):
            has_both = rows[schema.TARGET].nunique() == 2
            quality = scores(rows) if has_both else dict.fromkeys(SLICE_SCORES, np.nan)
            completed = rows[schema.TARGET].mean()
            found.append(
                {"feature": column, "value": str(value), "rows": len(rows), "completed": completed}
                | {name: quality[name] for name in SLICE_SCORES}
            )
    return pd.DataFrame(found)


def importance(trained: Trained, rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """By how much the log loss grows when a feature's values are shuffled among students: mean and deviation."""
    sample = rows.sample(min(len(rows), IMPORTANCE_ROWS), random_state=seed)
    found = permutation_importance(
        trained.classifier,
        model_input(sample),
        sample[schema.TARGET],
        scoring="neg_log_loss",
        n_repeats=IMPORTANCE_REPEATS,
        random_state=seed,
    )
    table = pd.DataFrame(
        {"feature": schema.FEATURE_NAMES, "importance": found.importances_mean, "deviation": found.importances_std}
    )
    return table.sort_values("importance", ascending=False, ignore_index=True)


def with_intervals(found: dict[str, float], bounds: dict[str, tuple[float, float]]) -> dict[str, float]:
    """The scores, and their bounds as `<score>_low` and `<score>_high`: what is logged as metrics."""
    named: Iterable[tuple[str, float]] = (
        (f"{name}_{side}", value) for name, pair in bounds.items() for side, value in zip(("low", "high"), pair)
    )
    return found | dict(named)
