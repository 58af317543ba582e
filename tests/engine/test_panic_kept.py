"""A panic that the store never heard of is kept in a file beside it: the next process goes on with it, until it is over."""

from dataclasses import replace

import pytest

from engine.model.commands import Panic, ResetLatch, StartTrading
from engine.model.notices import LatchCause, PanicDone
from engine.model.orders import Role
from engine.model.saved import SavedState
from engine.model.view import Brakes, LatchView, PanicView
from tests.engine.runner_house import House, a_house, running
from tests.engine.test_store_outage import HELD, a_saved_state, comes_back, looked

DRAWN_DOWN = LatchView(LatchCause.DRAWDOWN, 0.2, 0.1, 5)
PANICKED = LatchView(LatchCause.PANIC, 0.0, 0.0, 5)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.owed.RETRY_S", 0)
    monkeypatch.setattr("engine.runner.LOAD_AGAIN_S", 0)


async def killed_in_a_panic(latch: LatchView | None = None) -> House:
    """A house that died in a panic which began after its store went away."""
    house = a_house(brakes=Brakes(latch))
    house.broker.lists = True
    async with running(house):
        await house.control.ask(StartTrading(house.control.asked("7")))
        house.broker.positions = (HELD,)
        await looked(house)
        house.store.is_up = False
        await house.settle()
        await house.control.ask(Panic(house.control.asked("7")))
    assert house.store.state is not None
    assert not house.store.state.account.is_panicking
    return house


def after(house: House, state: SavedState | None) -> House:
    """The next process, at the same exchange."""
    again = a_house(state, house.file.brakes)
    again.clock.now = house.clock.now + 60_000
    again.broker.positions, again.broker.lists = house.broker.positions, True
    return again


def leaves(house: House) -> bool:
    return any(order.role is Role.EXIT for order in house.broker.placed)


@pytest.mark.parametrize("latch", [None, DRAWN_DOWN], ids=["no latch before", "latched before"])
async def test_a_panic_that_only_the_file_knows_is_gone_on_with(latch: LatchView | None) -> None:
    died = await killed_in_a_panic(latch)

    async with running(after(died, died.store.state)) as house:
        await looked(house)

        assert house.runner.trader.books.saved.is_panicking
        assert leaves(house)


async def test_it_is_gone_on_with_while_the_memory_cannot_be_read() -> None:
    died = await killed_in_a_panic()
    house = after(died, died.store.state)
    house.store.is_up = house.store.is_readable = False

    async with running(house):
        await looked(house)
        assert leaves(house)

        await comes_back(house)
        assert house.runner.trader.books.saved.is_panicking


async def after_a_panic() -> House:
    """A house whose panic is over, and whose latch stands."""
    house = a_house()
    async with running(house):
        await house.control.ask(Panic(house.control.asked("7")))
        await looked(house)
        assert house.told(PanicDone)
    return house


@pytest.mark.parametrize("memory", ["whole", "lost", "away"])
async def test_a_panic_that_is_over_does_not_begin_again(memory: str) -> None:
    before = await after_a_panic()
    house = after(before, None if memory == "lost" else before.store.state)
    house.store.is_up = house.store.is_readable = memory != "away"
    house.broker.positions = (HELD,)

    async with running(house):
        await looked(house)

        account = house.runner.trader.books.saved
        assert account.latch is not None
        assert account.latch.cause is LatchCause.PANIC
        assert not account.is_panicking
        assert not leaves(house)


async def test_a_panic_whose_end_could_not_be_written_to_the_file_is_over_where_the_memory_says_so() -> None:
    before = await after_a_panic()
    assert before.store.state is not None
    assert before.file.brakes.latch is not None
    before.file.brakes = replace(
        before.file.brakes, panics={"test": PanicView(before.store.state.account.panicked_ms, is_over=False)}
    )

    async with running(after(before, before.store.state)) as house:
        assert not house.runner.trader.books.saved.is_panicking
        assert house.file.brakes.latch is not None
        assert house.file.brakes.panic_in("test").is_over


async def test_a_panic_of_which_only_the_file_knows_that_it_ended_is_told_and_closes_nothing() -> None:
    """Killed between the file and the store: nobody was told."""
    before = await after_a_panic()
    assert before.store.state is not None
    account = replace(before.store.state.account, is_panicking=True)
    house = after(before, replace(before.store.state, account=account))
    house.broker.positions = (HELD,)

    async with running(house):
        await looked(house)

        assert house.told(PanicDone)
        assert not house.runner.trader.books.saved.is_panicking
        assert not leaves(house)


async def test_the_latch_of_a_panic_that_was_gone_on_with_can_be_lifted_when_it_is_over() -> None:
    house = a_house(await a_saved_state(), Brakes(PANICKED, panics={"test": PanicView(5, is_over=False)}))

    async with running(house):
        await looked(house)
        assert house.told(PanicDone)
        await house.control.ask(ResetLatch(PANICKED.set_ms, house.control.asked("7")))

        assert house.runner.trader.books.saved.latch is None
        assert house.file.brakes.latch is None


async def test_a_panic_of_another_account_is_none_of_ours_and_is_not_forgotten_over_ours() -> None:
    theirs = PanicView(9_000, is_over=False)
    house = a_house(await a_saved_state(), Brakes(PANICKED, panics={"other": theirs}))

    async with running(house):
        await looked(house)
        assert not house.told(PanicDone)
        await house.control.ask(Panic(house.control.asked("7")))
        await looked(house)
        assert house.told(PanicDone)

    assert house.file.brakes.panic_in("other") == theirs
    assert house.file.brakes.panic_in("test").is_over


async def test_a_second_panic_under_the_latch_of_the_first_one_is_gone_on_with_too() -> None:
    house = a_house()
    house.broker.lists = True
    async with running(house):
        await house.control.ask(StartTrading(house.control.asked("7")))
        await house.control.ask(Panic(house.control.asked("7")))
        await looked(house)
        assert house.told(PanicDone)
        house.broker.positions = (HELD,)
        await looked(house)
        house.store.is_up = False
        await house.settle()
        house.clock.now += 1_000
        await house.control.ask(Panic(house.control.asked("7")))
    assert house.store.state is not None
    assert not house.store.state.account.is_panicking

    async with running(after(house, house.store.state)) as again:
        await looked(again)

        assert again.runner.trader.books.saved.is_panicking


async def test_a_panic_after_the_clock_was_set_back_is_gone_on_with_too() -> None:
    before = await after_a_panic()
    assert before.store.state is not None
    second = after(before, before.store.state)
    second.clock.now = before.clock.now - 3_600_000
    second.store.is_up = second.store.is_readable = False
    second.broker.positions = (HELD,)
    async with running(second):
        await looked(second)
        await second.control.ask(Panic(second.control.asked("7")))

    async with running(after(second, before.store.state)) as third:
        await looked(third)

        assert third.runner.trader.books.saved.is_panicking
