"""Takes the pictures of docs/pictures from what runs on this machine: `make pictures`."""

import os
import sys
from pathlib import Path

from playwright.sync_api import Error

import pages
from camera import Camera, CannotSee, browser

ROOT = Path(__file__).resolve().parents[2]
LOCAL = Path(os.environ.get("LOCAL_DIR") or ROOT / ".local")


def main() -> None:
    """Takes them all, and says how large each is."""
    try:
        shown = pages.find(LOCAL)
        with browser(os.environ.get("CHROMIUM")) as opened:
            for take in pages.ALL:
                for file in take(Camera(opened, ROOT / "docs" / "pictures"), shown):
                    print(f"{file.relative_to(ROOT)}: {file.stat().st_size / 1024:.0f} KB", flush=True)
    except (CannotSee, Error) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
