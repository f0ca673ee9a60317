"""Measures how far a day's predictions are from the reference data, with Evidently."""

import pandas as pd

from monitor.reference import Reference

PREDICTION = "prediction"
# Distances instead of p-values, so that a score means the same for every number of rows. Below 0.1, Evidently's own
# threshold for both, the two distributions count as the same.
NUMERICAL_METHOD = "wasserstein"
CATEGORICAL_METHOD = "jensenshannon"
THRESHOLD = 0.1


def measure(predictions: pd.DataFrame, reference: Reference) -> dict:
    """The metrics of a day's predictions by one model; `predictions` has the columns of the table `features`.

    `prediction_drift` is the distance of the predicted classes, `num_drifted_columns` counts the features and the
    prediction, and `share_missing_values` is the share of empty cells among them.
    """
    # Imported where it is used: it takes 5 s, which registering the deployment would spend for nothing.
    from evidently import DataDefinition, Dataset, Report  # pylint: disable=import-outside-toplevel
    from evidently.metrics import DriftedColumnsCount, ValueDrift  # pylint: disable=import-outside-toplevel

    current = as_reference(predictions, reference)
    categorical = [*_names(reference, "categorical"), PREDICTION]
    columns = [*categorical, *_names(reference, "numerical")]
    # Evidently cannot compare a column that is empty all day.
    comparable = [column for column in columns if current[column].notna().any()]
    definition = DataDefinition(
        categorical_columns=[column for column in categorical if column in comparable],
        numerical_columns=[column for column in _names(reference, "numerical") if column in comparable],
    )
    report = Report(
        [
            ValueDrift(column=PREDICTION, method=CATEGORICAL_METHOD, threshold=THRESHOLD),
            DriftedColumnsCount(
                num_method=NUMERICAL_METHOD,
                cat_method=CATEGORICAL_METHOD,
                num_threshold=THRESHOLD,
                cat_threshold=THRESHOLD,
            ),
        ]
    )
    prediction_drift, drifted_columns = report.run(
        Dataset.from_pandas(current[comparable], data_definition=definition),
        Dataset.from_pandas(reference.rows[comparable], data_definition=definition),
    ).dict()["metrics"]
    return {
        "rows": len(current),
        "prediction_drift": float(prediction_drift["value"]),
        # A column that is empty all day has drifted as far as it can.
        "num_drifted_columns": int(drifted_columns["value"]["count"]) + len(columns) - len(comparable),
        "share_missing_values": float(current[columns].isna().to_numpy().mean()),
        "status": "ok",
    }


def as_reference(predictions: pd.DataFrame, reference: Reference) -> pd.DataFrame:
    """The day's features and predictions, named and typed as in the reference.

    A category that is an integer on one side and a string or float on the other would be drift to Evidently.
    """
    features = reference.contract["features"]
    current = predictions[[*(feature["column"] for feature in features), PREDICTION]].rename(
        columns={feature["column"]: feature["name"] for feature in features}
    )
    for name in (*_names(reference, "categorical"), PREDICTION):
        if reference.rows[name].dtype.kind in "iu" and current[name].notna().all():
            current[name] = current[name].astype("int64")
    return current


def _names(reference: Reference, kind: str) -> list[str]:
    return [feature["name"] for feature in reference.contract["features"] if feature["kind"] == kind]
