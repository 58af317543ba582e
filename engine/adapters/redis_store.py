"""The store on Redis: the Trader's memory, rulings, trades, notices. A save is all or nothing, and durable when it returns.

The order at the start is `check`, `take_epoch`, `load`. The Trader never reads the store while running.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from engine.adapters.codec import UNREADABLE
from engine.adapters.redis_checks import check_server
from engine.adapters.redis_entries import Entries, Recent
from engine.adapters.redis_equity import EquityCurve
from engine.adapters.redis_history import RedisHistory
from engine.adapters.redis_keys import OWNED, check_kinds
from engine.adapters.redis_link import RedisLink, shown
from engine.adapters.redis_outbox import Outbox
from engine.adapters.redis_reading import PAPER, read_texts, readable
from engine.adapters.redis_state import Damaged, Place, StateTexts, changes, is_weighty
from engine.adapters.redis_tokens import Tokens
from engine.adapters.redis_users import Users
from engine.adapters.redis_writer import Command, Forgotten, RedisWriter, Taken, Unanswered
from engine.model.notices import Notice
from engine.model.orders import Trade
from engine.model.saved import SavedState
from engine.model.signals import Ruling
from engine.ports import Clock, StateDamaged, StateUnreadable, StoreDown

SAVE_BUDGET_MS: Final = 250
BEAT_AFTER_S: Final = 0.5  # a store that confirmed a write just now is not asked

logger = logging.getLogger(__name__)

type Texts = dict[Place, bytes]


class _Wish(NamedTuple):
    """One save. A state that could not be saved is owed to the next one; the paper exchange's books never carry it along."""

    entries: Entries = Entries()
    state: SavedState | None = None
    books: bytes | None = None
    is_needed: bool = False  # also where there is nothing to write


class _Unsure(NamedTuple):
    """A write that got no answer."""

    seq: int
    after: Texts | None
    entries: Entries


class RedisStore:
    """The `Store` of one mode and account. `on_intent` hears the number of each write that must not come undone:
    one that holds an entry, or a wish of the owner.
    """

    def __init__(
        self,
        link: RedisLink,
        *,
        namespace: str,
        clock: Clock,
        save_budget_ms: int = SAVE_BUDGET_MS,
        on_intent: Callable[[int], None] | None = None,
        place: str = "",
    ) -> None:
        self.outbox = Outbox(link)
        self.users = Users(link)
        self.tokens = Tokens(link, namespace)
        self.history = RedisHistory(link)
        self.equity = EquityCurve(link)
        self._link = link
        self._namespace = namespace
        self._clock = clock
        self._save_budget_ms = save_budget_ms
        self._on_intent = on_intent
        self._writer = RedisWriter(link, place)
        self._state_texts = StateTexts()
        self._turn = asyncio.Lock()
        self._written: Texts | None = None  # what the store holds; None = it was not read yet
        self._asides = dict[Place, str]()  # where damage was told of, and the key that takes what stands there
        self._is_lost = False  # the store was emptied: all of it is written anew
        self._owed: SavedState | None = None
        self._unsure: _Unsure | None = None
        self._unheard = Entries()  # went through, though their save failed: they are among what is repeated
        self._unnoted = 0  # the number of a write that `on_intent` must hear
        self._recent = Recent()  # a fail-over may lose them
        self._again = Entries()  # one did: they are written once more
        self._is_doubtful = False  # the newest write was not confirmed: only another one tells whether the store is back
        self._confirmed_s = 0.0

    @property
    def last_write(self) -> int:
        """The number of the newest write: less than a number that `on_intent` heard means that the store lost its tail."""
        return self._writer.seq

    async def check(self) -> list[str]:
        """Refuse a server that may lose what it confirmed (`ServerUnfit`), or whose keys are not ours; return weaker doubts."""
        doubts = await check_server(self._link)
        await check_kinds(self._link)
        return doubts

    async def take_epoch(self) -> Taken:
        """Become the only writer. What another mode or account left is put away, and ours, if put away before, comes back."""
        taken = await self._writer.take(self._namespace, self._clock.now_ms(), OWNED)
        if taken.namespace_before not in ("", self._namespace):
            logger.warning("the store held %s; that is kept aside until it is wanted again", taken.namespace_before)
        self._written, self._unsure, self._unheard = None, None, Entries()
        return taken

    async def load(self) -> SavedState | None:
        """Read the saved state. Raises `StateUnreadable`; after `StateDamaged` a second call sets it aside, gives the rest."""
        texts = await read_texts(self._link)
        state, damages = readable(texts, self._namespace)
        untold = [damage for damage in damages if damage.place not in self._asides]
        if untold:
            raise StateDamaged("; ".join(self._told(damage, texts) for damage in untold))
        for damage in damages:
            await self._set_aside(damage.place, texts)
        if self._writer.epoch:
            self._written = texts
        return state

    async def trades(self, since_ms: int) -> Sequence[Trade]:
        """Read the closed trades that ended since a moment of market time, newest first."""
        return await self.history.trades(since_ms)

    async def save(
        self,
        state: SavedState | None,
        rulings: Sequence[Ruling],
        notices: Sequence[Notice],
        trades: Sequence[Trade],
    ) -> None:
        """Save all of it or nothing. Raises `StoreDown`: then it may be saved again, and nothing is doubled."""
        if state is not None:
            self._must_be_read()
        self._owed = state or self._owed
        await self._save(_Wish(Entries(tuple(rulings), tuple(notices), tuple(trades)), state=self._owed))

    async def beat(self) -> None:
        """Find out whether the store still takes writes, from this process. Raises `StoreDown`; `Fenced` where it does not."""
        if self._is_doubtful or time.monotonic() - self._confirmed_s > BEAT_AFTER_S:
            await self._save(_Wish(is_needed=True))

    async def save_books(self, books: dict[str, Any]) -> None:
        """Save the paper exchange's books. Raises `StoreDown`."""
        self._must_be_read()
        await self._save(_Wish(books=msgspec.json.encode(books)))

    async def load_books(self) -> dict[str, Any] | None:
        """Read the paper exchange's books, or None where there are none. Raises `StateUnreadable`."""
        text = await self._link.run(self._link.client.get(PAPER))
        try:
            return None if text is None else msgspec.json.decode(text, type=dict[str, Any])
        except UNREADABLE as error:
            raise StateUnreadable(f"{PAPER} is damaged ({error}): delete it to begin with new paper money") from error

    async def close(self) -> None:
        """Leave the store."""
        await self._link.close()

    def _must_be_read(self) -> None:
        if self._written is None:
            raise StoreDown("the store was not read yet: nothing there is overwritten")

    # --- writing ----------------------------------------------------------------------------------------------------

    async def _save(self, wish: _Wish) -> None:
        """A cancelled caller leaves, the write goes on: half a conversation with the server would confuse the next one."""
        await asyncio.shield(self._write(wish, time.monotonic() + self._save_budget_ms / 1_000))

    async def _write(self, wish: _Wish, give_up: float) -> None:
        async with self._turn:
            try:
                await self._write_or_repair(wish, give_up)
                self._note()
            except StoreDown:
                self._is_doubtful = True
                raise
            self._is_doubtful, self._confirmed_s = False, time.monotonic()
            if any(wish.entries):
                self._unheard = Entries()
            if self._owed is wish.state:
                self._owed = None

    async def _write_or_repair(self, wish: _Wish, give_up: float) -> None:
        try:
            await self._write_once(wish, give_up)
        except Forgotten:
            logger.error("the store lost its data; what is known is written again")
            await self._writer.take(self._namespace, self._clock.now_ms(), OWNED)
            self._is_lost, self._unsure, self._unheard = True, None, Entries()
            self._again, self._recent = self._again.plus(self._recent.before(self._confirmed_s)), Recent()
            await self._write_once(wish, give_up)

    async def _write_once(self, wish: _Wish, give_up: float) -> None:
        if self._unsure is not None:
            await self._settle(self._unsure, give_up)
        entries = wish.entries.without(self._unheard)
        self._again = self._again.without(entries)
        entries = self._again.plus(entries)
        after = self._after(wish)
        commands = [*self._changes(after), *entries.commands()]
        if not commands:
            if wish.is_needed or self._is_doubtful:
                await self._writer.beat(self._clock.now_ms(), _left_ms(give_up))
            return
        try:
            await self._writer.apply(commands, _left_ms(give_up))
        except Unanswered:
            self._unsure = _Unsure(self._writer.seq, after, entries)
            raise
        self._done(self._writer.seq, after, entries)

    def _after(self, wish: _Wish) -> Texts | None:
        """What the store shall hold after this save."""
        after = self._written
        if after is None:
            return None
        if wish.state is not None:
            books = {place: text for place, text in after.items() if place.key == PAPER}
            after = self._state_texts.of(wish.state) | books
        return after if wish.books is None else after | {Place(PAPER, ""): wish.books}

    def _changes(self, after: Texts | None) -> Iterable[Command]:
        return () if after is None else changes(None if self._is_lost else self._written, after)

    async def _settle(self, unsure: _Unsure, give_up: float) -> None:
        """Learn what became of a write without an answer. What it added may be repeated later than by the next save."""
        went_through = await self._writer.settle(unsure.seq, _left_ms(give_up))
        self._unsure = None
        if went_through:
            self._done(unsure.seq, unsure.after, unsure.entries)

    def _done(self, seq: int, after: Texts | None, added: Entries) -> None:
        self._recent.add(added, time.monotonic())
        self._unheard = self._unheard.plus(added.without(self._again))
        self._again = self._again.without(added)
        if after is None:
            return
        before, self._written, self._is_lost = self._written or {}, after, False
        self._asides = {place: aside for place, aside in self._asides.items() if place not in after}
        if is_weighty(before, after):
            self._unnoted = seq

    def _note(self) -> None:
        """Nothing is called saved before the number of a write that must not come undone is kept, if need be later."""
        if self._unnoted and self._on_intent is not None:
            try:
                self._on_intent(self._unnoted)
            except OSError as error:
                raise StoreDown(f"the number of a write could not be kept: {error.strerror}") from error
        self._unnoted = 0

    # --- damage ---------------------------------------------------------------------------------------------------------

    def _told(self, damage: Damaged, texts: Texts) -> str:
        """What is done about it, in words. Done by the next call: whoever hears of it may have to latch first."""
        if not self._writer.epoch:
            return str(damage)
        aside = self._asides[damage.place] = f"{':'.join(filter(None, damage.place))}:damaged:{self._clock.now_ms()}"
        where = f": set aside as {shown(aside)}" if damage.place in texts else ""
        return f"{damage}{where}; what the exchange holds is adopted"

    async def _set_aside(self, place: Place, texts: Texts) -> None:
        """Move a damaged text out of the way, so that the next start does without it. Only the writer may."""
        if place in texts:
            remove: Command = ("HDEL", *place) if place.field else ("DEL", place.key)
            await self._writer.apply([("SET", self._asides[place], texts.pop(place)), remove], self._save_budget_ms)


def _left_ms(give_up: float) -> int:
    return max(1, int((give_up - time.monotonic()) * 1_000))
