"""How good the model is, and how far the validation data has drifted from the training data."""

import pandas as pd
from sklearn.metrics import accuracy_score, mean_squared_error, roc_auc_score

from training import schema

PREDICTION = "prediction"
# Distances instead of p-values, so that a score means the same for every number of rows.
DRIFT_METHODS = {
    "num_method": "wasserstein",
    "cat_method": "jensenshannon",
    "num_threshold": 0.1,
    "cat_threshold": 0.1,
}


def quality(predicted: pd.DataFrame) -> dict[str, float]:
    """Accuracy, ROC AUC and the mean squared error of the probabilities (the Brier score).

    `predicted` holds the true outcome, `prediction` and `probability` of each row.
    """
    actual = predicted[schema.TARGET]
    return {
        "accuracy": float(accuracy_score(actual, predicted["prediction"])),
        "roc_auc": float(roc_auc_score(actual, predicted["probability"])),
        "mean_squared_error": float(mean_squared_error(actual, predicted["probability"])),
    }


def drift(current: pd.DataFrame, reference: pd.DataFrame) -> dict[str, float]:
    """Drift of `current` against `reference`, measured by Evidently over the features and the prediction."""
    # Imported where it is used: it takes 5 s, which registering the deployment would spend for nothing.
    from evidently import DataDefinition, Dataset, Report  # pylint: disable=import-outside-toplevel
    from evidently.metrics import DriftedColumnsCount, ValueDrift  # pylint: disable=import-outside-toplevel

    columns = [*schema.FEATURE_NAMES, PREDICTION]
    definition = DataDefinition(
        categorical_columns=[*schema.CATEGORICAL, PREDICTION], numerical_columns=schema.NUMERICAL
    )
    report = Report(
        [
            ValueDrift(column=PREDICTION, method="jensenshannon", threshold=0.1),
            DriftedColumnsCount(**DRIFT_METHODS),
        ]
    )
    prediction_drift, drifted_columns = report.run(
        Dataset.from_pandas(current[columns], data_definition=definition),
        Dataset.from_pandas(reference[columns], data_definition=definition),
    ).dict()["metrics"]
    return {
        "prediction_drift": float(prediction_drift["value"]),
        "num_drifted_columns": int(drifted_columns["value"]["count"]),
        "share_missing_values": float(current[columns].isna().to_numpy().mean()),
    }
