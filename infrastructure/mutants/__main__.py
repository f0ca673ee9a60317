"""Changes the modules that decide, a little at a time, and counts the changes that no test notices: `make mutants`.

`python infrastructure/mutants [SERVICE ...]`. All of it happens in copies; docs/quality.md tells what came of it.
"""

import sys
import tomllib
from pathlib import Path

import survivors

MODULES = Path(__file__).resolve().parent / "modules.toml"


def main() -> None:
    """Prints the survivors of each service, and a table of all modules."""
    services = tomllib.loads(MODULES.read_text(encoding="utf-8"))["service"]
    asked = sys.argv[1:] or [service["name"] for service in services]
    lines = ["| module | mutants | noticed | survived |", "|---|---|---|---|"]
    for service in services:
        if service["name"] in asked:
            lines += survivors.measure(service)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
