"""Headless Chromium for tests of pages: a phone's screen, its own profile, no connection to anywhere but loopback.

Needs the dependency group `e2e` and a Chromium on PATH; without them `MISSING` says what to install, and tests skip.
"""

import importlib.util
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from playwright.async_api import Page

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE: Final = (390, 844)
PATIENCE_MS: Final = 15_000


def _missing() -> str:
    if importlib.util.find_spec("playwright") is None:
        return "playwright is not installed: uv sync --group e2e"
    if not any(map(shutil.which, NAMES)):
        return "no Chromium on PATH: apt-get install chromium"
    return ""


MISSING: Final = _missing()


@asynccontextmanager
async def a_phone(*, theme: Literal["light", "dark"] = "light", size: tuple[int, int] = PHONE) -> "AsyncIterator[Page]":
    """Open a browser with one page. A script error or a complaint of the console fails the test at the end."""
    from playwright.async_api import async_playwright

    complaints: list[str] = []
    path = next(filter(None, map(shutil.which, NAMES)))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, headless=True, args=list(FLAGS))
        try:
            context = await browser.new_context(
                viewport={"width": size[0], "height": size[1]}, device_scale_factor=2, has_touch=True, color_scheme=theme
            )
            page = await context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda line: complaints.append(line.text) if line.type in ("error", "warning") else None)
            yield page
        finally:
            await browser.close()
    assert complaints == []
