"""Tables, texts and files about a training run, as MLflow keeps them and Prefect shows them."""

import json
from dataclasses import asdict

import pandas as pd

from training import schema
from training.behaviour import Check
from training.export import MODEL_FILE
from training.features import Contribution
from training.promotion import Decision
from training.results import Training
from training.selection import Comparison
from training.validate import QUARANTINE_FILE

REFERENCE = "reference/reference.parquet"
HELD_OUT_REQUESTS = 5_000


def candidates_table(comparison: Comparison) -> pd.DataFrame:
    """A row for each candidate, the best log loss first."""
    rows = [
        {
            "candidate": candidate.tuned.family,
            "chosen": candidate is comparison.chosen,
            "cv_log_loss": round(candidate.tuned.log_loss, 5),
            "standard_error": round(candidate.tuned.standard_error, 5),
            "training_seconds": round(candidate.training_seconds, 3),
            "onnx_bytes": candidate.onnx_bytes,
            "scoring_microseconds": round(candidate.scoring_microseconds, 1),
            "parameters": ", ".join(
                f"{name.rpartition('__')[2]}={value}" for name, value in candidate.tuned.parameters.items()
            ),
        }
        for candidate in sorted(comparison.candidates, key=lambda candidate: candidate.tuned.log_loss)
    ]
    return pd.DataFrame(rows)


def contributions_table(contributions: list[Contribution]) -> pd.DataFrame:
    """A row for each engineered feature that was tried, in order."""
    return pd.DataFrame([asdict(tried) | {"beside": ", ".join(tried.beside)} for tried in contributions])


def evaluation_markdown(metrics: dict[str, float], checks: list[Check]) -> str:
    """The scores with their 95% intervals, and the behaviour checks."""
    lines = ["# Scores on the test split", "| score | value | 95% interval |", "|---|---|---|"]
    for name in [name for name in metrics if f"{name}_low" in metrics]:
        low, high = metrics[f"{name}_low"], metrics[f"{name}_high"]
        lines.append(f"| {name} | {metrics[name]:.4f} | {low:.4f} to {high:.4f} |")
    lines += ["# Behaviour", "| check | measured | at most | |", "|---|---|---|---|"]
    lines += [
        f"| {check.name}: {check.expectation} | {check.measured:.4f} | {check.limit:.3g} "
        f"| {'passed' if check.passed else '**failed**'} |"
        for check in checks
    ]
    return "\n".join(lines)


def decision_markdown(decision: Decision, version: int) -> str:
    """What was decided about a version."""
    return f"# Version {version}: {decision.verdict}\n\n{decision.reason[:1].upper()}{decision.reason[1:]}."


def files(training: Training) -> dict[str, bytes]:
    """The files of a run by their path, besides the data as it was pulled."""
    evaluation, comparison = training.evaluation, training.comparison
    requests = held_out_requests(training.trained.splits.test.head(HELD_OUT_REQUESTS))
    checks = pd.DataFrame([asdict(check) | {"passed": check.passed} for check in evaluation.checks])
    texts = {
        "serving/contract.json": json.dumps(training.export.contract, indent=2),
        f"data/{QUARANTINE_FILE}": training.checked.quarantined.to_csv(index=False),
        "held_out/requests.jsonl": requests.to_json(orient="records", lines=True),
        "exploration/findings.md": training.exploration.markdown,
        "selection/candidates.csv": candidates_table(comparison).to_csv(index=False),
        "selection/features.csv": contributions_table(comparison.contributions).to_csv(index=False),
        "evaluation/slices.csv": evaluation.slices.to_csv(index=False),
        "evaluation/importance.csv": evaluation.importance.to_csv(index=False),
        "evaluation/behaviour.csv": checks.to_csv(index=False),
    }
    return (
        {f"serving/{MODEL_FILE}": training.export.model, REFERENCE: reference(training.trained.splits.validation)}
        | {name: text.encode() for name, text in texts.items()}
        | {f"exploration/{name}": content for name, content in training.exploration.files.items()}
        | {f"evaluation/{name}": content for name, content in evaluation.pictures.items()}
    )


def held_out_requests(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows as a client may send them: a missing value makes floats of a column of integers, which it may not."""
    requests = rows[[schema.STUDENT, *schema.FEATURE_NAMES]]
    return requests.astype({feature.name: "Int64" for feature in schema.FEATURES if feature.type == "integer"})


def reference(predicted: pd.DataFrame) -> bytes:
    """Features, outcome, prediction and probability of the reference rows, as parquet."""
    columns = [*schema.FEATURE_NAMES, schema.TARGET, "prediction", "probability"]
    return predicted[columns].to_parquet(index=False)
