"""The copy of the repository that mutmut changes."""

import configparser
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def make(folder: Path, service: dict) -> Path:
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
