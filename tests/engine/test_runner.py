"""The loop between queue and outside: what is saved before it is sent, what never waits, and how it starts."""

import asyncio
from dataclasses import replace

import pytest

from engine.desk.desk import Desk
from engine.model.commands import AllowSides, Panic, StartTrading
from engine.model.events import ClockTicked, OrderFilled
from engine.model.machine_notices import EngineHalted, EngineReady
from engine.model.messages import Outcome, ReplyCode, SetUpSymbol
from engine.model.notices import EntryFailed, LatchCause, LatchSet
from engine.model.orders import IntentState, Role
from engine.model.signals import Sides
from tests.engine.runner_house import House, a_house, running
from tests.engine.trader.rising import WARMUP, rising
from tests.engine.trader.world import SYMBOL


async def test_the_account_is_read_before_the_bars_and_trading_stays_off_until_it_is_started() -> None:
    async with running(a_house()) as house:
        assert house.diary.index("account read") < house.diary.index("bars read")
        assert isinstance(house.store.notices[0], EngineReady)
        assert house.runner.is_ready()

        bars = rising(200)
        for number in range(WARMUP, 120):
            await house.bar(bars[number], bars[number + 1].open)

        assert not house.broker.sent


async def test_an_entry_is_signed_then_saved_as_sent_and_only_then_sent() -> None:
    async with running(a_house()) as house:
        await house.control.ask(StartTrading(house.control.asked("7")))
        states: list[IntentState] = []
        send = house.broker.send

        async def watched(signed):  # type: ignore[no-untyped-def]
            assert house.store.state is not None
            entry = house.store.state.desks[SYMBOL].entry
            assert entry is not None
            states.append(entry.state)
            return await send(signed)

        house.broker.send = watched  # type: ignore[method-assign]
        await house.bars_until_entry()
        await house.settle()

        at = house.diary.index("signed")
        assert house.diary[at : at + 3] == ["signed", "saved", "sent"]
        assert states == [IntentState.SENT]


async def _entered_with_a_journal_of(ms: int, house: House) -> None:
    """Let an entry be wanted, and the first save of it take so long."""
    await house.control.ask(StartTrading(house.control.asked("7")))
    save, slow = house.store.save, [True]

    async def slow_once(*values):  # type: ignore[no-untyped-def]
        await save(*values)
        state = values[0]
        if slow and state is not None and state.desks[SYMBOL].entry is not None:
            slow.clear()
            house.clock.now += ms

    house.store.save = slow_once  # type: ignore[method-assign]
    await house.bars_until_entry()
    await house.settle()


async def test_an_entry_whose_journal_took_too_long_is_signed_again_and_sent_once() -> None:
    async with running(a_house()) as house:
        await _entered_with_a_journal_of(1_000, house)

        at = house.diary.index("signed")
        assert house.diary[at : at + 5] == ["signed", "saved", "signed", "saved", "sent"]
        assert len(house.broker.sent) == 1


async def test_a_recovery_that_begins_again_owes_only_what_it_finds_itself() -> None:
    house = a_house()
    house.runner._owed.add(Outcome(notices=(EngineHalted("of the recovery before", 0),), changed=True))

    await house.runner.recover()

    assert not house.told(EngineHalted)


async def test_an_entry_that_was_decided_before_the_process_stood_still_is_dropped() -> None:
    async with running(a_house()) as house:
        await _entered_with_a_journal_of(40_000, house)

        assert not house.broker.sent
        assert house.runner.trader.desks[SYMBOL].memory.entry is None


async def test_nothing_is_sent_where_the_store_does_not_confirm_the_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.owed.RETRY_S", 0)
    async with running(a_house()) as house:
        await house.control.ask(StartTrading(house.control.asked("7")))
        sign = house.broker.sign

        async def store_dies(order):  # type: ignore[no-untyped-def]
            house.store.is_up = False
            return await sign(order)

        house.broker.sign = store_dies  # type: ignore[method-assign]
        await house.bars_until_entry()
        house.store.is_up = True
        await house.settle()

        assert not house.broker.sent
        assert house.told(EntryFailed)


async def test_stops_are_placed_while_the_store_is_down() -> None:
    async with running(a_house()) as house:
        await house.control.ask(StartTrading(house.control.asked("7")))
        send = house.broker.send

        async def store_dies(signed):  # type: ignore[no-untyped-def]
            house.store.is_up = False
            return await send(signed)

        house.broker.send = store_dies  # type: ignore[method-assign]
        await house.bars_until_entry()
        await house.settle()

        assert {order.role for order in house.broker.placed} == {Role.WIDE_STOP, Role.TIGHT_STOP, Role.TARGET}
        assert not house.runner.store_is_up


async def test_what_a_store_missed_is_saved_when_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.owed.RETRY_S", 0)
    async with running(a_house()) as house:
        house.store.is_up = False
        await house.control.ask(StartTrading(house.control.asked("7")))
        house.store.is_up = True
        await house.settle()

        assert house.store.state is not None
        assert house.store.state.account.running == "running"


async def test_the_latch_goes_to_its_file_and_the_file_alone_latches_the_next_start() -> None:
    async with running(a_house()) as house:
        await house.control.ask(Panic(house.control.asked("7")))
        assert house.file.brakes.latch is not None
        left = house.file.brakes

    async with running(a_house(state=None, brakes=left)) as again:
        assert again.runner.trader.books.saved.latch == left.latch


async def test_a_restart_warms_up_to_the_last_handled_bar_and_leaves_the_rest_to_the_feed() -> None:
    house = a_house()
    async with running(house):
        pass
    assert house.store.state is not None
    desk = house.store.state.desks[SYMBOL]
    handled = rising(WARMUP)[-5].open_time_ms
    earlier = replace(house.store.state, desks={SYMBOL: replace(desk, last_bar_ms=handled)})

    async with running(a_house(state=earlier)) as again:
        assert again.feed.known[-1] == handled


async def test_a_fault_inside_the_trader_halts_it_and_is_told() -> None:
    async with running(a_house()) as house:
        await house.control.ask(StartTrading(house.control.asked("7")))

        house.runner.post(OrderFilled(None, 0, 0))  # type: ignore[arg-type]
        await house.settle()

        assert any(isinstance(notice, EngineHalted) for notice in house.store.notices)
        assert house.runner.phase == "halted"


async def test_a_desk_that_is_broken_keeps_no_other_from_guarding_its_position(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(a_house()) as house:
        await house.control.ask(StartTrading(house.control.asked("7")))
        await house.bars_until_entry()
        await house.settle()
        desk, asked = house.runner.trader.desks[SYMBOL], list[int]()

        class Broken(Desk):
            def audited(self, time_ms: int, now_ms: int) -> Outcome:
                raise RuntimeError("impossible")

        broken = Broken(desk.terms, desk.memory)
        watched = desk.audited

        def noted(time_ms: int, now_ms: int) -> Outcome:
            asked.append(now_ms)
            return watched(time_ms, now_ms)

        monkeypatch.setattr(desk, "audited", noted)
        house.runner.trader.desks = {"AAAUSDT": broken, SYMBOL: desk}
        for _ in range(3):
            house.runner.post(ClockTicked(False, house.runner.trader.time_ms, house.clock.now))
            await house.settle()

        assert house.runner.phase == "halted"
        assert len(asked) >= 3


async def test_a_wish_is_answered_even_while_a_request_hangs() -> None:
    async with running(a_house()) as house:
        await house.control.ask(StartTrading(house.control.asked("7")))
        house.broker.hang = asyncio.Event()
        await house.bars_until_entry()

        reply = await house.control.ask(AllowSides(Sides.LONG, "", house.control.asked("7")))

        assert reply.code is ReplyCode.DONE
        assert not house.runner.is_settled()


async def test_a_request_that_hangs_at_the_start_does_not_keep_the_engine_from_running(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.runner.QUIET_LIMIT_S", 0.01)
    house = a_house()
    house.broker.leverage = 20  # so that the symbol is set up during recovery
    held = asyncio.Event()
    run = house.broker.run

    async def hangs(errand):  # type: ignore[no-untyped-def]
        if isinstance(errand, SetUpSymbol):
            await held.wait()
        return await run(errand)

    house.broker.run = hangs  # type: ignore[method-assign]
    async with running(house):
        assert house.runner.phase == "running"
        held.set()


async def test_a_latch_is_told_once() -> None:
    async with running(a_house()) as house:
        await house.control.ask(Panic(house.control.asked("7")))
        await house.control.ask(Panic(house.control.asked("7")))

        latched = [notice for notice in house.store.notices if isinstance(notice, LatchSet)]
        assert [notice.cause for notice in latched] == [LatchCause.PANIC]


async def test_a_stop_that_falls_due_while_the_engine_gets_ready_is_sent() -> None:
    async with running(a_house()) as house:
        await house.control.ask(StartTrading(house.control.asked("7")))
        await house.bars_until_entry()
    assert house.store.state is not None

    again = a_house(state=house.store.state)
    again.clock.now = house.clock.now
    read = again.runner._warm_up

    async def slow() -> None:
        await read()
        again.clock.now += 5_000

    again.runner._warm_up = slow  # type: ignore[method-assign]
    async with running(again):
        assert Role.TIGHT_STOP in {order.role for order in again.broker.placed}


async def test_what_an_entry_on_its_way_brings_is_covered_before_the_end_and_no_other_entry_begins() -> None:
    house = a_house()
    house.broker.lists = True
    arrived = asyncio.Event()
    send = house.broker.send

    async def late(signed):  # type: ignore[no-untyped-def]
        await arrived.wait()
        return await send(signed)

    house.broker.send = late  # type: ignore[method-assign]
    async with running(house):
        await house.control.ask(StartTrading(house.control.asked("7")))
        await house.bars_until_entry()
    assert not house.broker.placed

    closing = asyncio.create_task(house.runner.close())
    await house.settle()
    arrived.set()
    await closing

    assert {order.role for order in house.broker.placed} == {Role.WIDE_STOP, Role.TIGHT_STOP, Role.TARGET}
    assert not house.runner.trader.is_busy
    assert house.store.state is not None
    assert house.store.state.desks[SYMBOL].holding is not None


async def test_an_end_with_nothing_on_its_way_is_no_wait() -> None:
    house = a_house()
    async with running(house):
        pass
    began = asyncio.get_running_loop().time()

    await house.runner.close()

    assert asyncio.get_running_loop().time() - began < 1
