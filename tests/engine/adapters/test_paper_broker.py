"""The paper broker: the real adapter's words, and own books that are saved before anything is acknowledged."""

import asyncio
from decimal import Decimal

import pytest

from engine.adapters.paper_broker import PaperBroker
from engine.model.account import StopSeen, SymbolSetup
from engine.model.events import (
    AccountSynced,
    BarClosed,
    CancelRefused,
    ErrandFailed,
    FillsListed,
    OrderAccepted,
    OrderFilled,
    OrderGone,
    OrderNotFound,
    OrderRejected,
    SetupSeen,
    StopChanged,
    StopsListed,
)
from engine.model.messages import (
    CancelOrder,
    Errand,
    FetchBars,
    FetchFills,
    FindOrder,
    FindStop,
    ListStops,
    SetUpSymbol,
    SyncAccount,
)
from engine.model.orders import ApprovedOrder, StopStatus
from engine.ports import Event, StateUnreadable
from tests.engine.adapters.fake_exchange import ManualClock
from tests.engine.adapters.paper_builders import (
    HOUR_MS,
    START_MS,
    SYMBOL,
    FakeHistory,
    MemoryStore,
    a_closed_bar,
    a_stop,
    a_wide_stop,
    an_entry,
    an_exit,
    mark,
    price,
    quote,
)

TURNS = 20  # of the loop: more than saving and posting take


class Desk:
    """A broker with its surroundings, and the news that it posted."""

    def __init__(self, store: MemoryStore, clock: ManualClock, broker: PaperBroker) -> None:
        self.store = store
        self.clock = clock
        self.broker = broker
        self.news: list[Event] = []

    async def enter(self, order: ApprovedOrder | None = None) -> Event:
        (event,) = await self.broker.send(await self.broker.sign(order or an_entry()))
        return event

    async def place(self, order: ApprovedOrder) -> Event:
        (event,) = await self.broker.place(order)
        return event

    async def ask(self, errand: Errand) -> Event:
        (event,) = await self.broker.run(errand)
        return event

    async def listened(self) -> list[Event]:
        """The news, once all of it was posted."""
        listening = asyncio.create_task(self.broker.listen(self.news.append))
        for _ in range(TURNS):
            await asyncio.sleep(0)
        assert self.broker.is_quiet()
        listening.cancel()
        await asyncio.wait([listening])
        return self.news


async def a_desk(store: MemoryStore | None = None, bars: tuple[BarClosed, ...] = ()) -> Desk:
    store, clock = store or MemoryStore(), ManualClock()
    broker = PaperBroker(
        FakeHistory(bars),
        symbols=(SYMBOL,),
        interval="1h",
        clock=clock,
        wallet=Decimal(10_000),
        books=store,
        market_ms=lambda: START_MS,
    )
    await broker.open()
    await broker.run(SyncAccount())
    for event in (quote(1_999.9, 2_000.1), price(2_000.0), mark(2_000.0)):
        broker.see(event)
    return Desk(store, clock, broker)


async def test_an_entry_is_filled_and_its_news_follow() -> None:
    desk = await a_desk()

    event = await desk.enter()

    assert isinstance(event, OrderAccepted)
    assert (event.executed, event.is_final) == (Decimal("0.500"), True)
    assert [type(one) for one in await desk.listened()][:3] == [OrderAccepted, OrderFilled, OrderGone]
    assert desk.broker.newest_event_time() == START_MS


async def test_an_entry_whose_lease_is_over_is_refused() -> None:
    desk = await a_desk()
    signed = await desk.broker.sign(an_entry())
    desk.clock.time_ms += 3_001

    (event,) = await desk.broker.send(signed)

    assert isinstance(event, OrderRejected)
    assert event.code == -1021


async def test_the_same_order_twice_has_one_effect() -> None:
    desk = await a_desk()
    first = await desk.enter()
    stop = await desk.place(a_stop("1950.00"))

    assert await desk.enter() == first
    assert await desk.place(a_stop("1950.00")) == stop

    listed = await desk.ask(FetchFills(SYMBOL, 0))
    assert isinstance(listed, FillsListed)
    assert len(listed.fills) == 1


async def test_what_was_acknowledged_is_there_after_a_restart() -> None:
    desk = await a_desk()
    await desk.enter()
    await desk.place(a_stop("1950.00"))
    await desk.ask(SetUpSymbol(SYMBOL, 25))

    again = await a_desk(desk.store)

    before, after = await desk.ask(SyncAccount()), await again.ask(SyncAccount())
    assert isinstance(after, AccountSynced)
    assert before == after
    assert after.account.positions[0].quantity == Decimal("0.500")
    assert after.account.setups == (SymbolSetup(SYMBOL, 25, is_isolated=True),)
    assert await again.enter() == await desk.enter()  # the name is known: adopted, not traded again


async def test_a_stop_fires_after_a_restart() -> None:
    desk = await a_desk()
    await desk.enter()
    await desk.place(a_stop("1950.00"))
    again = await a_desk(desk.store)

    again.broker.see(price(1_949.0))

    assert any(isinstance(event, OrderFilled) for event in await again.listened())
    synced = await again.ask(SyncAccount())
    assert isinstance(synced, AccountSynced)
    assert synced.account.positions == ()


async def test_books_are_saved_before_anything_is_acknowledged() -> None:
    desk = await a_desk()
    saves_at_news = list[int]()
    listening = asyncio.create_task(desk.broker.listen(lambda _: saves_at_news.append(desk.store.saves)))
    await asyncio.sleep(0)

    await desk.enter()

    assert saves_at_news == [1, 1, 1, 1]
    listening.cancel()
    await asyncio.wait([listening])


async def test_exits_and_stops_work_while_the_store_is_away_and_the_books_are_saved_later() -> None:
    desk = await a_desk()
    await desk.enter()
    desk.store.is_down = True

    assert isinstance(await desk.place(a_stop("1950.00")), OrderAccepted)
    assert isinstance(await desk.place(an_exit()), OrderAccepted)
    desk.store.is_down = False
    await desk.broker.close()

    again = await a_desk(desk.store)
    synced = await again.ask(SyncAccount())
    assert isinstance(synced, AccountSynced)
    assert synced.account.positions == ()


async def test_the_account_is_told_from_the_books() -> None:
    desk = await a_desk()
    await desk.enter()
    await desk.place(a_wide_stop("1900.00"))

    synced = await desk.ask(SyncAccount())

    assert isinstance(synced, AccountSynced)
    (held,) = synced.account.positions
    assert (held.entry_price, held.mark_price) == (Decimal("2000.31"), Decimal(2_000))
    assert held.unrealised == Decimal("-0.155")
    assert 1_800 < held.liquidation_price < 1_990
    assert synced.account.wallet - synced.account.available == Decimal("2000.31") * Decimal("0.5") / 20
    assert isinstance(synced.account.stops[0], StopSeen)
    assert synced.account.stops[0].quantity is None


async def test_a_stop_is_listed_found_cancelled_once_and_then_remembered() -> None:
    desk = await a_desk()
    await desk.enter()
    name = a_stop("1950.00").client_id
    await desk.place(a_stop("1950.00"))

    listed, found = await desk.ask(ListStops(SYMBOL)), await desk.ask(FindStop(SYMBOL, name))
    cancelled, again = await desk.ask(CancelOrder(SYMBOL, name, True)), await desk.ask(CancelOrder(SYMBOL, name, True))

    assert isinstance(listed, StopsListed)
    assert [stop.client_id for stop in listed.stops] == [name]
    assert isinstance(found, StopChanged)
    assert found.status is StopStatus.NEW
    assert isinstance(cancelled, StopChanged)
    assert cancelled.status is StopStatus.CANCELED
    assert isinstance(again, CancelRefused)
    assert not again.is_unanswered
    assert await desk.ask(FindStop(SYMBOL, name)) == cancelled


async def test_an_order_is_found_by_its_name_and_an_unknown_one_is_not() -> None:
    desk = await a_desk()
    await desk.enter()

    found = await desk.ask(FindOrder(SYMBOL, an_entry().client_id))

    assert isinstance(found, OrderGone)
    assert (found.status, found.executed) == ("FILLED", Decimal("0.500"))
    assert isinstance(await desk.ask(FindOrder(SYMBOL, an_exit().client_id)), OrderNotFound)


async def test_leverage_does_not_fall_under_an_open_position() -> None:
    desk = await a_desk()
    await desk.enter()

    *failed, seen = await desk.broker.run(SetUpSymbol(SYMBOL, 5))

    assert len(failed) == 1
    assert isinstance(seen, SetupSeen)
    assert seen.setup.leverage == 20


async def test_bars_come_from_the_history() -> None:
    bars = tuple(a_closed_bar(START_MS + at * HOUR_MS, 1.0, 2.0, 1.0, 2.0) for at in range(3))
    desk = await a_desk(bars=bars)

    assert tuple(await desk.broker.run(FetchBars(SYMBOL, START_MS + HOUR_MS))) == bars[1:]


async def test_damaged_books_refuse_to_open() -> None:
    store = MemoryStore()
    store.text = b'{"wallet": []}'

    with pytest.raises(StateUnreadable, match="paper books"):
        await a_desk(store)


async def test_an_exchange_that_cannot_be_read_is_no_empty_account() -> None:
    history = FakeHistory()
    history.is_down = True
    broker = PaperBroker(
        history,
        symbols=(SYMBOL,),
        interval="1h",
        clock=ManualClock(),
        wallet=Decimal(10_000),
        books=MemoryStore(),
        market_ms=lambda: START_MS,
    )
    await broker.open()

    (failed,) = await broker.run(SyncAccount())
    history.is_down = False
    (synced,) = await broker.run(SyncAccount())

    assert isinstance(failed, ErrandFailed)
    assert isinstance(synced, AccountSynced)
