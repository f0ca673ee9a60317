"""Measures the service beside others, on this machine: `python -m benchmarks [--only-floor] [--figures FILE]`.

Ends with 1 if an answer was lost or a server failed; a missed target is only shown.
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from benchmarks import environments, handed_on, report, session, wrk


def main() -> int:
    """Measures, and prints the report; progress is on stderr."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measures the service beside others.")
    parser.add_argument("--only-floor", action="store_true", help="leave out those that need environments of their own")
    parser.add_argument("--figures", type=Path, help="file to write the figures with targets to, as JSON")
    arguments = parser.parse_args()
    sheet = handed_on.sheet(arguments.figures)
    if not wrk.is_there():
        sys.exit("wrk, which makes the load, is missing: `apt-get install wrk` or `brew install wrk`.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped."))
    environments.FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="run-", dir=environments.FOLDER) as folder:
        results = session.measure(Path(folder), with_others=not arguments.only_floor)
    print(report.text(results))
    handed_on.fill(sheet, results)
    return 0 if results.is_sound else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Stopped.")
