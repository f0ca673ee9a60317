"""What a model has to do whatever its scores are: behaviour that an educator would expect of it.

After Ribeiro et al., Beyond Accuracy: Behavioral Testing of NLP Models with CheckList (2020): invariance, direction,
and here also steadiness at the rounding of a number.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from training import schema

Score = Callable[[pd.DataFrame], np.ndarray]  # rows to probabilities of completion

SAMPLE = 300
STEPS = 40
# Course category and device say nothing in the data, so in the mean they may move a probability by no more than this,
# or by what chance makes of few training rows.
MAX_MEAN_CHANGE = 0.03
# By how much a step over this share of the training rows may seem to go down: 0.1, or what chance makes of few of them.
MAX_MEAN_FALL = 0.1
SHARE_OF_A_STEP = 0.05
# What chance makes is taken to be three standard errors, which one sound model in some hundreds exceeds.
STANDARD_ERRORS = 3
# A client may send hours with two decimals (36 seconds). One student may change class, however few there are.
DECIMALS = 2
MAX_SHARE_CHANGED = 0.005


@dataclass(frozen=True)
class Check:
    """An expectation, what was measured, and the most that it may be."""

    name: str
    expectation: str
    measured: float
    limit: float

    @property
    def passed(self) -> bool:
        """Whether the model behaves as expected; a value that is not a number does not."""
        return bool(self.measured <= self.limit)


def check(score: Score, rows: pd.DataFrame, learned: pd.DataFrame, threshold: float, seed: int) -> list[Check]:
    """Tries the model's answers on up to 300 of these students; `learned` are the rows that it was trained on."""
    sample = rows.sample(min(SAMPLE, len(rows)), random_state=seed).reset_index(drop=True)
    categorical = [feature for feature in schema.FEATURES if feature.kind == "categorical"]
    checks = [_invariance(score, sample, learned[feature.name], feature) for feature in categorical]
    checks += [_direction(score, sample, rows, name, len(learned)) for name in schema.NUMERICAL]
    return [*checks, _rounding(score, rows, threshold)]


def objections(checks: list[Check]) -> list[str]:
    """What speaks against promoting the model: a sentence with the checks that it fails, or none."""
    failed = [
        f"{check_.name} ({check_.measured:.3g}, at most {check_.limit:.3g})" for check_ in checks if not check_.passed
    ]
    return [f"fails the behaviour checks: {', '.join(failed)}"] if failed else []


def noise_of_category(learned: pd.Series, value: str | int, variance: float) -> float:
    """The standard error of the difference between the completion rates of this category and the student's own.

    In the mean over students: zero for those of the category itself. `variance` is that of one student's outcome.
    """
    counts = learned.value_counts()
    errors = np.sqrt(variance * (1 / max(counts.get(value, 0), 1) + 1 / counts))
    return float((errors * counts / counts.sum()).drop(value, errors="ignore").sum())


def noise_of_step(learned: int) -> float:
    """The standard error of the difference between two completion rates of one half, of one step's students each."""
    return float(np.sqrt(2 * 0.25 / (SHARE_OF_A_STEP * learned)))


def _invariance(score: Score, sample: pd.DataFrame, learned: pd.Series, feature: schema.Feature) -> Check:
    before = score(sample)
    variance = float((before * (1 - before)).mean())
    checks = [
        Check(
            f"invariance to {feature.name}",
            f"another {feature.name} changes the probability by little, in the mean over students",
            float(np.abs(score(sample.assign(**{feature.name: value})) - before).mean()),
            max(MAX_MEAN_CHANGE, STANDARD_ERRORS * noise_of_category(learned, value, variance)),
        )
        for value in feature.categories
    ]
    return max(checks, key=lambda check_: (not check_.passed, check_.measured / check_.limit))


def _direction(score: Score, sample: pd.DataFrame, rows: pd.DataFrame, name: str, learned: int) -> Check:
    """The probability may fall below what less of this activity gave by no more than noise, in the mean."""
    values = np.unique(rows[name].dropna().quantile(np.linspace(0, 1, STEPS)).to_numpy())
    everyone = sample.loc[sample.index.repeat(len(values))].reset_index(drop=True)
    probabilities = score(everyone.assign(**{name: np.tile(values, len(sample))})).reshape(len(sample), len(values))
    falls = np.maximum.accumulate(probabilities, axis=1) - probabilities
    return Check(
        f"direction of {name}",
        f"more {name} does not lower the probability beyond noise, in the mean over students",
        float(falls.max(axis=1).mean()),
        max(MAX_MEAN_FALL, STANDARD_ERRORS * noise_of_step(learned)),
    )


def _rounding(score: Score, rows: pd.DataFrame, threshold: float) -> Check:
    numbers = [feature.name for feature in schema.FEATURES if feature.type == "number"]
    rounded = rows.assign(**{name: rows[name].round(DECIMALS) for name in numbers})
    changed = (score(rows) >= threshold) != (score(rounded) >= threshold)
    return Check(
        "rounding of the time",
        f"hours rounded to {DECIMALS} decimals change the predicted class of next to no student",
        float(changed.mean()),
        max(MAX_SHARE_CHANGED, 1 / len(rows)),
    )
