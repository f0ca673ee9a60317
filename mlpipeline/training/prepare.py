"""Cleans the data and splits it by student."""

from dataclasses import dataclass

import pandas as pd
from sklearn.model_selection import GroupShuffleSplit

from training import schema

VALIDATION_SHARE = 0.2
TEST_SHARE = 0.2


@dataclass(frozen=True)
class Splits:
    """Three sets of rows that have no student in common.

    The model learns from `train`. `validation`, with the model's predictions, is the reference that later data is
    compared with. `test` is what nothing else touches.
    """

    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame


def drop_copies(rows: pd.DataFrame) -> pd.DataFrame:
    """Keeps one of each set of rows that are exact copies of each other.

    Copies have to go before the split: in the Kaggle file, 12.9% of the validation rows would otherwise stand
    in the training rows too.
    """
    return rows.drop_duplicates(ignore_index=True)


def split_by_student(rows: pd.DataFrame, seed: int) -> Splits:
    """Splits into train (60%), validation (20%) and test (20%), all rows of a student in one of them."""
    rest, test = _split(rows, TEST_SHARE, seed)
    train, validation = _split(rest, VALIDATION_SHARE / (1 - TEST_SHARE), seed)
    return Splits(train=train, validation=validation, test=test)


def _split(rows: pd.DataFrame, share: float, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    splitter = GroupShuffleSplit(n_splits=1, test_size=share, random_state=seed)
    kept, taken = next(splitter.split(rows, groups=rows[schema.STUDENT]))
    return rows.iloc[kept].reset_index(drop=True), rows.iloc[taken].reset_index(drop=True)
