"""`python -m benchmarks` measures error rates, scale and dashboards; one of their names after it, that alone."""

import argparse
from pathlib import Path

from benchmarks import dashboards, error_rates, scale
from benchmarks.sheet import Sheet

PARTS = {"error-rates": error_rates, "scale": scale, "dashboards": dashboards}


def main() -> None:
    """Measures, and prints tables in Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(PARTS))
    parser.add_argument("--figures", type=Path, help="file to write the figures with targets to, as JSON")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(PARTS):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    parts = [PARTS[name] for name in asked.names or PARTS]
    sheet = Sheet(asked.figures, [target for part in parts for target in part.TARGETS])
    for part in parts:
        measured = part.measure()
        print(part.table(measured), flush=True)
        for figure in part.figures(measured):
            sheet.put(*figure)


if __name__ == "__main__":
    main()
