"""Prints the figures of the training pipeline against their targets.

python -m benchmarks                    on synthetic data
python -m benchmarks FILE.csv           on the public dataset
python -m benchmarks FILE.csv --scale   and on 100 times as much synthetic data, which takes some minutes

It ends with 1 where a target is missed; with --figures, which hands the figures on, only where something failed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from prefect.settings import get_current_settings
from prefect.testing.utilities import prefect_test_harness
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks import handed_on, limit
from benchmarks.handed_on import AT_LEAST, AT_MOST, MAX_GIGABYTES, MAX_SECONDS, TIMES
from benchmarks.servers import MlflowServer
from benchmarks.sheet import Sheet
from training import prepare, source, synthetic, validate
from training.settings import SERVICE, Settings

SEEDS = range(5)
console = Console()
missed: list[str] = []


def main() -> None:
    """Starts servers of its own, runs the flow for each seed, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", nargs="?", default="synthetic")
    parser.add_argument("--scale", action="store_true", help=f"measure {TIMES} times the data, too")
    parser.add_argument("--figures", type=Path, help="file to write the figures with targets to, as JSON")
    asked = parser.parse_args()
    sheet = handed_on.sheet(asked.figures, asked.source, asked.scale)
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    with tempfile.TemporaryDirectory() as folder, prefect_test_harness(server_startup_timeout=120):
        server = MlflowServer(Path(folder))
        server.start()
        try:
            runs = [_run(asked.source, seed, server, folder) for seed in track(SEEDS, "Five seeds", console=console)]
            _print_quality(runs, _limits(asked.source, folder))
            _print_cost("the flow, tuning included", runs)
            handed_on.enter_runs(sheet, asked.source, runs)
            if asked.scale:
                _print_scale(server, folder, sheet)
        finally:
            server.stop()
    if missed and not asked.figures:
        sys.exit(f"Missed: {', '.join(missed)}")


def _verdict(what: str, is_met: bool) -> str:
    if not is_met:
        missed.append(what)
    return "met" if is_met else "MISSED"


def _run(data: str, seed: int, server: MlflowServer, folder: str) -> dict:
    # A registry of its own for each run: what is measured must not depend on an earlier champion.
    environment = {
        "TRACKING_URI": server.uri,
        "MODEL_NAME": f"benchmark-{Path(data).stem}-{seed}",
        "DATA_DIR": f"{folder}/data",
        "MONITORING_DATA_DIR": f"{folder}/monitoring_data",
        "PREFECT_API_URL": get_current_settings().api.url or "",
    }
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.measure", data, str(seed)],
        cwd=SERVICE,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        sys.exit(ended.stderr)
    return json.loads(ended.stdout.splitlines()[-1])


def _limits(data: str, folder: str) -> list[dict[str, float]]:
    rows = validate.check(source.pull(data, Path(folder) / "limit").rows).rows
    return [limit.scores(prepare.split_by_student(rows, seed).test) for seed in SEEDS]


def _print_quality(runs: list[dict], limits: list[dict[str, float]]) -> None:
    table = Table("score", "mean", "lowest", "highest", "target for the mean", "knowing the rule")
    for name, target in (AT_LEAST | AT_MOST).items():
        found = [run[name] for run in runs]
        mean, known = sum(found) / len(found), sum(scores[name] for scores in limits) / len(limits)
        is_met = mean >= target if name in AT_LEAST else mean <= target
        shown = [f"{value:.4f}" for value in (mean, min(found), max(found))]
        wanted = f"{'>=' if name in AT_LEAST else '<='} {target:.3f} {_verdict(name, is_met)}"
        table.add_row(name, *shown, wanted, f"{known:.4f}")
    console.print(table)


def _print_cost(what: str, runs: list[dict]) -> None:
    for name, unit, most in (("seconds", "s", MAX_SECONDS), ("gigabytes", "GB", MAX_GIGABYTES)):
        found = max(run[name] for run in runs)
        console.print(
            f"{what}, {Settings().workers} CPUs: at most {found:.1f} {unit} "
            f"(target {most} {unit}: {_verdict(name, found <= most)})"
        )


def _print_scale(server: MlflowServer, folder: str, sheet: Sheet) -> None:
    once, many = Path(folder) / "once.csv", Path(folder) / "many.csv"
    synthetic.generate().to_csv(once, index=False)
    synthetic.generate(rows=TIMES * synthetic.ROWS, copies=TIMES * synthetic.COPIES).to_csv(many, index=False)
    small, large = (_run(str(file), 0, server, folder) for file in (once, many))
    ratio = large["seconds"] / small["seconds"]
    handed_on.enter_scale(sheet, small, large)
    console.print(
        f"{TIMES} times the data: {large['seconds']:.0f} s, {ratio:.1f} times as long as {small['seconds']:.0f} s "
        f"(target {TIMES}: {_verdict('time at scale', ratio <= TIMES)}); memory {large['gigabytes']:.2f} GB "
        f"(target {MAX_GIGABYTES} GB: {_verdict('memory at scale', large['gigabytes'] <= MAX_GIGABYTES)})"
    )


if __name__ == "__main__":
    main()
