"""The doctor in a world of its own: a sound installation has no fault, and each fault is one line that says what to do."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiogram.exceptions import TelegramAPIError, TelegramNetworkError, TelegramNotFound, TelegramUnauthorizedError
from aiogram.methods import GetMe

from bot import telegram
from bot.doctor import Weight, _chat, doctor
from tests.bot.conftest import TOKEN, Read
from tests.bot.world import SECRET, a_world


async def test_a_sound_installation_has_no_fault(read: Read, tmp_path: Path) -> None:
    said: list[str] = []
    async with a_world(tmp_path) as (_, variables):
        code = await doctor(read(**variables), said.append)

    assert code == 0, said
    assert all(line.startswith("✅") for line in said), said
    assert any("would take" in line for line in said)


async def test_each_fault_is_one_line_that_says_what_to_do(read: Read, tmp_path: Path) -> None:
    said: list[str] = []
    async with a_world(tmp_path, hedge_mode=True) as (_, variables):
        wrong = {"SYMBOLS": "NOSUCHUSDT,ETHUSDT", "TELEGRAM_BOT_TOKEN": "123456:AAaaBBbbCCccDDddEE"}
        code = await doctor(read(**variables | wrong), said.append)

    faults = [line for line in said if line.startswith("❌")]
    assert code == 1
    assert [word in " ".join(faults) for word in ("NOSUCHUSDT", "one-way", "TELEGRAM_BOT_TOKEN")] == [True, True, True], said
    assert not any(SECRET in line for line in said)


async def test_a_key_that_is_refused_is_told_with_the_settings_to_look_at(read: Read, tmp_path: Path) -> None:
    said: list[str] = []
    async with a_world(tmp_path) as (_, variables):
        code = await doctor(read(**variables | {"BINANCE_API_SECRET": "w" * 64}), said.append)

    assert code == 1
    assert [("-1022" in line, "BINANCE_API_SECRET" in line) for line in said if line.startswith("❌")] == [(True, True)], said
    assert not any("w" * 64 in line for line in said)


async def at_once() -> None:
    return


@pytest.mark.parametrize(
    ("error", "weight"),
    [
        (TelegramUnauthorizedError(GetMe(), "Unauthorized"), Weight.FAULT),
        (TelegramNotFound(GetMe(), "Not Found"), Weight.FAULT),
        (TelegramNetworkError(GetMe(), "away"), Weight.DOUBT),
    ],
    ids=["a revoked token", "a token of a wrong shape", "the network"],
)
async def test_a_token_that_telegram_refuses_is_a_fault_and_its_absence_a_doubt(
    read: Read, monkeypatch: pytest.MonkeyPatch, error: TelegramAPIError, weight: Weight
) -> None:
    async def get_me() -> Any:
        raise error

    bot = SimpleNamespace(get_me=get_me, session=SimpleNamespace(close=at_once))
    monkeypatch.setattr(telegram, "make_bot", lambda settings, pace: bot)

    findings = [finding async for finding in _chat(read(TELEGRAM_BOT_TOKEN=TOKEN, TELEGRAM_OWNER_IDS="11"))]

    assert [finding.weight for finding in findings] == [weight]
    assert ("TELEGRAM_BOT_TOKEN" in findings[0].text) == (weight is Weight.FAULT)
