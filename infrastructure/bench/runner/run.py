"""Runs a part: its output goes to a log, its figures to a file, and all that it starts ends with it."""

import os
import signal
import subprocess
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from runner import rows
from runner.machine import Others
from runner.parts import ON_REQUEST, ROOT, Part
from runner.rows import Row

FOLDER = ROOT / ".local" / "bench"
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LONGEST_SECONDS = 3600
GRACE_SECONDS = 90  # a whole stack may have to be stopped
MARK = "BENCHMARK"  # an environment variable of all that a part starts
# Settings of the services and of make, which would lead a part elsewhere.
SETTINGS = ("DB_", "PREFECT_", "MLFLOW_", "MAKE", "MFLAGS", "RUN_ID", "TRACKING_URI", "DATA_", "GRAFANA_", "LOCAL_DIR")
console = Console(stderr=True, highlight=False)


@dataclass(frozen=True)
class Outcome:
    """What a part gave. `failure` says what went wrong, and is empty otherwise."""

    part: str
    rows: list[Row]
    failure: str = ""
    seconds: float = 0.0
    others: float | None = None  # cores that other programs used meanwhile


def one(part: Part) -> Outcome:
    """Runs a part to its end, whatever that is."""
    if not part.command:
        return Outcome(part.name, rows.missing(f"ask with ONLY={ON_REQUEST}"))
    log, figures = FOLDER / f"{part.name}.log", FOLDER / f"{part.name}.json"
    figures.unlink(missing_ok=True)
    console.print(f"{part.name}: the log is {log}", soft_wrap=True)
    began, others = time.monotonic(), Others()
    failure = _run(part, figures, log)
    seconds, busy = time.monotonic() - began, others.cores()
    console.print(f"{part.name}: {failure or 'done'}, {seconds:.0f} s", soft_wrap=True, markup=False)
    return Outcome(part.name, rows.read(figures, failure or "it is not in what the part gave"), failure, seconds, busy)


def environment(part: Part, mark: str) -> dict[str, str]:
    """The user's, but for what the part has to decide itself."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
    return kept | {"PYTHONUNBUFFERED": "1", MARK: mark} | part.environment


def _run(part: Part, figures: Path, log: Path) -> str:
    mark = uuid.uuid4().hex
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with open(log, "w", encoding="utf-8") as output, Progress(*columns, console=console, transient=True) as progress:
        progress.add_task(part.name, total=None)
        process = None
        try:
            # `_end` ends it.
            process = subprocess.Popen(  # pylint: disable=consider-using-with,subprocess-popen-preexec-fn
                [*part.command, str(figures)],
                cwd=part.folder,
                env=environment(part, mark),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_listen_to_ctrl_c,
            )
            code = process.wait(LONGEST_SECONDS)
        except OSError as error:
            return f"it did not start: {error}"
        except subprocess.TimeoutExpired:
            return f"it took longer than {LONGEST_SECONDS} s"
        finally:
            _end(process, mark)
    return f"it ended with code {code}: {last_line(log)}" if code else ""


def _listen_to_ctrl_c() -> None:
    """A shell's background programs ignore SIGINT, and so would the part, which is ended with it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _end(process: subprocess.Popen | None, mark: str) -> None:
    """Ends a program as Ctrl-C does, so that it cleans up, and then what is left of all that it has started."""
    handlers = {number: signal.signal(number, signal.SIG_IGN) for number in STOPS}  # nothing cuts the end short
    try:
        if process and process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for left in marked(mark):
            _kill(left)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        pass


def marked(mark: str) -> list[psutil.Process]:
    """The processes that carry this mark, which were started by one that does."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark:
                found.append(process)
        except (psutil.Error, OSError):
            pass  # somebody else's, or it has just ended
    return found


def last_line(log: Path) -> str:
    """The last line of a log that says something, which usually is what was wrong."""
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it said nothing"
