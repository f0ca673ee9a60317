"""Decides how good a model's predictions were, once it is known what became of the students."""

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.metrics import brier_score_loss, f1_score, roc_auc_score
from statsmodels.stats.proportion import proportion_confint

from monitor.outcomes import ACTUAL
from monitor.predictions import PREDICTION, PROBABILITY

ALPHA = 0.01  # chance of calling a model worse than tested that is not
CONFIDENCE = 0.95
CALIBRATION_BINS = 10
AS_TESTED, BELOW_TEST = "as tested", "below test"
NOT_ENOUGH_DATA, NO_REFERENCE = "not enough data", "no reference"


@dataclass(frozen=True)
class Quality:  # pylint: disable=too-many-instance-attributes  # a table's columns
    """Scores of the predictions whose outcome is known; those that need both classes are None without them."""

    outcomes: int
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    f1: float | None
    roc_auc: float | None
    roc_auc_low: float | None
    roc_auc_high: float | None
    brier_score: float
    calibration_error: float
    completion_rate: float


def scores(known: pd.DataFrame) -> Quality | None:
    """The scores, with 95% intervals; None where nothing is known. `known` is as `outcomes.known` gives it."""
    if known.empty:
        return None
    actual, predicted, probability = (known[name].to_numpy() for name in (ACTUAL, PREDICTION, PROBABILITY))
    right = int((actual == predicted).sum())
    low, high = proportion_confint(right, len(known), alpha=1 - CONFIDENCE, method="wilson")
    has_both = 0 < actual.sum() < len(actual)
    auc = float(roc_auc_score(actual, probability)) if has_both else None
    auc_low, auc_high = _auc_interval(auc, int(actual.sum()), int((1 - actual).sum())) if has_both else (None, None)
    return Quality(
        outcomes=len(known),
        accuracy=right / len(known),
        accuracy_low=float(low),
        accuracy_high=float(high),
        f1=float(f1_score(actual, predicted)) if actual.any() or predicted.any() else None,
        roc_auc=auc,
        roc_auc_low=auc_low,
        roc_auc_high=auc_high,
        brier_score=float(brier_score_loss(actual, probability)),
        calibration_error=_calibration_error(actual, probability),
        completion_rate=float(actual.mean()),
    )


def row(quality: Quality, predictions: int, test: dict[str, float] | None, least: "Least") -> dict:
    """A row of the table `live_quality`.

    `predictions` counts the students predicted, with a known outcome or without; `test` are the metrics of the training
    run, None where they are gone.
    """
    p_value = below(round(quality.accuracy * quality.outcomes), quality.outcomes, test) if test else None
    if not least.is_met(quality.outcomes, predictions):
        status = NOT_ENOUGH_DATA
    elif p_value is None:
        status = NO_REFERENCE
    else:
        status = BELOW_TEST if p_value <= ALPHA else AS_TESTED
    tested = ("accuracy", "accuracy_low", "accuracy_high", "roc_auc", "brier_score")
    return (
        asdict(quality)
        | {"predictions": predictions, "p_value": p_value, "status": status}
        | {f"test_{name}": (test or {}).get(name) for name in tested}
    )


@dataclass(frozen=True)
class Least:
    """How many outcomes have to be known to judge accuracy by, and which share of the students that were predicted.

    Outcomes come early of some students and late of others, such as those who leave. The few that come first would say
    something about these, and not about the model.
    """

    outcomes: int
    share: float

    def is_met(self, outcomes: int, students: int) -> bool:
        """Whether that many are known."""
        return outcomes >= self.outcomes and outcomes >= self.share * students


def summary(found: dict) -> str:
    """A row of the table in a sentence."""
    interval = f"{found['accuracy_low']:.3f} to {found['accuracy_high']:.3f}"
    return f"{found['status']}: accuracy {found['accuracy']:.3f} ({interval}) of {found['outcomes']} known outcomes"


def below(right: int, known: int, test: dict[str, float]) -> float | None:
    """The p-value of Fisher's exact test that live accuracy is not below the test accuracy; None without the latter.

    Both are shares of a finite number of students, so a live accuracy below the test's interval may still be chance.
    """
    if "accuracy" not in test or "rows_test" not in test or not known:
        return None
    tested = int(test["rows_test"])
    right_in_test = round(test["accuracy"] * tested)
    table = [[right, known - right], [right_in_test, tested - right_in_test]]
    return float(stats.fisher_exact(table, alternative="less").pvalue)


def _auc_interval(auc: float, positives: int, negatives: int) -> tuple[float, float]:
    """After Hanley and McNeil (1982)."""
    both_positive, both_negative = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = (
        auc * (1 - auc) + (positives - 1) * (both_positive - auc**2) + (negatives - 1) * (both_negative - auc**2)
    ) / (positives * negatives)
    reach = stats.norm.ppf((1 + CONFIDENCE) / 2) * np.sqrt(max(variance, 0.0))
    return float(max(auc - reach, 0.0)), float(min(auc + reach, 1.0))


def _calibration_error(actual: np.ndarray, probability: np.ndarray) -> float:
    """Expected calibration error over ten bins of equal width (Naeini et al., 2015), as the training reports it."""
    bins = np.minimum((probability * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = np.bincount(bins, probability - actual, CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / len(actual))
