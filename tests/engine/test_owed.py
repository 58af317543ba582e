"""What is owed to the store: a long backlog goes in portions, the memory first; nothing is lost or doubled on the way."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from engine.model.machine_notices import EngineHalted
from engine.model.messages import Outcome
from engine.model.notices import Notice
from engine.model.orders import Trade
from engine.model.saved import SavedState
from engine.model.signals import Ruling
from engine.owed import PORTION, Owed
from engine.ports import StoreDown
from tests.engine.adapters.saved_values import a_ruling, a_state, a_trade

STATE = a_state()
BACKLOG = 2 * PORTION + 50


@dataclass
class SlowStore:
    """Remembers each save; `gets_through` saves reach it, then it is away."""

    gets_through: int = 1_000
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


async def test_a_long_backlog_goes_in_portions_and_in_order() -> None:
    store = SlowStore()
    owed = owed_to(store)
    rulings = a_backlog(owed)

    assert await owed.save()

    assert [len(portion) for portion in store.rulings] == [len(portion) for portion in store.notices] == [PORTION, PORTION, 50]
    assert [ruling for portion in store.rulings for ruling in portion] == rulings
    assert not owed.is_waiting


async def test_the_memory_and_the_trades_go_with_the_first_portion() -> None:
    store = SlowStore()
    owed = owed_to(store)
    a_backlog(owed)

    await owed.save()

    assert store.states == [STATE, None, None]
    assert [list(trades) for trades in store.closed] == [[a_trade()], [], []]


async def test_a_store_that_takes_a_portion_is_back_and_the_rest_stays_owed() -> None:
    store = SlowStore(gets_through=1)
    owed = owed_to(store)
    owed.failed("away")
    rulings = a_backlog(owed)

    assert not await owed.save()
    store.gets_through = 1_000
    assert await owed.save()

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
