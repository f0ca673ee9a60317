"""Writes docs/licences.md: under which licence each package is that the services ship. `python licences.py`."""

import json
import re
import subprocess
import sys
from pathlib import Path

from packaging.utils import canonicalize_name

from manifests import ROOT

PAGE = ROOT / "docs" / "licences.md"
SERVICES = ("model-deployment", "mlpipeline", "monitoring")
SHIPPED = ("default", "aws", "dask")  # categories of a Pipfile; `develop` stays at home
# What a licence is called in packages' metadata, in older ones by a classifier, and its name at SPDX.
SPDX = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "GNU Library or Lesser General Public License (LGPL)": "LGPL-3.0-or-later",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
# Where the metadata says nothing, or names a choice without saying that it is one: from the package's own files.
KNOWN = {
    "huey": "MIT",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "skops": "MIT",
    "sniffio": "Apache-2.0 OR MIT",
    "text-unidecode": "Artistic-1.0-Perl OR GPL-2.0-or-later",
    "uvloop": "Apache-2.0 OR MIT",
}
# Licences whose software may be passed on with this project's. Those that ask for the source of changes ask it of the
# package alone, which is passed on as it was published.
ALLOWED = {
    *("MIT", "MIT-0", "MIT-CMU", "ISC", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "PSF-2.0", "CNRI-Python"),
    *("Zlib", "CC0-1.0", "ZPL-2.1", "TCL", "Unlicense", "HPND", "MPL-2.0", "LGPL-3.0-or-later", "Artistic-1.0-Perl"),
}


def shipped() -> dict[str, list[str]]:
    """The packages that lock files name, by their canonical names, and the services that ship each."""
    found: dict[str, list[str]] = {}
    for service in SERVICES:
        lock = json.loads((ROOT / service / "Pipfile.lock").read_text(encoding="utf-8"))
        for name in {canonicalize_name(name) for category in SHIPPED for name in lock.get(category, {})}:
            found.setdefault(name, []).append(service)
    return found


def installed() -> dict[str, str]:
    """The licence of each package of the services' environments, by SPDX's name where it has one."""
    found = {}
    for service in SERVICES:
        python = ROOT / service / ".venv" / "bin" / "python"
        command = [Path(sys.executable).parent / "pip-licenses", "--python", python, "--format=json", "--with-system"]
        listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        for package in json.loads(listed):
            name = canonicalize_name(package["Name"])
            found[name] = KNOWN.get(name) or _spdx(package["License"])
    return found


def documented() -> dict[str, str]:
    """The licences that the page gives, by package."""
    rows = PAGE.read_text(encoding="utf-8").partition("|---|---|---|\n")[2]
    return dict(re.findall(r"^\| ([\w.-]+) \| (.+?) \|", rows, re.MULTILINE))


def is_allowed(licence: str) -> bool:
    """Whether software under this licence, an expression of SPDX, may be passed on with ours.

    Of a choice, one has to be allowed; of what holds together, each.
    """
    expression = licence.replace("(", "").replace(")", "")
    return all(any(each in ALLOWED for each in part.split(" OR ")) for part in expression.split(" AND "))


def table() -> str:
    """The rows of the page: all that lock files name; what is not for this platform stays as it was written."""
    licences = documented() | installed()
    services = shipped()
    unknown = sorted(services.keys() - licences.keys())
    if unknown:
        sys.exit(f"Not installed here, and not on the page: {', '.join(unknown)}. Write their rows by hand.")
    return "".join(f"| {name} | {licences[name]} | {', '.join(services[name])} |\n" for name in sorted(services))


def _spdx(given: str) -> str:
    first = given.splitlines()[0].strip()
    return SPDX.get(first, first)


def main() -> None:
    """Writes the page's table anew."""
    text = PAGE.read_text(encoding="utf-8")
    head, rule, _ = text.partition("|---|---|---|\n")
    PAGE.write_text(head + rule + table(), encoding="utf-8")


if __name__ == "__main__":
    main()
