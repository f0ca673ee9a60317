"""What the user of `make run` sees: a line a step, with the time it took, and tables."""

import time
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

import psutil
from rich.console import Console
from rich.markup import escape
from rich.status import Status

LOG_LINES_SHOWN = 8
LOG_COLUMNS_SHOWN = 400
# What Python says of a package that is not there whole, or is for another machine.
DAMAGED = (
    *("No module named", "ImportError", "invalid ELF header", "wrong ELF class", "incompatible architecture"),
    "cannot open shared object file",
)
# What Python and the loader of its libraries say where there is no memory, or a limit on it: nothing is damaged then.
WITHOUT_MEMORY = ("MemoryError", "Cannot allocate memory", "failed to map segment from shared object")
NEEDS_MEMORY = "It found too little memory: close what else runs, or raise the limit (ulimit -v), and run this again."
MENDED_BY = (
    "An environment seems to be damaged. Delete them, and run this again, which makes them anew:\n"
    "rm -rf mlpipeline/.venv model-deployment/.venv monitoring/.venv"
)
out = Console(highlight=False)
_UNICODE = out.encoding.lower().startswith("utf")
DONE, FAILED = ("✓", "✗") if _UNICODE else ("ok", "FAILED")


class StepFailed(Exception):
    """A step did not succeed; the message says what failed, and where its log is."""

    def __init__(self, message: str, log: Path | None = None):
        self.log = log
        if log:
            lines = tail(log)
            message += f"\nThe log is {log}; it ends:\n" + "\n".join(
                f"    {line[:LOG_COLUMNS_SHOWN]}" for line in lines
            )
        if any(sign in message for sign in WITHOUT_MEMORY):
            message += f"\n{NEEDS_MEMORY}"
        elif any(sign in message for sign in DAMAGED):
            message += f"\n{MENDED_BY}"
        super().__init__(message)


class Step:
    """A step under way. What is assigned to `result` stands on its line when it is done.

    One that others can do without may set `failed`, rather than raise StepFailed, and say why in `result`.
    """

    def __init__(self, title: str, status: Status) -> None:
        self.result = ""
        self.failed = False
        self._title, self._status = title, status

    def say_task(self, name: str, seconds: float, is_part: bool = False) -> None:
        """Prints a line for a task of the step that is done; one that is part of another only passes by until then."""
        if is_part:
            self._status.update(f"{escape(self._title)}: {escape(name)}")
        else:
            self._status.update(escape(self._title))
            out.print(f"    {escape(name)} [dim]{seconds:.1f} s[/]")


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Shows a step while its block runs, then one line with its result and time."""
    started = time.monotonic()
    with out.status(escape(title), spinner="dots" if _UNICODE else "line") as status:
        current = Step(title, status)
        try:
            yield current
        except BaseException:
            out.print(f"[red]{FAILED}[/] {escape(title)} [dim]{time.monotonic() - started:.1f} s[/]")
            raise
    result = f": {escape(current.result)}" if current.result else ""
    mark = f"[red]{FAILED}[/]" if current.failed else f"[green]{DONE}[/]"
    out.print(f"{mark} {escape(title)}{result} [dim]{time.monotonic() - started:.1f} s[/]", soft_wrap=True)


def table(rows: dict[str, object], title: str = "") -> None:
    """Prints names and what they stand for, one a line."""
    if title:
        out.print(f"    {title}")
    width = max(map(len, rows))
    for name, value in rows.items():
        out.print(f"    [bold]{escape(name.ljust(width))}[/]  {escape(str(value))}", soft_wrap=True)


def note(message: str) -> None:
    """Prints what is worth knowing."""
    out.print(escape(message), soft_wrap=True)


def warning(message: str) -> None:
    """Prints what is not as it was wanted."""
    out.print(f"[yellow]{escape(message)}[/]", soft_wrap=True)


def error(message: str) -> None:
    """Prints what went wrong."""
    out.print(f"[red]{escape(message)}[/]", soft_wrap=True)


def seconds_since_start() -> float:
    """How long the user has been waiting: since this process began, on a bare Python, to make its tools."""
    return time.time() - psutil.Process().create_time()


def tail(log: Path) -> list[str]:
    """The last lines of a log."""
    if not log.is_file():
        return ["(it is empty)"]
    return log.read_text(encoding="utf-8", errors="replace").rstrip().splitlines()[-LOG_LINES_SHOWN:]
