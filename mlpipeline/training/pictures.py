"""The pictures of the data and of the model's quality, as PNG files.

Drawn on figures of their own, without matplotlib's global state, since tasks run in threads.
"""

import io

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import ConfusionMatrixDisplay, PrecisionRecallDisplay, RocCurveDisplay

from training import schema
from training.evaluate import calibration

BINS = 20
COLUMNS = 4
COMPLETED, DROPPED = "#2a7f62", "#c8553d"


def distributions(rows: pd.DataFrame) -> bytes:
    """Histograms of each feature, of students who completed and of those who did not."""
    names = _shown(rows)
    figure, axes = _grid(len(names))
    outcomes = [rows[rows[schema.TARGET] == outcome] for outcome in (1, 0)]
    for name, ax in zip(names, axes):
        if name in schema.CATEGORICAL:
            known = sorted(rows[name].unique())
            counts = [group[name].value_counts().reindex(known, fill_value=0) for group in outcomes]
            for place, (count, colour) in enumerate(zip(counts, (COMPLETED, DROPPED), strict=True)):
                ax.bar(np.arange(len(count)) + 0.4 * place - 0.2, count, 0.4, color=colour)
            ax.set_xticks(range(len(known)), known, rotation=20)
        else:
            values = [group[name].dropna() for group in outcomes]
            whole = rows[name].nunique() <= rows[name].max() - rows[name].min() + 1 <= BINS + 1
            bins = np.arange(rows[name].min() - 0.5, rows[name].max() + 1) if whole else BINS
            ax.hist(values, bins=bins, stacked=True, color=[COMPLETED, DROPPED], label=["completed", "did not"])
        ax.set_title(name)
        ax.set_ylabel("students")
    axes[0].legend()
    return _png(figure, "Who the students are, and who of them completed")


def completion_by_feature(rows: pd.DataFrame, thresholds: dict[str, float]) -> bytes:
    """The completion rate along each feature, with 95% intervals, and the threshold where it jumps most."""
    names = _shown(rows)
    figure, axes = _grid(len(names))
    for name, ax in zip(names, axes):
        values = rows[name]
        if name in schema.CATEGORICAL:
            groups = values.astype(str)
            ax.tick_params(axis="x", rotation=20)
        elif values.nunique() <= BINS + 1:
            groups = values
        else:
            groups = pd.cut(values, BINS).map(lambda part: part.mid, na_action="ignore").astype(float)
        found = rows.groupby(groups)[schema.TARGET].agg(["mean", "size"])
        error = 1.96 * np.sqrt(found["mean"] * (1 - found["mean"]) / found["size"])
        ax.errorbar(found.index, found["mean"], error, fmt="o", color=COMPLETED, ecolor="#9cc5b5", markersize=4)
        if name in thresholds:
            ax.axvline(thresholds[name], color=DROPPED, linestyle="--", label=f"jump at {thresholds[name]:.4g}")
            ax.legend()
        ax.set_ylim(0, 1)
        ax.set_title(name)
        ax.set_ylabel("share that completed")
    return _png(figure, "Share of students who completed, with 95% intervals")


def correlations(rows: pd.DataFrame) -> bytes:
    """The correlation of each pair of numbers, the outcome among them (Spearman's, which steps do not fool)."""
    names = [name for name in _shown(rows) if rows[name].dtype.kind in "iuf"] + [schema.TARGET]
    found = rows[names].corr(method="spearman")
    figure = Figure(figsize=(7, 6), layout="constrained")
    ax = figure.add_subplot()
    image = ax.imshow(found, cmap="RdBu", vmin=-1, vmax=1)
    ax.set_xticks(range(len(names)), names, rotation=40, ha="right")
    ax.set_yticks(range(len(names)), names)
    for (row, column), value in np.ndenumerate(found.to_numpy()):
        ax.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=8)
    figure.colorbar(image)
    return _png(figure, "Rank correlations")


def quality(predicted: pd.DataFrame, importance: pd.DataFrame) -> dict[str, bytes]:
    """ROC and precision-recall curve, calibration and confusion of the test split, and permutation importance."""
    actual, probability = predicted[schema.TARGET].to_numpy(), predicted["probability"].to_numpy()
    files = {}
    for name, curve in (("roc", RocCurveDisplay), ("precision_recall", PrecisionRecallDisplay)):
        figure, ax = _single()
        curve.from_predictions(actual, probability, ax=ax, plot_chance_level=True, name="model")
        files[f"{name}.png"] = _png(figure, "")
    figure, ax = _single()
    given, completed, rows = calibration(actual, probability)
    ax.plot([0, 1], [0, 1], color="grey", linestyle="--", label="perfectly calibrated")
    ax.plot(given, completed, color=COMPLETED)
    ax.scatter(given, completed, rows / rows.max() * 300, color=COMPLETED)
    ax.set(xlabel="predicted probability (area of a dot: students)", ylabel="share that completed")
    ax.legend()
    files["calibration.png"] = _png(figure, "Calibration")
    figure, ax = _single()
    ConfusionMatrixDisplay.from_predictions(
        actual,
        predicted["prediction"],
        labels=[0, 1],
        display_labels=["drops out", "completes"],
        ax=ax,
        cmap="Greens",
        colorbar=False,
    )
    files["confusion.png"] = _png(figure, "Outcome and prediction, in students")
    figure, ax = _single()
    shown = importance.iloc[::-1]
    ax.barh(shown["feature"], shown["importance"], xerr=shown["deviation"], color=COMPLETED)
    ax.set_xlabel("growth of the log loss when shuffled")
    files["importance.png"] = _png(figure, "Permutation importance")
    return files


def _shown(rows: pd.DataFrame) -> list[str]:
    """The columns that have values."""
    return [
        name for name in [*schema.NUMERICAL, *schema.NOT_REQUESTED, *schema.CATEGORICAL] if rows[name].notna().any()
    ]


def _grid(places: int) -> tuple[Figure, list[Axes]]:
    rows = -(-places // COLUMNS)
    figure = Figure(figsize=(16, 3.4 * rows), layout="constrained")
    axes = list(figure.subplots(rows, COLUMNS, squeeze=False).flat)
    for unused in axes[places:]:
        unused.axis("off")
    return figure, axes


def _single() -> tuple[Figure, Axes]:
    figure = Figure(figsize=(6, 5), layout="constrained")
    return figure, figure.add_subplot()


def _png(figure: Figure, title: str) -> bytes:
    figure.suptitle(title)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=90)
    return buffer.getvalue()
