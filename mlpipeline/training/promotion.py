"""Decides whether a challenger becomes champion."""

from dataclasses import dataclass

import numpy as np

RESAMPLES = 2_000
CHUNK = 2_000_000  # resampled students held in memory at a time
CONFIDENCE = 0.95
# A probability of exactly 0 or 1 has an infinite log loss.
SMALLEST = 1e-7


@dataclass(frozen=True)
class Comparison:
    """Log loss of the challenger less that of the champion, on the same students: its mean and 95% interval."""

    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class Decision:
    """Whether the challenger is promoted, and why.

    `champion` is the version that it was compared with, None where there was none; `comparison` is None too where that
    could not be scored.
    """

    promoted: bool
    reason: str
    margin: float
    champion: str | None = None
    comparison: Comparison | None = None

    @property
    def verdict(self) -> str:
        """The decision in some words."""
        if self.promoted:
            return "champion"
        return f"not promoted, {'the champion stays' if self.champion else 'and there is no champion'}"

    @property
    def summary(self) -> str:
        """The decision and its reason in a sentence."""
        return f"{self.verdict}: {self.reason}"


def compare(actual: np.ndarray, challenger: np.ndarray, champion: np.ndarray, seed: int) -> Comparison:
    """A paired bootstrap over students of the difference between two models' log losses.

    `actual` holds the outcomes (0 or 1), the others each model's probabilities of completion. Paired means that both
    models are scored on the same resampled students, so that easy or hard ones do not count as a difference
    (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13).
    """
    differences = _losses(actual, challenger) - _losses(actual, champion)
    random, rows, means = np.random.default_rng(seed), len(differences), []
    at_a_time = max(1, CHUNK // rows)
    for done in range(0, RESAMPLES, at_a_time):
        drawn = random.integers(0, rows, (min(at_a_time, RESAMPLES - done), rows))
        means.append(differences[drawn].mean(axis=1))
    low, high = np.quantile(np.concatenate(means), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Comparison(float(differences.mean()), float(low), float(high))


def decide(champion: str | None, comparison: Comparison | None, margin: float, objections: list[str]) -> Decision:
    """Promotes a challenger that nothing speaks against and that is not worse than the champion, up to the margin.

    Not worse means that the whole 95% interval of the difference lies below the margin.
    """
    if objections:
        return Decision(False, "; ".join(objections), margin, champion, comparison)
    if comparison is None:
        return Decision(True, "there was no champion", margin)
    measured = (
        f"log loss {_shown(comparison.difference)} against the champion, "
        f"95% interval {_shown(comparison.low)} to {_shown(comparison.high)}, margin {margin:g}"
    )
    if comparison.high <= margin:
        return Decision(True, f"not worse than the champion: {measured}", margin, champion, comparison)
    return Decision(False, f"may be worse than the champion: {measured}", margin, champion, comparison)


def cannot_be_scored(champion: str, error: Exception) -> str:
    """The objection that there is a champion that cannot be compared with: whether it goes is for a person to say."""
    return (
        f"the champion, version {champion}, cannot be scored on the test split ({type(error).__name__}: {error}); "
        "to promote this version all the same: python champion.py rollback VERSION"
    )


def _shown(difference: float) -> str:
    return f"{round(difference, 4) + 0.0:+.4f}"  # without the sign of a zero that was rounded


def _losses(actual: np.ndarray, probability: np.ndarray) -> np.ndarray:
    certain = np.clip(probability.astype(float), SMALLEST, 1 - SMALLEST)
    return -np.where(actual == 1, np.log(certain), np.log(1 - certain))
