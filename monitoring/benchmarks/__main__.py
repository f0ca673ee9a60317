"""`python -m benchmarks` measures error rates, scale and dashboards; one of their names after it, that alone."""

import sys

from benchmarks import dashboards, error_rates, scale

TABLES = {"error-rates": error_rates.table, "scale": scale.table, "dashboards": dashboards.table}


def main() -> None:
    """Measures, and prints tables in Markdown."""
    for name in sys.argv[1:] or TABLES:
        print(TABLES[name](), flush=True)


if __name__ == "__main__":
    main()
