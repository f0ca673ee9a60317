"""Changes the modules that decide, a little at a time, and counts the changes that no test notices: `make mutants`.

`python infrastructure/mutants [SERVICE ...]`. All of it happens in copies; docs/quality.md tells what came of it.
"""

import configparser
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
NOTICED = ("killed", "timeout", "suspicious", "segfault", "caught by type check")
SURVIVED = ("survived", "no tests")


def main() -> None:
    """Prints the survivors of each service, and a table of all modules."""
    services = tomllib.loads((HERE / "modules.toml").read_text(encoding="utf-8"))["service"]
    asked = sys.argv[1:] or [service["name"] for service in services]
    lines = ["| module | mutants | noticed | survived |", "|---|---|---|---|"]
    for service in services:
        if service["name"] in asked:
            lines += _measure(service)
    print("\n".join(lines))


def _measure(service: dict) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = _copy(Path(folder), service)
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


def _copy(folder: Path, service: dict) -> Path:
    """The repository's files, the service's environment and settings of mutmut; the service's folder."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    copy = folder / service["name"]
    (copy / ".venv").symlink_to(ROOT / service["name"] / ".venv")
    settings = configparser.ConfigParser()
    beside = [file.name for file in copy.iterdir() if file.name not in (service["package"], ".venv")]
    settings["mutmut"] = {
        "source_paths": service["package"],
        "only_mutate": _several(service["modules"]),
        "pytest_add_cli_args_test_selection": _several(service["tests"]),
        "pytest_add_cli_args": _several(["--import-mode=importlib"]),
        "also_copy": _several(beside),
    }
    with open(copy / "setup.cfg", "w", encoding="utf-8") as file:
        settings.write(file)
    return copy


def _several(values: list[str]) -> str:
    return "\n".join(["", *values])


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


if __name__ == "__main__":
    main()
