"""All that happened in the chats, in order and numbered. The page, the tests and the played owner read it alike."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final

MAX_EVENTS: Final = 20_000

type Event = dict[str, Any]


class Transcript:
    """Keeps the newest events. An event is a JSON object with `seq`, `time_ms`, `chat_id` and `kind`."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.seq = 0
        self._clock = clock
        self._events: deque[Event] = deque(maxlen=MAX_EVENTS)
        self._news = asyncio.Event()

    def add(self, kind: str, chat_id: int, **facts: Any) -> None:
        """Write down what happened and wake who waits for it. Chat 0 means all of them."""
        self.seq += 1
        self._events.append({"seq": self.seq, "time_ms": int(self._clock() * 1000), "chat_id": chat_id, "kind": kind, **facts})
        news, self._news = self._news, asyncio.Event()
        news.set()

    def since(self, seq: int, chat_id: int | None = None) -> list[Event]:
        """Give what came after a number, oldest first."""
        found: list[Event] = []
        for event in reversed(self._events):
            if event["seq"] <= seq:
                break
            if chat_id is None or event["chat_id"] in (chat_id, 0):
                found.append(event)
        return found[::-1]

    async def wait(self, seq: int, chat_id: int | None, wait_s: float) -> list[Event]:
        """Give what came after a number; where that is nothing, wait for the first."""
        try:
            async with asyncio.timeout(wait_s):
                while not (found := self.since(seq, chat_id)):
                    await self._news.wait()
        except TimeoutError:
            return []
        return found
