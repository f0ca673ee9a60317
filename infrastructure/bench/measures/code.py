"""The code itself: `python -m measures.code FILE`."""

import shutil
import sys
from pathlib import Path

from measures import checkout
from measures.sheet import Sheet

MADE = "make environments, from a fresh checkout, with packages in caches"
SIZE = "the files that git tracks"


def main() -> None:
    """Measures both, neither of which has a target."""
    sheet = Sheet(Path(sys.argv[1]), [(SIZE, ""), (MADE, "")])
    if not (checkout.ROOT / ".git").exists() or not shutil.which("git"):
        for what in (SIZE, MADE):
            sheet.put(what, "not measured: this is no checkout of git", None)
        return
    files = checkout.files()
    megabytes = sum((checkout.ROOT / file).stat().st_size for file in files) / 1e6
    sheet.put(SIZE, f"{megabytes:.1f} MB, {len(files):,} files", None)
    with checkout.fresh("code") as folder:
        sheet.put(MADE, f"{checkout.seconds(folder, 'make', 'environments'):.0f} s", None)


if __name__ == "__main__":
    main()
