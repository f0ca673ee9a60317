"""Compares candidates in cross-validation, and chooses the simplest of those that are as good as the best."""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline

from training import export, features, schema
from training.candidates import FAMILIES, CandidateName
from training.features import Contribution

FOLDS = 5
SEARCH_ROWS = 20_000  # more rows tell no more about which model is better, and take longer


@dataclass(frozen=True)
class Trial:
    """A family with one set of parameters, trained on all folds but one and scored on that one."""

    family: CandidateName
    parameters: dict
    log_loss: float


@dataclass(frozen=True)
class Tuned:
    """A family with its best parameters: mean log loss over the folds, and the standard error of this mean."""

    family: CandidateName
    parameters: dict
    log_loss: float
    standard_error: float


@dataclass(frozen=True)
class Candidate:
    """A tuned family, trained: how long that took, the size of its ONNX export, and the time to score one row."""

    tuned: Tuned
    training_seconds: float
    onnx_bytes: int
    scoring_microseconds: float


@dataclass(frozen=True)
class Comparison:
    """All candidates, the one that is chosen, the engineered features that were tried, and the number of rows."""

    candidates: list[Candidate]
    chosen: Candidate
    contributions: list[Contribution]
    rows: int

    @property
    def engineered(self) -> tuple[str, ...]:
        """The engineered features of the chosen candidate."""
        return kept_features(self.contributions, self.chosen.tuned.family)


def kept_features(contributions: list[Contribution], family: CandidateName) -> tuple[str, ...]:
    """The engineered features that earned their place in models of this family's kind."""
    kind = FAMILIES[family].kind
    return tuple(tried.feature for tried in contributions if tried.kind == kind and tried.kept)


def sample(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The rows to compare candidates on: all, or a random 20,000 of them."""
    return rows if len(rows) <= SEARCH_ROWS else rows.sample(SEARCH_ROWS, random_state=seed).reset_index(drop=True)


def folds(rows: pd.DataFrame, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Positions of the rows to learn from and of those held out, for each of five folds with equal outcomes."""
    splitter = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    return list(splitter.split(rows, rows[schema.TARGET]))


def untrained(family: CandidateName, engineered: Sequence[str], seed: int) -> Pipeline:
    """The untrained pipeline of a family."""
    return features.pipeline(FAMILIES[family].kind, engineered, FAMILIES[family].untrained(seed))


def search(family: CandidateName, fold: int, rows: pd.DataFrame, engineered: Sequence[str], seed: int) -> list[Trial]:
    """Scores every set of parameters of a family on one fold."""
    grid = GridSearchCV(
        untrained(family, engineered, seed),
        FAMILIES[family].grid,
        scoring="neg_log_loss",
        cv=[folds(rows, seed)[fold]],
        refit=False,
        error_score="raise",
    ).fit(features.model_input(rows), rows[schema.TARGET])
    found = zip(grid.cv_results_["params"], grid.cv_results_["mean_test_score"], strict=True)
    return [Trial(family, parameters, float(-score)) for parameters, score in found]


def tune(trials: list[Trial]) -> list[Tuned]:
    """The best parameters of each family, in the order of the families."""
    losses: dict[str, dict[tuple, list[float]]] = defaultdict(lambda: defaultdict(list))
    for trial in trials:
        losses[trial.family][tuple(trial.parameters.items())].append(trial.log_loss)
    tuned = []
    for family, found in losses.items():
        parameters, best = min(found.items(), key=lambda pair: np.mean(pair[1]))
        error = float(np.std(best, ddof=1) / np.sqrt(len(best)))
        tuned.append(Tuned(family, dict(parameters), float(np.mean(best)), error))
    return tuned


def train(tuned: Tuned, rows: pd.DataFrame, engineered: Sequence[str], seed: int) -> Pipeline:
    """A pipeline of this family and these parameters, fitted on `rows`."""
    model = untrained(tuned.family, engineered, seed).set_params(**tuned.parameters)
    model.fit(features.model_input(rows), rows[schema.TARGET])
    features.round_edges(model)
    return model


def weigh(tuned: Tuned, rows: pd.DataFrame, engineered: Sequence[str], seed: int) -> Candidate:
    """Trains a candidate to see what it costs: time to train, size, time to score."""
    started = time.perf_counter()
    model = train(tuned, rows, engineered, seed)
    seconds = time.perf_counter() - started
    exported = export.convert(model)
    return Candidate(tuned, seconds, len(exported), export.scoring_microseconds(exported, rows))


def choose(candidates: list[Candidate]) -> Candidate:
    """The simplest candidate whose log loss is within one standard error of the best one's.

    This is the one-standard-error rule of Breiman et al., Classification and Regression Trees (1984), section 3.4.3:
    differences that are smaller than chance makes them are no reason for a more complex model. The simplest is the
    one with the smallest ONNX export, which is all of the model, written down.
    """
    best = min(candidates, key=lambda candidate: candidate.tuned.log_loss).tuned
    limit = best.log_loss + best.standard_error
    return min(
        (candidate for candidate in candidates if candidate.tuned.log_loss <= limit),
        key=lambda candidate: candidate.onnx_bytes,
    )
