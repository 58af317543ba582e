"""The tear sheet in a browser: nothing sticks out of a phone or a desk, and light and dark are both there."""

from pathlib import Path
from typing import Final, Literal

import pytest

from handlers.ui.language import Languages
from handlers.ui.tearsheet import tearsheet
from tests.e2e.chromium import MISSING, a_phone
from tests.handlers.ui.test_tearsheet import SETUP, a_report

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)

TEXTS: Final = Languages("PAPER")
STICKS_OUT: Final = """() => [...document.querySelectorAll('main *')]
    .filter(one => !one.closest('.scroll') && !one.closest('svg') && one.getBoundingClientRect().right > innerWidth + 0.5)
    .map(one => one.outerHTML.slice(0, 80))"""
PICTURES: Final = "() => [...document.querySelectorAll('svg')].filter(one => one.getBoundingClientRect().height > 50).length"
LETTERS: Final = "() => getComputedStyle(document.body).color"
PAPER: Final = "() => getComputedStyle(document.body).backgroundColor"


@pytest.fixture(params=TEXTS.known)
def page_file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_text(tearsheet(TEXTS.texts(request.param), a_report(days=400), SETUP), encoding="utf-8")
    return path


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 768, 1200])
async def test_nothing_sticks_out_and_every_picture_is_seen(
    page_file: Path, width: int, theme: Literal["light", "dark"]
) -> None:
    async with a_phone(theme=theme, size=(width, 800)) as page:
        await page.goto(page_file.as_uri())

        assert await page.evaluate(STICKS_OUT) == []
        assert await page.evaluate("() => document.documentElement.scrollWidth") <= width
        assert await page.evaluate(PICTURES) == 3
        letters, paper = await page.evaluate(LETTERS), await page.evaluate(PAPER)

    assert (brightness(letters) < brightness(paper)) == (theme == "light")


def brightness(colour: str) -> int:
    """Of `rgb(r, g, b)`."""
    return sum(int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(","))
