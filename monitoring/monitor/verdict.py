"""From what was read of a day to its rows in the tables `metrics` and `feature_drift`."""

from dataclasses import asdict, dataclass

from monitor import distances, shift
from monitor.predictions import PREDICTION, Predictions, RunOfDay
from monitor.shift import Shift

STABLE, DRIFT = "stable", "drift"
NOT_ENOUGH_DATA, NO_PREDICTIONS, NO_REFERENCE = "not enough data", "no predictions", "no reference"
METHOD = "Kolmogorov-Smirnov, chi-square and Fisher's exact test, adjusted after Holm, with a least difference"


@dataclass(frozen=True)
class Verdict:
    """What is written of a day and a model: a row of `metrics`, and the rows of `feature_drift`.

    `note` is what somebody should know of it beside that, a sentence or nothing.
    """

    metrics: dict
    drift: list[dict]
    note: str = ""

    @property
    def summary(self) -> str:
        """It in a sentence."""
        found = self.metrics
        counted = f"{found['rows']} predictions of {found['students']} students"
        if not self.drift:
            return f"{found['status']}: {counted}"
        drifted = [f"{row['column']} ({row['aspect']}, {row['score']:.2f})" for row in self.drift if row["drifted"]]
        return f"{found['status']}: {counted}; drifted: {', '.join(drifted) or 'no column'}"


def no_predictions() -> Verdict:
    """Of a day on which nobody was predicted."""
    return Verdict({"run_id": None, "rows": 0, "students": 0, "compared": 0, "status": NO_PREDICTIONS}, [])


def unmeasured(run: RunOfDay, status: str, note: str) -> Verdict:
    """Of a day that cannot be compared: counts alone, and why."""
    return Verdict(asdict(run) | {"compared": 0, "status": status}, [], note)


def measured(
    run: RunOfDay, predictions: Predictions, shifts: list[Shift], by_evidently: dict[str, float], links: dict[str, str]
) -> Verdict:
    """Of a day that was compared; `links` are addresses that go into the row as they are."""
    columns = {one.column for one in shifts}
    drifted = {one.column for one in shifts if one.drifted}
    features = predictions.students.shape[1] - 2  # the others are the predicted class and its probability
    metrics = asdict(run) | {
        "compared": len(predictions.students),
        "status": DRIFT if drifted else STABLE,
        "prediction_drift": by_evidently.get(PREDICTION),
        "num_drifted_columns": len(drifted),
        "share_drifted_columns": len(drifted) / len(columns),
        "share_missing_values": predictions.missing_cells / (run.rows * (features + 1)),
        "missing_values_jumped": any(one.drifted for one in shifts if one.aspect == shift.MISSING),
        "unseen_category_share": predictions.unseen_rows / run.rows,
        "evidently_drifted_columns": distances.exceeded(by_evidently),
        "alpha": shift.ALPHA,
        "method": METHOD,
    }
    rows = [
        asdict(one)
        | {
            "run_id": run.run_id,
            "drifted": one.drifted,
            "evidently_score": by_evidently.get(one.column) if one.aspect == shift.VALUES else None,
        }
        for one in shifts
    ]
    absent = ", ".join(predictions.absent)
    note = f"the table features has no column for {absent}, which counts as missing" if absent else ""
    return Verdict(metrics | links, rows, note)
