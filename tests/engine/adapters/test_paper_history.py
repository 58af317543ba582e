"""Rules that changed, or came late: the exchange on paper judges by those that the trader was told, from then on."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from engine.adapters.paper_broker import PaperBroker
from engine.model.events import OrderAccepted, OrderRejected, RulesLoaded
from engine.model.market import SymbolRules
from engine.model.messages import FetchRules, SyncAccount
from tests.engine.adapters.fake_exchange import ManualClock
from tests.engine.adapters.paper_builders import (
    RULES,
    SEEN_MS,
    START_MS,
    SYMBOL,
    FakeHistory,
    MemoryStore,
    a_stop,
    an_entry,
    mark,
    price,
    quote,
)

LISTED: Final = "BTCUSDT"
FINER: Final = replace(RULES, tick_size=Decimal("0.001"))
OFF_THE_OLD_GRID: Final = "1950.123"


class ChangingHistory(FakeHistory):
    """The rules of those that are listed now."""

    def __init__(self, *listed: SymbolRules) -> None:
        super().__init__()
        self.listed = listed

    async def rules(self, symbols: Sequence[str]) -> Sequence[RulesLoaded]:
        return tuple(RulesLoaded(one, START_MS, SEEN_MS) for one in self.listed if one.symbol in symbols)


async def a_broker(history: ChangingHistory) -> PaperBroker:
    """A broker that has been opened, and saw prices."""
    broker = PaperBroker(
        history,
        symbols=(LISTED, SYMBOL),
        interval="1h",
        clock=ManualClock(),
        wallet=Decimal(10_000),
        books=MemoryStore(),
        market_ms=lambda: START_MS,
    )
    await broker.run(SyncAccount())
    for event in (quote(1_999.9, 2_000.1), price(2_000.0), mark(2_000.0)):
        broker.see(event)
    return broker


async def test_a_stop_rests_on_the_grid_that_an_errand_told() -> None:
    history = ChangingHistory(RULES)
    broker = await a_broker(history)
    await broker.send(await broker.sign(an_entry()))
    history.listed = (FINER,)
    (refused,) = await broker.place(a_stop(OFF_THE_OLD_GRID))

    (told,) = await broker.run(FetchRules(SYMBOL))
    (stop,) = await broker.place(a_stop(OFF_THE_OLD_GRID))

    assert isinstance(refused, OrderRejected)
    assert isinstance(told, RulesLoaded)
    assert told.rules == FINER
    assert isinstance(stop, OrderAccepted)


async def test_a_stop_rests_on_the_grid_that_the_clockwork_told() -> None:
    history = ChangingHistory(RULES)
    broker = await a_broker(history)
    await broker.send(await broker.sign(an_entry()))
    history.listed = (FINER,)

    await broker.history.rules((SYMBOL,))
    (stop,) = await broker.place(a_stop(OFF_THE_OLD_GRID))

    assert isinstance(stop, OrderAccepted)


async def test_a_symbol_that_is_listed_later_is_traded_at_once() -> None:
    history = ChangingHistory(replace(RULES, symbol=LISTED))
    broker = await a_broker(history)
    (unknown,) = await broker.send(await broker.sign(an_entry()))
    history.listed = (*history.listed, RULES)

    await broker.history.rules((LISTED, SYMBOL))
    (entry,) = await broker.send(await broker.sign(an_entry(generation=1)))

    assert isinstance(unknown, OrderRejected)
    assert isinstance(entry, OrderAccepted)
