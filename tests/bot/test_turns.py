"""Turns: one person's words in their order, and none of them behind a slow answer for long."""

import asyncio

from aiogram.fsm.storage.base import StorageKey

from bot.turns import Turns

ANN, BOB = StorageKey(1, 11, 11), StorageKey(1, 22, 22)


async def test_what_one_person_says_is_handled_in_order() -> None:
    turns, done = Turns(), list[str]()

    async def handled(text: str, steps: int) -> None:
        async with turns.lock(ANN):
            for _ in range(steps):
                await asyncio.sleep(0)
            done.append(text)

    await asyncio.gather(handled("one", 5), handled("two", 0), handled("three", 0))

    assert done == ["one", "two", "three"]


async def test_nobody_waits_for_another_person_or_long_for_their_own_last_answer() -> None:
    turns, slow = Turns(patience_s=0.01), asyncio.Event()

    async def stuck() -> None:
        async with turns.lock(ANN):
            await slow.wait()

    waiting = asyncio.create_task(stuck())
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        async with turns.lock(BOB):
            pass
        async with turns.lock(ANN):
            assert not waiting.done()

    slow.set()
    await waiting
