"""What the data says before any model: findings for a person to read, pictures, and a summary by Evidently."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from sklearn.tree import DecisionTreeClassifier

from training import pictures, schema

SUMMARY_ROWS = 20_000
MIN_GROUP = 0.02  # share of students on either side of a threshold


@dataclass(frozen=True)
class Threshold:
    """Where completion jumps: its rate among students up to this value of a feature, and among those above it."""

    feature: str
    value: float
    completed_below: float
    completed_above: float


@dataclass(frozen=True)
class Exploration:
    """The thresholds of the numbers, a text with all findings, and files by their name."""

    thresholds: list[Threshold]
    markdown: str
    files: dict[str, bytes]


def explore(rows: pd.DataFrame) -> Exploration:
    """Looks at the training rows; the others stay unseen, so that nobody chooses anything by them."""
    found = [threshold(rows, name) for name in [*schema.NUMERICAL, *schema.NOT_REQUESTED]]
    thresholds = [at for at in found if at]
    files = {
        "distributions.png": pictures.distributions(rows),
        "completion_by_feature.png": pictures.completion_by_feature(rows, {at.feature: at.value for at in thresholds}),
        "correlations.png": pictures.correlations(rows),
        "summary.html": _summary(rows.sample(min(len(rows), SUMMARY_ROWS), random_state=0)),
    }
    return Exploration(thresholds, _markdown(rows, thresholds), files)


def threshold(rows: pd.DataFrame, name: str) -> Threshold | None:
    """The value that separates students who complete from others best (a decision tree of one split finds it).

    None where no value separates any, as in a column that is empty or always the same.
    """
    known = rows[[name, schema.TARGET]].dropna()
    if known.empty:
        return None
    stump = DecisionTreeClassifier(max_depth=1, min_samples_leaf=MIN_GROUP, random_state=0)
    tree = stump.fit(known[[name]], known[schema.TARGET]).tree_
    if tree.node_count == 1:
        return None
    value = float(tree.threshold[0])
    rates = known.groupby(known[name] > value)[schema.TARGET].mean()
    return Threshold(name, value, float(rates[False]), float(rates[True]))


def _markdown(rows: pd.DataFrame, thresholds: list[Threshold]) -> str:
    lines = [
        "# What the training data says",
        f"{len(rows)} students, {rows[schema.TARGET].mean():.1%} of them completed their course.",
        "## Completion jumps at thresholds",
        "| feature | threshold | completed up to it | completed above |",
        "|---|---|---|---|",
        *(
            f"| {at.feature} | {at.value:.4g} | {at.completed_below:.1%} | {at.completed_above:.1%} |"
            for at in thresholds
        ),
        f"\n{' and '.join(schema.NOT_REQUESTED)} are not part of a prediction request, so no model may use them"
        f"{'.' if _present(rows) else ', and this data does not have them.'}",
        "## Categories",
        "| feature | value | students | completed |",
        "|---|---|---|---|",
    ]
    for name in schema.CATEGORICAL:
        for value, group in rows.groupby(name)[schema.TARGET]:
            lines.append(f"| {name} | {value} | {len(group)} | {group.mean():.1%} |")
    missing = rows[schema.NUMERICAL].isna().sum()
    lines.append(
        "\nNo number is missing."
        if not missing.any()
        else "\nMissing: " + ", ".join(f"{count} of {name}" for name, count in missing.items() if count) + "."
    )
    return "\n".join(lines)


def _present(rows: pd.DataFrame) -> list[str]:
    """Those columns that only files have, unless the data came from predictions, which do not carry them."""
    return [name for name in schema.NOT_REQUESTED if rows[name].notna().any()]


def _summary(rows: pd.DataFrame) -> bytes:
    # Imported where it is used: it takes 5 s, which registering the deployment would spend for nothing.
    from evidently import DataDefinition, Dataset, Report  # pylint: disable=import-outside-toplevel
    from evidently.presets import DataSummaryPreset  # pylint: disable=import-outside-toplevel

    definition = DataDefinition(
        categorical_columns=[*schema.CATEGORICAL, schema.TARGET],
        numerical_columns=[*schema.NUMERICAL, *_present(rows)],
    )
    known = rows[[*schema.FEATURE_NAMES, *_present(rows), schema.TARGET]]
    summary = Report([DataSummaryPreset()]).run(Dataset.from_pandas(known, data_definition=definition), None)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "summary.html"
        summary.save_html(str(file))
        return file.read_bytes()
