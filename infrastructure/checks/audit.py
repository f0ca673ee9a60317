"""Asks OSV whether what the lock files name has known vulnerabilities: `python audit.py`.

ACCEPTED names those that do not concern this project, and why. One that is accepted and no longer found is an error,
too, so that the list does not outlive its reasons.
"""

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path

from manifests import ROOT

ACCEPTED = Path(__file__).with_name("accepted_vulnerabilities.toml")
SERVICES = ("mlpipeline", "model-deployment", "monitoring")
REQUIREMENTS = sorted((ROOT / "infrastructure").glob("*/requirements.txt"))


class CannotAsk(Exception):
    """The service of vulnerabilities did not answer."""


def locked() -> dict[str, list[str]]:
    """All that is locked, as `name==version`, and the files that name it."""
    found: dict[str, list[str]] = {}
    for service in SERVICES:
        lock = json.loads((ROOT / service / "Pipfile.lock").read_text(encoding="utf-8"))
        names = {f"{name}{package['version']}" for category in lock.values() for name, package in _packages(category)}
        for name in names:
            found.setdefault(name, []).append(f"{service}/Pipfile.lock")
    for file in REQUIREMENTS:
        for line in file.read_text(encoding="utf-8").splitlines():
            if "==" in line and not line.lstrip().startswith("#"):
                name = line.split(";")[0].rstrip(" \\")
                found.setdefault(name, []).append(str(file.relative_to(ROOT)))
    return found


def _packages(category: dict) -> Iterable[tuple[str, dict]]:
    return ((name, package) for name, package in category.items() if isinstance(package, dict) and "version" in package)


def ask(names: Iterable[str], address: str | None = None) -> dict[str, dict[str, str]]:
    """The vulnerabilities of each package, as id and in which version it is mended; raises CannotAsk."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write("\n".join(names))
        file.flush()
        command = [Path(sys.executable).parent / "pip-audit", "--requirement", file.name, "--no-deps", "--disable-pip"]
        command += ["--strict", "--vulnerability-service=osv", "--format=json", "--progress-spinner=off"]
        command += [f"--osv-url={address}"] if address else []
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    if not done.stdout:
        raise CannotAsk(done.stderr.strip().splitlines()[-1])
    found: dict[str, dict[str, str]] = {}
    for package in json.loads(done.stdout)["dependencies"]:
        for each in package["vulns"]:
            mended = ", ".join(each["fix_versions"]) or "no version"
            found.setdefault(f"{package['name']}=={package['version']}", {})[each["id"]] = mended
    return found


def complaints(found: dict[str, dict[str, str]], accepted: dict[str, str], files: dict[str, list[str]]) -> list[str]:
    """What is to be done: a line for each vulnerability that is not accepted, and for each that is and is gone."""
    said = [
        f"{package} in {', '.join(files[package])}: {each}, mended in {mended}"
        for package, each, mended in (
            (package, each, found[package][each]) for package in found for each in found[package]
        )
        if each not in accepted
    ]
    still = {each for vulnerabilities in found.values() for each in vulnerabilities}
    gone = [
        f"{each} is accepted and no longer found: take it out of {ACCEPTED.name}"
        for each in accepted
        if each not in still
    ]
    return said + gone


def main() -> None:
    """Prints what is to be done, and ends with 1 if there is anything."""
    files = locked()
    try:
        found = ask(files)
    except CannotAsk as error:
        sys.exit(f"Nothing was checked, since osv.dev did not answer: {error}")
    accepted = tomllib.loads(ACCEPTED.read_text(encoding="utf-8"))
    if said := complaints(found, accepted, files):
        sys.exit("\n".join(said))
    print(f"{len(files)} packages, {len(accepted)} accepted vulnerabilities, no others.")


if __name__ == "__main__":
    main()
