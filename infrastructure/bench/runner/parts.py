"""The parts of the benchmark: what each runs, where, and with what environment."""

import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
HERE = ROOT / "infrastructure" / "bench"
TOOLS = sys.executable
ON_REQUEST = "tests"  # it takes as long as all the others together


@dataclass(frozen=True)
class Part:
    """A program that writes its figures to the file whose path ends its command; without one, it was not asked for."""

    name: str
    folder: Path = HERE
    command: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)


def choose(names: list[str], source: str) -> list[Part]:
    """The parts of these names, in the order of the table, or all; raises ValueError."""
    every = {part.name: part for part in _every(source)}
    if unknown := [name for name in names if name not in every]:
        raise ValueError(f"There is no part {', '.join(unknown)}: there are {', '.join(every)}.")
    if names:
        return [part for name, part in every.items() if name in names]
    return [Part(name) if name == ON_REQUEST else part for name, part in every.items()]


def absolute(source: str) -> str:
    """A file's path as another folder understands it; raises ValueError if there is no such file."""
    if source == "synthetic" or source.startswith(("http://", "https://")):
        return source
    file = Path(source).expanduser().resolve()
    if not file.is_file():
        raise ValueError(f"DATA_SOURCE={source} is no file; it is synthetic, or the path or URL of a CSV file.")
    return str(file)


def _every(source: str) -> list[Part]:
    def service(name: str, folder: str, *arguments: str, **environment: str) -> Part:
        command = (str(ROOT / folder / ".venv" / "bin" / "python"), "-m", "benchmarks", *arguments, "--figures")
        return Part(name, ROOT / folder, command, environment)

    return [
        service("training", "mlpipeline", absolute(source), "--scale"),
        service("service", "model-deployment"),
        # Its processes are as many as there are cores, so one thread each.
        service("monitoring", "monitoring", OMP_NUM_THREADS="1"),
        *(
            Part(name, HERE, (TOOLS, "-m", f"measures.{module}"))
            for name, module in (("local", "loop"), ("delivery", "delivery"), ("code", "code"), (ON_REQUEST, "tests"))
        ),
    ]
