"""The whole loop on this machine, in a checkout of its own: `python -m measures.loop FILE`."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

from measures import checkout
from measures.sheet import Sheet

ANSWERED, UP = "Sample request: answered", "Everything is up after"
FIRST = "make run to the first prediction, from a fresh checkout, with packages in caches"
AGAIN, MAX_AGAIN = "make run again, until everything is up", 45
CURRENT, MAX_CURRENT, TIMES = "make environments, where they are up to date", 3, 3
DEMO, MAX_DEMO = "make demo", 180


def main() -> None:
    """Measures one after the other; what was started is stopped, however it ends."""
    targets = [(FIRST, ""), (AGAIN, f"< {MAX_AGAIN} s"), (CURRENT, f"< {MAX_CURRENT} s"), (DEMO, f"< {MAX_DEMO} s")]
    sheet = Sheet(Path(sys.argv[1]), targets)
    with checkout.fresh("loop") as folder:
        try:
            sheet.put(FIRST, f"{_run_until(folder, ANSWERED):.0f} s", None)
            again = _run_until(folder, UP)
            sheet.put(AGAIN, f"{again:.1f} s", again < MAX_AGAIN)
            current = statistics.median(checkout.seconds(folder, "make", "environments") for _ in range(TIMES))
            sheet.put(CURRENT, f"{current:.1f} s, the median of {TIMES}", current < MAX_CURRENT)
            demo = checkout.seconds(folder, "make", "demo")
            sheet.put(DEMO, f"{demo:.0f} s", demo < MAX_DEMO)
        finally:
            _stop(folder)


def _run_until(folder: Path, text: str) -> float:
    """Seconds until `make run` prints this; it is stopped once it is up."""
    began, seconds = time.monotonic(), None
    with subprocess.Popen(
        ["make", "run"], cwd=folder, env=checkout.environment(folder), stdout=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            if text in line and seconds is None:
                seconds = time.monotonic() - began
            if UP in line:
                _stop(folder)
    if seconds is None:
        sys.exit(f"make run ended with code {process.returncode}, and never said {text!r}")
    return seconds


def _stop(folder: Path) -> None:
    subprocess.run(["make", "stop"], cwd=folder, env=checkout.environment(folder), check=False)


if __name__ == "__main__":
    main()
