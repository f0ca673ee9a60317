"""How far rows have drifted from others, measured by Evidently as the monitoring flow does."""

import pandas as pd

from training import schema

PREDICTION = "prediction"
# Distances instead of p-values, so that a score means the same for every number of rows.
METHODS = {
    "num_method": "wasserstein",
    "cat_method": "jensenshannon",
    "num_threshold": 0.1,
    "cat_threshold": 0.1,
}


def measure(current: pd.DataFrame, reference: pd.DataFrame) -> dict[str, float]:
    """Drift of `current` against `reference`, over the features and the prediction."""
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
            DriftedColumnsCount(**METHODS),
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
