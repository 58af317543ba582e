"""What is owed to the store: a long backlog goes in portions, the memory with the last of its notices; nobody waits for
rulings, and nothing is lost or doubled on the way.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from engine.model.machine_notices import EngineHalted
from engine.model.messages import Outcome
from engine.model.notices import Notice
from engine.model.orders import Trade
from engine.model.saved import SavedState
from engine.model.signals import Ruling
from engine.owed import NOTICES_PORTION, PORTION, Owed
from engine.ports import StoreDown
from tests.engine.adapters.saved_values import a_ruling, a_state, a_trade

STATE = a_state()
BACKLOG = 2 * PORTION + 50


@dataclass
class SlowStore:
    """Remembers each save; `gets_through` saves reach it, then it is away."""

    gets_through: int = 1_000
    let: asyncio.Semaphore | None = None  # where there is one, each save waits for its turn of it
    states: list[SavedState | None] = field(default_factory=list)
    rulings: list[Sequence[Ruling]] = field(default_factory=list)
    notices: list[Sequence[Notice]] = field(default_factory=list)
    closed: list[Sequence[Trade]] = field(default_factory=list)

    async def trades(self, since_ms: int) -> Sequence[Trade]:
        return ()

    async def load(self) -> SavedState | None:
        return STATE

    async def save(
        self,
        state: SavedState | None,
        rulings: Sequence[Ruling],
        notices: Sequence[Notice],
        trades: Sequence[Trade],
    ) -> None:
        if self.let is not None:
            await self.let.acquire()
        if len(self.states) == self.gets_through:
            raise StoreDown("away")
        self.states.append(state)
        self.rulings.append(rulings)
        self.notices.append(notices)
        self.closed.append(trades)


def owed_to(store: SlowStore) -> Owed:
    return Owed(store, lambda: STATE, lambda _up, _why: None)


def a_backlog(owed: Owed) -> list[Ruling]:
    """What a long outage leaves: many rulings and notices, a changed memory, a closed trade."""
    rulings = [a_ruling(hour=hour) for hour in range(1, BACKLOG + 1)]
    for number, ruling in enumerate(rulings):
        owed.add(Outcome(rulings=(ruling,), notices=(EngineHalted(f"{number}", 1),)))
    owed.add(Outcome(trades=(a_trade(),), changed=True))
    return rulings


async def turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_long_backlog_goes_in_portions_and_in_order() -> None:
    store = SlowStore()
    owed = owed_to(store)
    rulings = a_backlog(owed)

    await owed.finish()

    assert [len(portion) for portion in store.rulings] == [PORTION, PORTION, 50]
    assert [ruling for portion in store.rulings for ruling in portion] == rulings
    assert not owed.is_waiting


async def test_the_memory_the_trades_and_the_notices_go_with_the_first_portion() -> None:
    store = SlowStore()
    owed = owed_to(store)
    a_backlog(owed)

    await owed.finish()

    assert store.states == [STATE, None, None]
    assert [list(trades) for trades in store.closed] == [[a_trade()], [], []]
    assert [len(notices) for notices in store.notices] == [BACKLOG, 0, 0]


async def test_what_is_kept_goes_on_until_the_backlog_is_saved() -> None:
    store = SlowStore()
    owed = owed_to(store)
    rulings = a_backlog(owed)

    keeping = asyncio.create_task(owed.keep())
    await turns()
    keeping.cancel()

    assert [ruling for portion in store.rulings for ruling in portion] == rulings


async def test_whoever_waits_for_one_confirmation_does_not_wait_for_a_backlog_of_rulings() -> None:
    store = SlowStore(let=asyncio.Semaphore(0))
    owed = owed_to(store)
    a_backlog(owed)
    keeping = asyncio.create_task(owed.keep())
    await turns()
    owed.add(Outcome(notices=(EngineHalted("asked for", 3),), changed=True))
    asking = asyncio.create_task(owed.save())
    await turns()

    assert store.let is not None
    for _ in range(2):  # what is on its way, and its own
        store.let.release()
    await turns()
    keeping.cancel()

    assert asking.done()
    assert await asking
    assert store.states == [STATE, STATE]
    assert store.notices[1] == [EngineHalted("asked for", 3)]


@pytest.mark.parametrize("count", [BACKLOG, NOTICES_PORTION, NOTICES_PORTION + 1, 3 * NOTICES_PORTION])
async def test_a_kill_at_any_save_loses_no_notice_of_a_memory_that_was_saved(count: int) -> None:
    notices = [EngineHalted(f"{number}", 1) for number in range(count)]
    for saves in range(1, 4):
        store = SlowStore(gets_through=saves)
        owed = owed_to(store)
        owed.add(Outcome(notices=tuple(notices), trades=(a_trade(),), changed=True))

        await owed.save()

        told = [notice for portion in store.notices for notice in portion]
        assert told == notices[: len(told)]
        assert (STATE in store.states) == any(store.closed) == (told == notices)


async def test_a_store_that_took_some_notices_is_not_back_before_it_took_the_memory() -> None:
    store = SlowStore(gets_through=1)
    owed = owed_to(store)
    owed.failed("away")
    owed.add(Outcome(notices=(EngineHalted("same", 1),) * (NOTICES_PORTION + 1), changed=True))

    assert not await owed.save()
    assert not owed.store_is_up
    store.gets_through = 1_000
    assert await owed.save()
    assert owed.store_is_up


async def test_a_store_that_takes_the_memory_is_back_and_the_other_rulings_stay_owed() -> None:
    store = SlowStore(gets_through=1)
    owed = owed_to(store)
    owed.failed("away")
    rulings = a_backlog(owed)

    assert await owed.save()
    assert owed.store_is_up
    assert not await owed.save()
    store.gets_through = 1_000
    await owed.finish()

    assert [ruling for portion in store.rulings for ruling in portion] == rulings
    assert store.states == [STATE, None, None], "what was confirmed is not owed again"


@pytest.mark.parametrize("more", [1, PORTION])
async def test_a_portion_that_failed_begins_with_the_same_when_it_is_repeated(more: int) -> None:
    store = SlowStore(gets_through=0)
    owed = owed_to(store)
    owed.add(Outcome(rulings=(a_ruling(),), notices=(EngineHalted("first", 1),)))
    await owed.save()
    for number in range(more):
        owed.add(Outcome(notices=(EngineHalted(f"{number}", 2),)))

    store.gets_through = 1_000
    await owed.save()

    assert store.rulings[0] == [a_ruling()]
    assert store.notices[0][0] == EngineHalted("first", 1)
