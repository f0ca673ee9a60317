"""The model: a scikit-learn pipeline from the features of a request to the probability of completion."""

import warnings

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder

from training import schema
from training.prepare import Splits

ALGORITHM = {"model": "LogisticRegression", "bins": 20, "C": 1.0}


def model_input(rows: pd.DataFrame) -> pd.DataFrame:
    """The features of `rows` as the model takes them, numbers rounded to float32.

    The service scores in float32. Training on the same rounding keeps a value from falling on one side of a bin's
    edge in training and on the other in serving.
    """
    features = rows[schema.FEATURE_NAMES].copy()
    numbers = [name for name in schema.FEATURE_NAMES if features[name].dtype.kind in "iufb"]
    features[numbers] = features[numbers].astype(np.float32).astype(np.float64)
    return features


def build(seed: int) -> Pipeline:
    """An untrained pipeline.

    Completion jumps at thresholds of the engagement features, which a linear model sees only when these are cut
    into bins.
    """
    numbers = make_pipeline(
        SimpleImputer(strategy="median"),
        KBinsDiscretizer(
            ALGORITHM["bins"], encode="onehot-dense", strategy="quantile", quantile_method="averaged_inverted_cdf"
        ),
    )
    return make_pipeline(
        ColumnTransformer(
            [
                ("categorical", OneHotEncoder(handle_unknown="ignore"), schema.CATEGORICAL),
                ("numerical", numbers, schema.NUMERICAL),
            ]
        ),
        LogisticRegression(C=ALGORITHM["C"], max_iter=1000, random_state=seed),
    )


def train(rows: pd.DataFrame, seed: int) -> Pipeline:
    """A pipeline fitted on `rows`."""
    with warnings.catch_warnings():
        # The counts have fewer values than there are bins, so some bins are empty, as they may be.
        warnings.filterwarnings("ignore", message="Bins whose width are too small")
        return build(seed).fit(model_input(rows), rows[schema.TARGET])


def predict(pipeline: Pipeline, splits: Splits) -> Splits:
    """The splits with the columns `prediction` (0 or 1) and `probability` (of completion) added."""
    return Splits(
        train=_with_predictions(pipeline, splits.train),
        validation=_with_predictions(pipeline, splits.validation),
        test=_with_predictions(pipeline, splits.test),
    )


def _with_predictions(pipeline: Pipeline, rows: pd.DataFrame) -> pd.DataFrame:
    features = model_input(rows)
    return rows.assign(
        prediction=pipeline.predict(features).astype(int),
        probability=pipeline.predict_proba(features)[:, 1],
    )
