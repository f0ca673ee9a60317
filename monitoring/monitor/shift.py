"""Decides whether students of a day differ from those of the reference, with a stated chance of a false alarm.

Each column is compared in up to two aspects: its values, and how many of them are missing. A column has drifted in an
aspect when two things hold:

- A two-sample test says that the difference is not chance: Kolmogorov-Smirnov for numbers, chi-square for categories,
  Fisher's exact test for more missing values. Their p-values are adjusted after Holm (1979), so that over all columns
  and aspects of a day together, whatever their dependence, the chance of any false alarm is at most ALPHA.
- The difference matters: the score, which is the share of students that would have to be others for the two to be
  alike (Kolmogorov's D, the total variation distance, by how much the share has grown), reaches a threshold. On large
  days the tests alone would report differences that nobody has to act on.

A row is a student, not a prediction: one student who is predicted a thousand times says nothing about the others.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

ALPHA = 0.01  # of a false alarm in a day
VALUES_THRESHOLD = 0.05
MISSING_THRESHOLD = 0.01
VALUES, MISSING = "values", "missing"


@dataclass(frozen=True)
class Shift:
    """How a column of the day differs from the reference in an aspect; `p_value` is adjusted for all that is tried."""

    column: str
    aspect: str
    method: str
    score: float
    threshold: float
    p_value: float

    @property
    def drifted(self) -> bool:
        """Whether it is neither chance nor too small to matter."""
        return self.p_value <= ALPHA and self.score >= self.threshold


def compare(
    current: pd.DataFrame, reference: pd.DataFrame, categorical: list[str], numerical: list[str]
) -> list[Shift]:
    """The shifts of these columns in all aspects that can be tested; a row of either is a student."""
    found = []
    for column in (*categorical, *numerical):
        now, before = current[column], reference[column]
        found.append(_missing(column, now.isna(), before.isna()))
        now, before = now.dropna(), before.dropna()
        if len(now) and len(before):
            found.append(_categories(column, now, before) if column in categorical else _numbers(column, now, before))
    if not found:
        return []
    adjusted = _adjusted(np.array([p_value for *_, p_value in found]))
    return [Shift(*shift[:-1], float(p_value)) for shift, p_value in zip(found, adjusted, strict=True)]


def _adjusted(p_values: np.ndarray) -> np.ndarray:
    """After Holm, in the order given."""
    # Not by statsmodels, which has all objects looked at for garbage on each call: half a second.
    order = np.argsort(p_values)
    factors = np.arange(len(p_values), 0, -1)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(np.maximum.accumulate(factors * p_values[order]), 1)
    return adjusted


def _numbers(column: str, now: pd.Series, before: pd.Series) -> tuple:
    # The asymptotic distribution is close from some thirty rows on; with ties, as of counts, it errs on the quiet side.
    result = stats.ks_2samp(now.to_numpy(float), before.to_numpy(float), method="asymp")
    return column, VALUES, "kolmogorov-smirnov", float(result.statistic), VALUES_THRESHOLD, float(result.pvalue)


def _categories(column: str, now: pd.Series, before: pd.Series) -> tuple:
    counts = pd.DataFrame({"now": now.value_counts(), "before": before.value_counts()}).to_numpy(float, na_value=0).T
    counts = counts[:, counts.any(axis=0)]  # pandas counts what a column may hold, too
    shares = counts / counts.sum(axis=1, keepdims=True)
    score = float(np.abs(shares[0] - shares[1]).sum() / 2)
    p_value = float(stats.chi2_contingency(counts).pvalue) if counts.shape[1] > 1 else 1.0
    return column, VALUES, "chi-square", score, VALUES_THRESHOLD, p_value


def _missing(column: str, now: pd.Series, before: pd.Series) -> tuple:
    # Fewer missing values than in the reference are no harm.
    table = [[int(part.sum()), int((~part).sum())] for part in (now, before)]
    p_value = float(stats.fisher_exact(table, alternative="greater").pvalue)
    score = max(0.0, float(now.mean() - before.mean()))
    return column, MISSING, "fisher-exact", score, MISSING_THRESHOLD, p_value
