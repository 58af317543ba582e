"""The outbox: a notice stays in the store until Telegram took it for every owner, with a note of who was told already."""

import logging
from collections.abc import Awaitable, Sequence
from typing import Any, Final, NamedTuple

from engine.adapters.codec import Undecodable, decode_notice
from engine.adapters.redis_link import READ_BUDGET_MS, RedisLink
from engine.adapters.redis_writer import PREFIX, Command
from engine.model.notices import Notice

OUTBOX: Final = PREFIX + "outbox"
DAMAGED: Final = OUTBOX + ":damaged"
TOLD: Final = OUTBOX + ":told"  # one score for all: members are in the order of their text, which begins with a notice's time
OUTBOX_LIMIT: Final = 10_000
TOLD_LIMIT: Final = 2 * OUTBOX_LIMIT  # then the oldest notes go, and what they speak of is told once more
DAMAGED_LIMIT: Final = 100
PAGE: Final = 100
FROM_START: Final = "0"

logger = logging.getLogger(__name__)


class Told(NamedTuple):
    """A chat knows a notice."""

    notice: str
    chat: int


class Outbox:
    """The reading side; notices are put in together with the state that caused them."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def next_notices(self, after_id: str, block_ms: int) -> list[tuple[str, Notice]]:
        """Read the notices after an id (`FROM_START`: those left from before too), waiting up to `block_ms` for the first.

        An unreadable notice is set aside and skipped, so a list may be empty before the time is over.
        """
        call: Awaitable[Any] = self._link.client.xread({OUTBOX: after_id}, count=PAGE, block=max(1, block_ms))
        answer = await self._link.run(call, block_ms + READ_BUDGET_MS)
        notices: list[tuple[str, Notice]] = []
        for entry_id, fields in answer[0][1] if answer else ():
            try:
                notices.append((entry_id.decode(), decode_notice(fields[b"notice"])))
            except (Undecodable, KeyError) as error:
                logger.error("notice %s cannot be read and is set aside: %s", entry_id.decode(), error)
                await self._set_aside(entry_id, fields)
        return notices

    async def is_behind(self, after_id: str) -> bool:
        """Whether the stream never came as far as an id that was read from it: it was emptied, or lost its tail, and its new
        ids may be smaller, for they begin with the server's clock.
        """
        if not await self._link.run(self._link.client.exists(OUTBOX)):
            return after_id != FROM_START
        call: Awaitable[Any] = self._link.client.xinfo_stream(OUTBOX)
        facts = await self._link.run(call)
        return _place(facts["last-generated-id"].decode()) < _place(after_id)

    async def delivered(self, ids: Sequence[str]) -> None:
        """Forget notices that Telegram took, or that were given up."""
        if not ids:
            return
        async with self._link.client.pipeline(transaction=True) as pipe:
            pipe.xdel(OUTBOX, *ids)
            for notice in ids:
                pipe.zremrangebylex(TOLD, f"[{notice}:", f"({notice};")  # whatever begins with the notice and a colon
            await self._link.run(pipe.execute())

    async def note(self, told: Sequence[Told]) -> None:
        """Note who knows what others are still to be told. A note goes with its notice."""
        if not told:
            return
        async with self._link.client.pipeline(transaction=True) as pipe:
            pipe.zadd(TOLD, {f"{one.notice}:{one.chat}": 0 for one in told})
            pipe.zremrangebyrank(TOLD, 0, -TOLD_LIMIT - 1)
            await self._link.run(pipe.execute())

    async def told(self) -> frozenset[Told]:
        """Everything that is noted. What cannot be read is taken out: its notice is told once more, and all others are told."""
        call: Awaitable[Any] = self._link.client.zrange(TOLD, 0, -1)
        told: set[Told] = set()
        for note in await self._link.run(call):
            try:
                notice, chat = note.decode().split(":")
                told.add(Told(notice, int(chat)))
            except ValueError:
                logger.error("a note of who was told cannot be read and is taken out: %r", note)
                await self._link.run(self._link.client.zrem(TOLD, note))
        return frozenset(told)

    async def waiting(self) -> int:
        """How many notices are not delivered yet."""
        return int(await self._link.run(self._link.client.xlen(OUTBOX)))

    async def _set_aside(self, entry_id: bytes, fields: dict[Any, Any]) -> None:
        async with self._link.client.pipeline(transaction=True) as pipe:
            pipe.xadd(DAMAGED, {**fields, "id": entry_id}, maxlen=DAMAGED_LIMIT)
            pipe.xdel(OUTBOX, entry_id)
            await self._link.run(pipe.execute())


def _place(entry_id: str) -> tuple[int, int]:
    """Where an id comes in the order of the stream."""
    time_ms, _, number = entry_id.partition("-")
    return int(time_ms), int(number or 0)


def put(notice: bytes) -> Command:
    """The command that puts a written notice in. The oldest go when nobody took ten thousand."""
    return ("XADD", OUTBOX, "MAXLEN", "~", OUTBOX_LIMIT, "*", "notice", notice)
