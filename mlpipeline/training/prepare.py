"""Splits the students into those that the model learns from and those that it is judged by."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from training import schema
from training.validate import DataRejected

SEED = 42  # of the split, where nothing else is asked for
VALIDATION_SHARE = 0.2
TEST_SHARE = 0.2
MIN_OF_AN_OUTCOME = 10  # students in each split, below which scores mean nothing


@dataclass(frozen=True)
class Splits:
    """Three sets of rows that have no student in common.

    The model is chosen and trained on `train`. `validation`, with the model's predictions, is the reference that later
    data is compared with. `test` is what nothing else touches.
    """

    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame


def split_by_student(rows: pd.DataFrame, seed: int) -> Splits:
    """Splits into train (60%), validation (20%) and test (20%).

    A student's split follows from their id and the seed alone. So it stays the same when data is added, and a
    champion of the same seed has never learned from the students that a challenger is compared with it on.
    """
    drawn = _draw(rows, seed)
    is_test, is_train = drawn < TEST_SHARE, _is_train(drawn)
    return Splits(*(rows[part].reset_index(drop=True) for part in (is_train, ~is_train & ~is_test, is_test)))


def not_in_train(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Those of the rows that a model of this seed has not learned from."""
    return rows[~_is_train(_draw(rows, seed))]


def check(splits: Splits) -> Splits:
    """The splits, if each has enough students of either outcome and values of each feature; else DataRejected."""
    of_all = pd.concat(vars(splits).values())[schema.TARGET].value_counts().reindex([0, 1], fill_value=0)
    if of_all.min() < MIN_OF_AN_OUTCOME:
        raise DataRejected(
            f"{of_all[1]} students completed and {of_all[0]} did not; training needs {MIN_OF_AN_OUTCOME} of either in "
            f"each of {len(vars(splits))} splits."
        )
    for name, part in vars(splits).items():
        outcomes = part[schema.TARGET].value_counts().reindex([0, 1], fill_value=0)
        if outcomes.min() < MIN_OF_AN_OUTCOME:
            raise DataRejected(
                f"The {name} split has {outcomes[1]} students who completed and {outcomes[0]} who did not; it needs "
                f"{MIN_OF_AN_OUTCOME} of either. Who is in which split follows from the students' ids and "
                "the seed: whom a training of this seed held out, as those that make run predicts, is never in "
                "the train split. Set another seed, or bring more data."
            )
        if empty := [feature for feature in schema.NUMERICAL if part[feature].isna().all()]:
            raise DataRejected(f"{' and '.join(empty)}: no value in the {name} split.")
    return splits


def _draw(rows: pd.DataFrame, seed: int) -> np.ndarray:
    """A number from 0 to 1 for each row, which follows from the student and the seed."""
    students = rows[schema.STUDENT].astype(str).to_numpy(object)
    return pd.util.hash_array(students, hash_key=f"{seed:016d}", categorize=False) / float(2**64)


def _is_train(drawn: np.ndarray) -> np.ndarray:
    return (drawn >= TEST_SHARE) & (drawn < 1 - VALIDATION_SHARE)
