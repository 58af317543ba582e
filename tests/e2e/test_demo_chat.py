"""The demo as its owner meets it: the chat page in a browser, from START to a position closed by a button and a why."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.e2e.chromium import MISSING, a_phone

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = [pytest.mark.skipif(bool(MISSING), reason=MISSING), pytest.mark.timeout(180)]

EAGER: Final = ("--set", "activation_threshold=0.3", "adx_minimum=0", "stable_bars=0", "--speed", "90", "--seed", "3")
PATIENT: Final = ("--set", "stop_atr_multiplier=9", "take_profit_multiplier=20")  # nothing but the owner ends the position
WORDS: Final = {
    "en": {"run": "Start trading", "enter": "Enter $", "close": "✖ Close", "closed": "Closed by you", "why": "Why ETHUSDT"},
    "ru": {"run": "Начать", "enter": "Войти", "close": "✖ Закрыть", "closed": "Закрыто вами", "why": "Почему ETHUSDT"},
}


@asynccontextmanager
async def a_demo(language: str, folder: Path) -> AsyncIterator[str]:
    """Run the demo on free ports; give the chat page's address."""
    options = ("-m", "bot", "demo", "--port", "0", "--lang", language, "--folder", str(folder), *EAGER, *PATIENT)
    process = await asyncio.create_subprocess_exec(
        sys.executable, *options, stdout=asyncio.subprocess.PIPE, env=os.environ | {"PYTHONUNBUFFERED": "1"}
    )
    assert process.stdout is not None
    try:
        async for line in process.stdout:
            found = re.search(r"http://127\.0\.0\.1:\d+/", line.decode())
            if found:
                yield found[0]
                return
        raise AssertionError("the demo ended before its chat page was up")
    finally:
        process.send_signal(signal.SIGINT)
        await process.communicate()


async def say(page: "Page", text: str) -> None:
    """Type a message and send it."""
    box = page.locator("textarea").last
    await box.fill(text)
    await box.press("Enter")


@pytest.mark.parametrize("language", list(WORDS))
async def test_an_owner_starts_confirms_closes_and_asks_why(language: str, tmp_path: Path) -> None:
    words = WORDS[language]
    async with a_demo(language, tmp_path) as address, a_phone() as page:
        await page.goto(address)
        await page.get_by_role("button", name="START").click()
        await page.locator("button", has_text=words["run"]).last.click()

        await page.locator("button", has_text=words["enter"]).last.click(timeout=90_000)
        await page.get_by_text("#T1", exact=False).first.wait_for(timeout=30_000)
        await page.locator("button", has_text=words["close"]).last.click()
        await page.get_by_text(words["closed"], exact=False).first.wait_for(timeout=30_000)
        await say(page, "/why")

        await page.get_by_text(words["why"], exact=False).last.wait_for(timeout=30_000)


async def test_a_setting_is_looked_at_before_it_is_set(tmp_path: Path) -> None:
    async with a_demo("en", tmp_path) as address, a_phone() as page:
        await page.goto(address)
        await page.get_by_role("button", name="START").click()
        await say(page, "/whatif activation_threshold=0.5")
        await page.get_by_text("Last 7 days", exact=False).first.wait_for(timeout=120_000)
        await page.locator("button", has_text="Discard").last.click()
        await page.get_by_text("Nothing was changed", exact=False).first.wait_for(timeout=30_000)

        await say(page, "/threshold")
        await page.locator("img:visible").last.wait_for(timeout=60_000)
        await page.locator("button", has_text="0.40").last.click()
        await page.locator("button", has_text="Set 0.40").last.wait_for(timeout=30_000)
        await say(page, "/shadow activation_threshold=0.4")

        await page.get_by_text("it sends no orders", exact=False).last.wait_for(timeout=30_000)
