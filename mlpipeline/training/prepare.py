"""Splits the students into those that the model learns from and those that it is judged by."""

from dataclasses import dataclass

import pandas as pd

from training import schema

VALIDATION_SHARE = 0.2
TEST_SHARE = 0.2


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
    draw = pd.util.hash_array(
        rows[schema.STUDENT].astype(str).to_numpy(object), hash_key=f"{seed:016d}"[-16:], categorize=False
    ) / float(2**64)
    is_test, is_validation = draw < TEST_SHARE, draw >= 1 - VALIDATION_SHARE
    parts = (~is_test & ~is_validation, is_validation, is_test)
    return Splits(*(rows[part].reset_index(drop=True) for part in parts))
