"""The queue of updates: long polling, confirmation by offset, one poller only, nothing kept longer than a day."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final

from sandbox.telegram.refusals import CONFLICT, Refused

MAX_LIMIT: Final = 100
MAX_WAIT_S: Final = 50
FIRST_ID: Final = 100_001
MAX_UPDATES: Final = 100_000
USUAL_KINDS: Final = frozenset({"message", "edited_message", "callback_query", "my_chat_member"})

type Update = dict[str, Any]


class Updates:
    """What the bot has not confirmed yet. `on_taken` is told what a poll took away for the first time."""

    def __init__(self, clock: Callable[[], float], kept_s: float, on_taken: Callable[[Update], None]) -> None:
        self.allowed: frozenset[str] = USUAL_KINDS
        self.is_polled = asyncio.Event()  # set while a poll waits
        self._clock = clock
        self._kept_s = kept_s
        self._on_taken = on_taken
        self._next_id = FIRST_ID
        self._seen_id = 0
        self._queue: deque[tuple[float, Update]] = deque(maxlen=MAX_UPDATES)
        self._poller: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._queue)

    def push(self, kind: str, body: dict[str, Any]) -> None:
        """Queue an update, unless the bot said that it does not want this kind."""
        if kind not in self.allowed:
            return
        self._queue.append((self._clock(), {"update_id": self._next_id, kind: body}))
        self._next_id += 1
        if self._poller is not None and not self._poller.done():
            self._poller.set_result(None)

    async def poll(self, offset: int, limit: int, wait_s: int, allowed: Iterable[str] | None) -> list[Update]:
        """Give what waits from an offset on, wait for the first where nothing does. Raises `Refused` when replaced."""
        if allowed is not None:
            self.allowed = frozenset(allowed) or USUAL_KINDS
        self.interrupt()
        self._confirm(offset)
        if not self._queue and wait_s > 0:
            await self._wait(min(wait_s, MAX_WAIT_S))
        taken = [update for _, update in self._queue][: min(max(limit, 1), MAX_LIMIT)]
        for update in taken:
            if update["update_id"] > self._seen_id:
                self._seen_id = update["update_id"]
                self._on_taken(update)
        return taken

    def interrupt(self) -> None:
        """End a poll that waits, as a second poller does."""
        if self._poller is not None and not self._poller.done():
            self._poller.set_exception(Refused(409, CONFLICT))

    def forget(self) -> None:
        """Drop everything that waits."""
        self._queue.clear()

    async def _wait(self, wait_s: int) -> None:
        poller = self._poller = asyncio.get_running_loop().create_future()
        self.is_polled.set()
        try:
            async with asyncio.timeout(wait_s):
                await poller
        except TimeoutError:
            return
        finally:
            if self._poller is poller:
                self._poller = None
                self.is_polled.clear()

    def _confirm(self, offset: int) -> None:
        too_old = self._clock() - self._kept_s
        while self._queue and self._queue[0][0] < too_old:
            self._queue.popleft()
        if offset < 0:  # the last ones only; those before are forgotten
            while len(self._queue) > -offset:
                self._queue.popleft()
        while self._queue and self._queue[0][1]["update_id"] < offset:
            self._queue.popleft()
