"""The store goes, at the start or later: what is guarded without it, what is refused, and how its memory is joined again."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from engine.execution.ids import client_id
from engine.model.account import PositionSeen, StopSeen
from engine.model.commands import AllowSides, ClosePosition, Panic, PauseTrading, StartTrading, StopHow, StopTrading
from engine.model.events import BarClosed, ClockTicked
from engine.model.machine_notices import EngineReady, StoreCameBack, StoreWentAway
from engine.model.messages import ReplyCode
from engine.model.notices import LatchCause, LatchSet, Notice, OutsideQuestion
from engine.model.orders import Role, TriggerBy
from engine.model.saved import SavedState
from engine.model.signals import Code, Side, Sides
from engine.model.view import NO_BRAKES, Brakes, LatchView, Running
from tests.engine.runner_house import House, a_house, running
from tests.engine.runner_parts import BarHistory, Phone, resting
from tests.engine.trader.rising import WARMUP, rising
from tests.engine.trader.world import SYMBOL

HELD = PositionSeen(SYMBOL, Decimal(1), Decimal(1_000), Decimal(1_000), Decimal(0), Decimal(900))


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits a while by the clock waits for its turn only."""
    monkeypatch.setattr("engine.owed.RETRY_S", 0)
    monkeypatch.setattr("engine.runner.LOAD_AGAIN_S", 0)
    monkeypatch.setattr("engine.store_news.WORTH_A_WORD_S", 0)


async def a_saved_state() -> SavedState:
    """What a running engine left."""
    async with running(a_house()) as house:
        await house.control.ask(StartTrading(house.control.asked("7")))
    assert house.store.state is not None
    return house.store.state


async def looked(house: House, times: int = 4) -> None:
    """Let the account be looked at, a second apart."""
    for _ in range(times):
        house.clock.now += 1_100
        house.runner.post(ClockTicked(True, house.runner.trader.time_ms, house.clock.now))
        await house.settle()


def without_store(state: SavedState | None = None, brakes: Brakes = NO_BRAKES) -> House:
    house = a_house(state, brakes)
    house.store.is_up = house.store.is_readable = False
    return house


async def comes_back(house: House) -> None:
    house.store.is_up = house.store.is_readable = True
    await house.settle()
    await house.settle()


# --- away at the start ------------------------------------------------------------------------------------------------


async def test_a_position_is_covered_though_the_store_was_never_there() -> None:
    house = without_store()
    house.broker.positions = (HELD,)

    async with running(house):
        await looked(house)

        assert {Role.WIDE_STOP, Role.TIGHT_STOP} <= {order.role for order in house.broker.placed}
        assert not house.runner.is_ready()


async def test_no_entry_is_decided_and_every_ruling_says_that_the_store_is_down() -> None:
    async with running(without_store()) as house:
        bars = rising(200)
        for number in range(WARMUP, 120):
            await house.bar(bars[number], bars[number + 1].open)

        rulings = house.control.rulings(SYMBOL, 10)
        assert rulings
        assert all(Code.STORE_DOWN in ruling.refusal_codes for ruling in rulings)
        assert not house.broker.sent


async def test_a_store_that_comes_is_joined_and_trading_goes_on_as_it_was_saved() -> None:
    saved = await a_saved_state()

    async with running(without_store(saved)) as house:
        before = house.control.view().running
        await comes_back(house)

        assert house.runner.is_ready()
        assert (before, house.control.view().running) == (Running.PAUSED, Running.RUNNING)
        assert len(house.told(EngineReady)) == 1
        await house.bars_until_entry()
        await house.settle()
        assert len(house.broker.sent) == 1


async def test_the_joined_memory_is_saved_whole_and_a_first_start_stays_stopped() -> None:
    async with running(without_store()) as house:
        await comes_back(house)

        assert house.store.state is not None
        assert house.store.state.account.running is Running.STOPPED


@pytest.mark.parametrize(
    ("wish", "then"), [(StopTrading, Running.STOPPED), (PauseTrading, Running.PAUSED), (Panic, Running.PAUSED)]
)
async def test_what_the_owner_stopped_meanwhile_stays_stopped(wish: type, then: Running) -> None:
    saved = await a_saved_state()

    async with running(without_store(saved)) as house:
        asked = house.control.asked("7")
        await house.control.ask(StopTrading(StopHow.KEEP, asked) if wish is StopTrading else wish(asked))
        await comes_back(house)

        account = house.runner.trader.books.saved
        assert account.running is then
        assert (account.latch is not None) == (wish is Panic)


async def test_a_position_that_was_being_closed_is_closed_on() -> None:
    async with running(a_house()) as before:
        await before.control.ask(StartTrading(before.control.asked("7")))
        await before.bars_until_entry()
        await before.settle()
    assert before.store.state is not None
    holding = before.store.state.desks[SYMBOL].holding
    assert holding is not None

    house = without_store(before.store.state)
    house.clock.now = before.clock.now
    house.broker.positions = (replace(HELD, quantity=holding.quantity),)
    async with running(house):
        await looked(house)
        (position,) = [desk.position for desk in house.control.view().desks.values() if desk.position is not None]
        reply = await house.control.ask(ClosePosition(position.trade.intent_id, 1.0, house.control.asked("7")))
        await comes_back(house)

        assert reply.is_ok
        left = house.runner.trader.desks[SYMBOL].memory
        assert left.holding is not None
        assert left.holding.trade.intent_id == holding.trade.intent_id
        assert left.exit is not None
        assert left.exit.is_whole


async def test_the_strictest_latch_of_store_file_and_memory_holds_after_joining() -> None:
    saved = await a_saved_state()
    early, late = (LatchView(LatchCause.DRAWDOWN, 0.2, 0.1, at) for at in (5, 9))

    for in_store, in_file, expected in ((early, late, early), (late, early, early), (None, early, early), (early, None, early)):
        state = replace(saved, account=replace(saved.account, latch=in_store))
        async with running(without_store(state, Brakes(in_file))) as house:
            await comes_back(house)
            assert house.runner.trader.books.saved.latch == expected
            assert house.file.brakes.latch == expected


async def test_a_memory_that_the_exchange_contradicts_by_our_own_stops_was_lost() -> None:
    house = a_house()
    name = client_id(Role.WIDE_STOP, "abcdefghij234567", 1)
    house.broker.stops = (StopSeen(SYMBOL, name, 7, Side.SHORT, False, None, Decimal(900), TriggerBy.MARK, reduce_only=True),)

    async with running(house):
        latch = house.runner.trader.books.saved.latch

        assert latch is not None
        assert latch.cause is LatchCause.LOST_STATE
        assert house.told(LatchSet)


async def test_stops_that_this_start_has_placed_are_no_sign_of_a_lost_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first attempt covers a position that was opened by hand, and cannot read the bars; the second one sees the stops."""
    house = a_house()
    house.broker.positions, house.broker.lists = (HELD,), True

    async def away(*_: object) -> Sequence[BarClosed]:
        while len(house.broker.placed) < 2:
            house.clock.now += 100
            house.runner.inbox.post(ClockTicked(True, 0, house.clock.now))
            await asyncio.sleep(0.001)
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(BarHistory, "closed_bars", away)
        with pytest.raises(ConnectionError):
            await house.runner.recover()
    house.broker.stops = tuple(resting(order) for order in house.broker.placed)

    async with running(house):
        assert house.broker.stops
        assert house.runner.trader.books.saved.latch is None


async def test_an_exchange_that_cannot_be_read_delays_the_joining_only() -> None:
    saved = await a_saved_state()

    async with running(without_store(saved)) as house:
        house.broker.is_away = True
        await comes_back(house)
        assert house.runner.is_apart

        house.broker.is_away = False
        await house.settle()
        await house.settle()
        assert not house.runner.is_apart


async def test_nobody_is_asked_about_positions_while_the_memory_that_knows_them_is_away() -> None:
    house = without_store()
    house.broker.positions = (HELD,)

    async with running(house):
        await looked(house)

        assert not house.told(OutsideQuestion)


# --- gone later -------------------------------------------------------------------------------------------------------


async def test_entries_are_held_at_once_when_somebody_finds_the_store_gone() -> None:
    async with running(a_house()) as house:
        await house.control.ask(StartTrading(house.control.asked("7")))
        house.store.is_up = False

        house.runner.store_failed("it does not answer")

        assert house.runner.trader.is_store_down
        await house.settle()
        assert house.runner.trader.is_store_down
        house.store.is_up = True
        await house.settle()
        assert not house.runner.trader.is_store_down


async def test_what_lowers_risk_works_without_the_store_and_the_rest_says_that_it_is_down() -> None:
    async with running(a_house()) as house:
        house.store.is_up = False
        house.runner.store_failed("it does not answer")
        asked = house.control.asked("7")

        refused = [await house.control.ask(wish) for wish in (StartTrading(asked), AllowSides(Sides.LONG, "", asked))]
        safe = (PauseTrading(asked), StopTrading(StopHow.CLOSE, asked), Panic(asked))
        works = [await house.control.ask(wish) for wish in safe]

        assert {reply.code for reply in refused} == {ReplyCode.STORE_DOWN}
        assert all(reply.is_ok for reply in works)


async def test_a_halt_holds_also_when_the_memory_is_back() -> None:
    async with running(without_store(await a_saved_state())) as house:
        house.runner.trader.is_halted = True

        await comes_back(house)

        assert house.runner.trader.is_halted


async def test_the_owner_hears_once_that_it_went_and_once_that_it_is_back() -> None:
    async with running(a_house()) as house:
        house.store.is_up = False
        for _ in range(3):
            house.runner.store_failed("it does not answer")
            await house.settle()
        assert [notice.detail for notice in house.phone.told if isinstance(notice, StoreWentAway)] == ["it does not answer"]

        house.clock.now += 12_000
        house.store.is_up = True
        await house.settle()

        (back,) = house.told(StoreCameBack)
        assert isinstance(back, StoreCameBack)
        assert back.lost_ms >= 12_000


class UnheardPhone(Phone):
    """Takes everything, and is heard by nobody."""

    def take_back(self) -> Sequence[Notice]:
        untold, self.told = self.told, []
        return untold


async def test_what_nobody_heard_past_the_store_goes_into_it_when_it_is_back() -> None:
    """Telegram was away, too: with the process it was lost."""
    async with running(a_house()) as house:
        line = house.runner.alarm = UnheardPhone()
        house.store.is_up = False
        house.runner.store_failed("it does not answer")
        house.runner._hands.act(house.runner.trader.books.latched(LatchCause.DRAWDOWN, 0.3, 0.2, 1))
        assert line.told

        house.store.is_up = True
        await house.settle()

        assert [notice for notice in house.store.notices if isinstance(notice, LatchSet)]
        assert not line.told


async def test_a_hiccup_of_the_store_is_not_worth_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.store_news.WORTH_A_WORD_S", 60)
    async with running(a_house()) as house:
        house.runner.store_failed("slow")
        await house.settle()

        assert not house.runner.trader.is_store_down
        assert not house.told(StoreWentAway)
        assert not house.told(StoreCameBack)


async def test_notices_of_an_outage_go_over_the_alarm_or_wait_where_nobody_takes_them() -> None:
    for takes in (True, False):
        async with running(a_house()) as house:
            house.phone.takes = takes
            house.store.is_up = False
            house.runner.store_failed("gone")
            await house.control.ask(Panic(house.control.asked("7")))
            house.store.is_up = True
            await house.settle()

            assert any(isinstance(notice, LatchSet) for notice in house.phone.told)
            assert any(isinstance(notice, LatchSet) for notice in house.store.notices) == (not takes)


async def test_a_save_that_hangs_holds_up_neither_prices_nor_stops() -> None:
    async with running(a_house()) as house:
        await house.control.ask(StartTrading(house.control.asked("7")))
        send = house.broker.send

        async def hangs_from_here(signed):  # type: ignore[no-untyped-def]
            house.store.hang = asyncio.Event()
            return await send(signed)

        house.broker.send = hangs_from_here  # type: ignore[method-assign]
        await house.bars_until_entry()
        await house.settle()

        assert {order.role for order in house.broker.placed} == {Role.WIDE_STOP, Role.TIGHT_STOP, Role.TARGET}
        assert len(house.runner.inbox) == 0


async def test_an_entry_is_not_sent_where_panic_came_while_it_was_journalled() -> None:
    async with running(a_house()) as house:
        await house.control.ask(StartTrading(house.control.asked("7")))
        sign = house.broker.sign

        async def panics(order):  # type: ignore[no-untyped-def]
            house.runner.inbox.post(ClockTicked(False, 0, house.clock.now))
            asking = asyncio.create_task(house.control.ask(Panic(house.control.asked("7"))))
            await asyncio.sleep(0)
            for _ in range(5):
                await asyncio.sleep(0)
            house.panicked = asking  # type: ignore[attr-defined]
            return await sign(order)

        house.broker.sign = panics  # type: ignore[method-assign]
        await house.bars_until_entry()
        await house.settle()

        assert not house.broker.sent
        assert house.runner.trader.desks[SYMBOL].memory.entry is None


async def test_entries_wait_while_those_of_another_process_may_still_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(a_house()) as house:
        await house.control.ask(StartTrading(house.control.asked("7")))
        house.runner.hold_entries(60.0)
        bars = rising(200)
        for number in range(WARMUP, WARMUP + 30):
            await house.bar(bars[number], bars[number + 1].open)

        assert not house.broker.sent
        assert all(Code.NOT_READY in ruling.refusal_codes for ruling in house.control.rulings(SYMBOL, 10))


# --- the file beside it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [PauseTrading, StopTrading])
async def test_what_was_stopped_while_the_store_was_away_stays_stopped_in_the_next_process(
    kind: type[PauseTrading | StopTrading],
) -> None:
    async with running(a_house()) as house:
        await house.control.ask(StartTrading(house.control.asked("7")))
        house.store.is_up = False
        house.runner.store_failed("gone")
        reply = await house.control.ask(_stopping(kind, house))
        assert reply.code is ReplyCode.DONE
    saved = house.store.state
    assert saved is not None
    assert saved.account.running is Running.RUNNING

    async with running(a_house(saved, house.file.brakes)) as again:
        assert again.runner.trader.books.saved.running is not Running.RUNNING
        with pytest.raises(AssertionError, match="no entry was wanted"):
            await again.bars_until_entry()


@pytest.mark.parametrize("kind", [PauseTrading, StopTrading])
async def test_what_was_stopped_before_the_memory_could_be_read_stays_stopped_in_the_next_process(
    kind: type[PauseTrading | StopTrading],
) -> None:
    saved = await a_saved_state()
    async with running(without_store(saved)) as house:
        await house.control.ask(_stopping(kind, house))

    async with running(a_house(saved, house.file.brakes)) as again:
        assert again.runner.trader.books.saved.running is not Running.RUNNING


async def test_what_was_stopped_stays_stopped_when_the_memory_is_back_also_where_its_file_is_full() -> None:
    async with running(without_store(await a_saved_state())) as house:
        house.file.is_full = True
        await house.control.ask(PauseTrading(house.control.asked("7")))
        await comes_back(house)

        assert house.runner.trader.books.saved.running is Running.PAUSED


async def test_a_pause_of_another_mode_holds_there_only() -> None:
    other = Brakes(None, {"other": Running.PAUSED})
    async with running(a_house(await a_saved_state(), other)) as house:
        assert house.runner.trader.books.saved.running is Running.RUNNING
        await house.control.ask(PauseTrading(house.control.asked("7")))
        assert house.file.brakes.running == {"other": Running.PAUSED, "test": Running.PAUSED}
        await house.control.ask(StartTrading(house.control.asked("7")))

        assert house.file.brakes.running == {"other": Running.PAUSED, "test": Running.RUNNING}


async def test_a_loss_that_is_latched_in_the_file_while_the_memory_is_away_is_not_written_over() -> None:
    lost = LatchView(LatchCause.LOST_STATE, 0.0, 0.0, 5)
    async with running(without_store(await a_saved_state())) as house:
        house.file.brakes = Brakes(lost)  # as the store's watch does it, past the engine
        await house.control.ask(PauseTrading(house.control.asked("7")))
        assert house.file.brakes == Brakes(lost, {"test": Running.PAUSED})

        await comes_back(house)

        assert house.runner.trader.books.saved.latch == lost


async def test_a_memory_that_is_back_does_not_make_forget_that_the_exchange_does_not_answer() -> None:
    async with running(without_store(await a_saved_state())) as house:
        house.runner.trader.silence.failed(house.clock.now + 60_000)
        await comes_back(house)

        assert not house.runner.is_apart
        assert house.runner.trader.is_silent


async def test_guarding_without_a_memory_is_no_pause_of_the_owners() -> None:
    saved = await a_saved_state()
    async with running(without_store(saved)) as house:
        await looked(house, 1)

    async with running(a_house(saved, house.file.brakes)) as again:
        assert again.runner.trader.books.saved.running is Running.RUNNING


async def test_what_was_started_again_runs_in_the_next_process() -> None:
    async with running(a_house()) as house:
        for wish in (StartTrading, PauseTrading, StartTrading):
            await house.control.ask(wish(house.control.asked("7")))

    async with running(a_house(house.store.state, house.file.brakes)) as again:
        assert again.runner.trader.books.saved.running is Running.RUNNING


def _stopping(kind: type[PauseTrading | StopTrading], house: House) -> PauseTrading | StopTrading:
    asked = house.control.asked("7")
    return StopTrading(StopHow.KEEP, asked) if kind is StopTrading else PauseTrading(asked)


async def test_a_latch_whose_file_is_full_holds_in_memory_and_is_told() -> None:
    async with running(a_house()) as house:
        house.file.is_full = True
        await house.control.ask(Panic(house.control.asked("7")))
        await house.settle()

        assert house.runner.trader.books.saved.latch is not None
        assert house.runner.trader.is_store_down
        assert ["No space left" in notice.detail for notice in house.told(StoreWentAway) if isinstance(notice, StoreWentAway)]

        house.file.is_full = False
        await looked(house, 1)
        assert house.file.brakes.latch is not None
        assert not house.runner.trader.is_store_down


async def test_a_fault_of_the_stores_own_code_ends_the_run() -> None:
    house = a_house()
    await house.runner.recover()

    async def broken(*_: object) -> None:
        raise ValueError("a bug")

    house.store.save = broken  # type: ignore[method-assign,assignment]
    with pytest.raises(ExceptionGroup) as failure:
        async with asyncio.timeout(5):
            await house.runner.run()

    assert failure.group_contains(ValueError, match="a bug")
