"""`python -m benchmarks` measures error rates and scale; `error-rates` or `scale` after it, one of them."""

import sys

from benchmarks import error_rates, scale


def main() -> None:
    """Measures, and prints tables in Markdown."""
    wanted = sys.argv[1:] or ["error-rates", "scale"]
    for name in wanted:
        print({"error-rates": error_rates.table, "scale": scale.table}[name](), flush=True)


if __name__ == "__main__":
    main()
