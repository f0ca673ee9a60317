"""The targets, and the figures that go into the table of the whole project."""

from pathlib import Path

from benchmarks.sheet import Sheet

AT_LEAST = {"accuracy": 0.770, "roc_auc": 0.800}
AT_MOST = {"brier_score": 0.168, "calibration_error": 0.03}
MAX_SECONDS, MAX_GIGABYTES = 120, 4
TIMES = 100
NAMES = {
    "accuracy": "accuracy",
    "roc_auc": "ROC AUC",
    "brier_score": "Brier score",
    "calibration_error": "calibration error, 10 bins",
}
SLOWER = f"{TIMES} times the data: time, as a multiple"
MEMORY = f"{TIMES} times the data: memory"


def sheet(path: Path | None, data: str, with_scale: bool) -> Sheet:
    """All figures, none of them measured yet; `data` is what the quality is measured on."""
    scores = [(_score(name, data), f">= {least:.3f}") for name, least in AT_LEAST.items()]
    scores += [(_score(name, data), f"<= {most:.3f}") for name, most in AT_MOST.items()]
    at_scale = [(SLOWER, f"<= {TIMES}"), (MEMORY, f"< {MAX_GIGABYTES} GB")] if with_scale else []
    return Sheet(path, [*scores, (_flow(data), f"<= {MAX_SECONDS} s"), *at_scale])


def enter_runs(the_sheet: Sheet, data: str, runs: list[dict]) -> None:
    """Enters what the runs on the data gave, one for each seed."""
    for name, target in (AT_LEAST | AT_MOST).items():
        mean = sum(run[name] for run in runs) / len(runs)
        the_sheet.put(_score(name, data), f"{mean:.4f}", mean >= target if name in AT_LEAST else mean <= target)
    longest = max(run["seconds"] for run in runs)
    the_sheet.put(_flow(data), f"{longest:.1f} s, the longest of {len(runs)}", longest <= MAX_SECONDS)


def enter_scale(the_sheet: Sheet, small: dict, large: dict) -> None:
    """Enters what a run on synthetic data took, and one on so many times as much."""
    ratio = large["seconds"] / small["seconds"]
    the_sheet.put(SLOWER, f"{ratio:.1f} ({small['seconds']:.0f} s to {large['seconds']:.0f} s)", ratio <= TIMES)
    the_sheet.put(MEMORY, f"{large['gigabytes']:.2f} GB", large["gigabytes"] < MAX_GIGABYTES)


def _score(name: str, data: str) -> str:
    return f"{NAMES[name]} on {_shown(data)}, mean of 5 seeds"


def _flow(data: str) -> str:
    return f"the whole flow, tuning included, on {_shown(data)}"


def _shown(data: str) -> str:
    """Without the folder, which says nothing to others."""
    return "synthetic data" if data == "synthetic" else Path(data).name
