"""How long all checks and tests take: `python -m measures.tests FILE`."""

import sys
from pathlib import Path

from measures import checkout
from measures.sheet import Sheet

TEST, MAX_SECONDS = "make test", 600


def main() -> None:
    """Runs them here, where the environments are made."""
    sheet = Sheet(Path(sys.argv[1]), [(TEST, f"< {MAX_SECONDS} s")])
    seconds = checkout.seconds(checkout.ROOT, "make", "test")
    sheet.put(TEST, f"{seconds:.0f} s", seconds < MAX_SECONDS)


if __name__ == "__main__":
    main()
