"""Runs mutmut in a copy of a service, and counts what its tests noticed of each module."""

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import copies

NOTICED = ("killed", "timeout", "suspicious", "segfault", "caught by type check")
SURVIVED = ("survived", "no tests")


def measure(service: dict) -> list[str]:
    """Prints the changes that survive in the modules of a service; gives a row of the table for each module."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = copies.make(Path(folder), service)
        print(f"{service['name']}: {', '.join(service['modules'])}", flush=True)
        _mutmut(copy, "run", check=True)
        results = re.findall(
            r"^\s*(\S+): ([a-z ]+)$", _mutmut(copy, "results", "--all", "true", capture=True), re.MULTILINE
        )
        for name, came in results:
            if came in SURVIVED:
                shown = _mutmut(copy, "show", name, capture=True)
                print(f"{name}: {came}", *re.findall(r"^[-+] .*$", shown, re.MULTILINE), sep="\n")
    return [_row(module, results) for module in service["modules"]]


def _mutmut(copy: Path, *arguments: str, check: bool = False, capture: bool = False) -> str:
    """Runs mutmut, which is in an environment of its own, with the service's Python, which has what its tests need."""
    packages = next((Path(sys.prefix) / "lib").glob("python*/site-packages"))
    done = subprocess.run(
        [".venv/bin/python", "-m", "mutmut", *arguments],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(packages)},
        check=check,
        stdout=subprocess.PIPE if capture else None,
        text=True,
    )
    return done.stdout or ""


def _row(module: str, results: list[tuple[str, str]]) -> str:
    prefix = module.removesuffix(".py").replace("/", ".") + "."
    came = Counter(came for name, came in results if name.startswith(prefix))
    noticed, survived = (sum(came[each] for each in kinds) for kinds in (NOTICED, SURVIVED))
    return f"| `{module}` | {noticed + survived} | {noticed} | {survived} |"
