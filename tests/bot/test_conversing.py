"""Telegram stops nothing: whatever breaks in the conversation, it comes back."""

import asyncio
import importlib
import sys
import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot import conversing
from bot.conversing import converse
from bot.ending import IMPORTING

NOTHING = cast(Any, None)
HOUSE = cast(Any, SimpleNamespace(settings=None))


async def test_a_conversation_that_breaks_off_starts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tries, talking = list[str](), asyncio.Event()

    async def talk(*parts: object) -> None:
        tries.append("talk")
        if len(tries) < 4:
            raise ValueError("broken")
        talking.set()
        await asyncio.Event().wait()

    def imported(name: str) -> SimpleNamespace:
        tries.append("import")
        if len(tries) == 1:
            raise ImportError("half a module")
        return SimpleNamespace(talk=talk, code_check=lambda settings: None)

    monkeypatch.setattr(importlib, "import_module", imported)
    monkeypatch.setattr(conversing, "FIRST_PAUSE_S", 0.0)
    conversation = asyncio.create_task(converse(HOUSE, NOTHING, NOTHING))

    await asyncio.wait_for(talking.wait(), 5)
    conversation.cancel()
    await asyncio.wait([conversation])

    assert tries == ["import", "import", "talk", "import", "talk"]


async def test_what_is_known_of_codes_outlives_a_conversation_that_breaks_off(monkeypatch: pytest.MonkeyPatch) -> None:
    made, used, talking = list[object](), list[object](), asyncio.Event()

    def code_check(settings: object) -> object:
        made.append(object())
        return made[-1]

    async def talk(house: object, keeping: object, line: object, factor: object) -> None:
        used.append(factor)
        if len(used) < 3:
            raise ValueError("broken")
        talking.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(importlib, "import_module", lambda name: SimpleNamespace(talk=talk, code_check=code_check))
    monkeypatch.setattr(conversing, "FIRST_PAUSE_S", 0.0)
    conversation = asyncio.create_task(converse(HOUSE, NOTHING, NOTHING))

    await asyncio.wait_for(talking.wait(), 5)
    conversation.cancel()
    await asyncio.wait([conversation])

    assert len(made) == 1
    assert used == made * 3


async def test_the_end_waits_for_no_import(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on, before_s = threading.Event(), threading.Event(), sys.getswitchinterval()

    def imported(name: str) -> SimpleNamespace:
        begun.set()
        go_on.wait(10)
        return SimpleNamespace()

    monkeypatch.setattr(importlib, "import_module", imported)
    conversation = asyncio.create_task(converse(HOUSE, NOTHING, NOTHING))
    await asyncio.to_thread(begun.wait, 5)
    importing = next(thread for thread in threading.enumerate() if thread.name.startswith(IMPORTING))

    conversation.cancel()
    await asyncio.wait_for(asyncio.wait([conversation]), 5)

    assert importing.is_alive()
    assert importing.daemon  # the interpreter's end waits for the others
    assert sys.getswitchinterval() == pytest.approx(before_s)
    go_on.set()
    await asyncio.to_thread(importing.join, 5)
    assert not importing.is_alive()
