"""`make bench`: measures all that was asked for, or the parts that are named, and prints one table in Markdown.

python infrastructure/bench [training service monitoring local delivery code tests]

DATA_SOURCE is the training data. It ends with 1 if a part failed; a target that is missed is only shown.
"""

import fcntl
import os
import signal
import sys

from runner import parts, run, table
from runner.machine import Machine


def main() -> int:
    """Runs one part after another; progress is on stderr, and the table on stdout."""
    try:
        chosen = parts.choose(sys.argv[1:], os.environ.get("DATA_SOURCE") or "synthetic")
    except ValueError as error:
        sys.exit(f"{error}")
    for number in run.STOPS:
        signal.signal(number, lambda *_: sys.exit("Stopped."))  # which lets `run` end what it has started
    run.FOLDER.mkdir(parents=True, exist_ok=True)
    with open(run.FOLDER / "lock", "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("Another `make bench` runs here.")
        machine, outcomes = Machine.now(), []
        for part in chosen:
            outcomes.append(run.one(part))
            _keep(machine, outcomes)  # each time, since it may be stopped
    print(table.markdown(machine, outcomes), end="")
    return 1 if any(outcome.failure for outcome in outcomes) else 0


def _keep(machine: Machine, outcomes: list[run.Outcome]) -> None:
    (run.FOLDER / "table.md").write_text(table.markdown(machine, outcomes), encoding="utf-8")
    (run.FOLDER / "table.json").write_text(table.as_json(machine, outcomes), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
