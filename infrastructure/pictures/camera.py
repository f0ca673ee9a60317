"""A browser without a window, and pictures of what it shows, in few colours so that the files are small."""

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Error, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
WIDTH, HEIGHT = 1280, 800
COLOURS = 128
SECONDS = 60


class CannotSee(Exception):
    """There is no browser, or a page does not show what it should."""


@contextmanager
def browser(path: str | None) -> Iterator[Browser]:
    """The Chromium at `path`, or on PATH, or Playwright's own; raises CannotSee if there is none."""
    found = path or next(filter(None, map(shutil.which, NAMES)), None)
    # Chromium's sandbox refuses root.
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        try:
            opened = playwright.chromium.launch(executable_path=found, args=options)
        except Error as error:
            raise CannotSee(
                f"{found or 'A Chromium'} does not start. Set CHROMIUM to the path of one, or get one with "
                f"`.local/pictures/bin/playwright install chromium`.\n{error.message.splitlines()[0]}"
            ) from error
        try:
            yield opened
        finally:
            opened.close()


class Camera:
    """Opens pages, and takes pictures of them."""

    def __init__(self, opened: Browser, folder: Path):
        self._context = opened.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        self._context.set_default_timeout(SECONDS * 1000)
        self._folder = folder

    def open(self, address: str, *texts: str) -> Page:
        """A page, once it shows these texts; raises CannotSee if it never does."""
        page = self._context.new_page()
        try:
            page.goto(address)
            for text in texts:
                page.get_by_text(text).first.wait_for()
        except Error as error:
            raise CannotSee(f"{address} does not show {texts}: {error.message.splitlines()[0]}") from error
        return page

    def take(self, page: Page, name: str, clip: tuple[int, int, int, int] | None = None) -> Path:
        """A picture of what the page shows now, or of a part of it (left, top, width, height)."""
        page.wait_for_timeout(1500)  # until movements have come to their end
        parts = dict(zip(("x", "y", "width", "height"), clip)) if clip else None
        shot = Image.open(io.BytesIO(page.screenshot(clip=parts)))
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._folder / f"{name}.png"
        shot.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
        return file
