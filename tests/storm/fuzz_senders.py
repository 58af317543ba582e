"""Every registered handler, tried by every kind of sender: the owner reaches each of them, and nobody else reaches any (I6)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiogram.dispatcher.event.handler import HandlerObject

from handlers.consent import ASKED
from tests.storm.fuzz_updates import OWNER, SENDERS, Room, handlers_of

KINDS: Final = ("message", "callback_query")


class Reached:
    """Counts how often each handler was reached."""

    def __init__(self, room: Room) -> None:
        self.handlers = [handler for kind in KINDS for handler in handlers_of(room.router, kind)]
        self.times = dict.fromkeys(range(len(self.handlers)), 0)
        for number, handler in enumerate(self.handlers):
            handler.callback = self._counting(number, handler)

    def _counting(self, number: int, handler: HandlerObject) -> Callable[..., Awaitable[Any]]:
        inner = handler.callback

        async def counted(*given: Any, **named: Any) -> Any:
            self.times[number] += 1
            return await inner(*given, **named)

        return counted

    def names(self, *, reached: bool) -> list[str]:
        """The handlers that were, or were not, reached."""
        return [f"{number} {self.handlers[number]}" for number, times in self.times.items() if bool(times) is reached]


async def walked() -> tuple[list[str], list[str], int]:
    """What strangers reached, what the owner did not, and how many handlers there are."""
    faults = list[str]()
    strangers = Reached(room := Room(1))
    for sender in SENDERS[1:]:
        faults += await _all_of(room, sender)
    owners = Reached(room := Room(2))
    faults += await _all_of(room, "owner")
    return faults + strangers.names(reached=True), owners.names(reached=False), len(owners.handlers)


async def _all_of(room: Room, sender: str) -> list[str]:
    """Every text and every button by one kind of sender; what was wrong."""
    faults, may_act = list[str](), sender == "owner"
    with room.watched():
        for text in room.texts:
            faults.append(await room.feed(room.update(sender, text=text), may_act=may_act))
        for data in room.buttons:
            faults.append(await room.feed(room.update(sender, data=data), may_act=may_act))
        room.link.client.hashes.setdefault("autobot:users", {})[f"{OWNER}:value:{ASKED}"] = "a-token"
        faults.append(await room.feed(room.update(sender, text="1234"), may_act=may_act))
    return [f"{sender}: {fault}" for fault in faults if fault]


def walk() -> tuple[list[str], list[str], int]:
    """The same from outside a loop."""
    return asyncio.run(walked())
