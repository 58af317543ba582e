"""The watched store: what was lost is latched before anything is read, and entries of others are waited for. On fakes."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.store_watch import OTHERS_ENTRIES_S, WatchedStore
from engine.adapters.local_files import BrakesFile, SequenceFile
from engine.adapters.redis_writer import Taken
from engine.model.notices import LatchCause, LatchSet
from engine.model.saved import SavedState
from engine.model.view import NO_BRAKES
from engine.ports import StateDamaged, StoreDown
from engine.runner import Runner
from tests.engine.adapters.redis_servers import HandClock
from tests.engine.adapters.saved_values import NAMESPACE, a_state
from tests.engine.runner_house import House, a_house, running
from tests.engine.runner_parts import BarHistory, KeptStore
from tests.engine.trader.rising import WARMUP, rising


class FakeStore:
    """A store that remembers who had it. `silent` takes get no answer though they were heard; those of a hanging one wait."""

    def __init__(self, seq: int = 0, holder: str = "") -> None:
        self.seq = seq
        self.holder = holder
        self.silent = 0
        self.is_hanging = False
        self.damages = 0
        self.beats = 0

    async def check(self) -> list[str]:
        return []

    async def take_epoch(self) -> Taken:
        before, self.holder = self.holder, "here"
        if self.is_hanging:
            await asyncio.Event().wait()
        if self.silent:
            self.silent -= 1
            raise StoreDown("no answer")
        return Taken(1, self.seq, NAMESPACE, from_elsewhere=before not in ("", "here"))

    async def beat(self) -> None:
        self.beats += 1

    async def load(self) -> SavedState:
        if self.damages:
            self.damages -= 1
            raise StateDamaged("a desk was set aside")
        return a_state()


type Watch = Callable[[FakeStore], WatchedStore]


@pytest.fixture
def watched(tmp_path: Path) -> Watch:
    """Another process on the folder."""
    return lambda store: WatchedStore(store, tmp_path, HandClock())  # type: ignore[arg-type]  # a fake of what is used of it


@pytest.fixture
def full(tmp_path: Path) -> Callable[[bool], None]:
    """A folder that takes no file, as long as it is told so: where the latch is drafted, something is in the way."""
    draft = tmp_path / "brakes.json.new"
    return lambda is_full: draft.mkdir() if is_full else draft.rmdir()


def latch_in(folder: Path) -> LatchCause | None:
    held = BrakesFile(folder).read().latch
    return held.cause if held is not None else None


def a_tail_was_lost(store: FakeStore, folder: Path) -> None:
    SequenceFile(folder).note(9_999)


def a_part_is_damaged(store: FakeStore, folder: Path) -> None:
    store.damages = 1


@pytest.mark.parametrize("happened", [a_tail_was_lost, a_part_is_damaged])
async def test_a_loss_is_latched_before_anything_is_read_however_often_the_file_fails(
    watched: Watch, full: Callable[[bool], None], tmp_path: Path, happened: Callable[[FakeStore, Path], None]
) -> None:
    store = FakeStore(seq=5)
    happened(store, tmp_path)
    watch = watched(store)
    full(True)
    for _ in range(2):
        with pytest.raises(StoreDown, match="a lost memory could not be noted"):
            await watch.load()
    full(False)

    assert await watch.load() == a_state()

    assert latch_in(tmp_path) is LatchCause.LOST_STATE


async def test_a_loss_that_was_latched_late_is_latched_once(
    watched: Watch, full: Callable[[bool], None], tmp_path: Path
) -> None:
    SequenceFile(tmp_path).note(9_999)
    store = FakeStore(seq=5)
    watch = watched(store)
    full(True)
    with pytest.raises(StoreDown):
        await watch.load()
    full(False)
    await watch.load()
    BrakesFile(tmp_path).write(NO_BRAKES)

    await watch.load()
    await watched(store).load()

    assert latch_in(tmp_path) is None


async def test_a_number_that_cannot_be_put_right_is_put_right_later(
    watched: Watch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SequenceFile(tmp_path).note(9_999)
    watch = watched(FakeStore(seq=5))

    def fails(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(SequenceFile, "note", fails)
        with pytest.raises(StoreDown, match="No space left"):
            await watch.load()

    await watch.load()

    assert SequenceFile(tmp_path).read() == 5


async def test_entries_are_held_where_the_answer_that_names_the_one_before_was_lost(watched: Watch) -> None:
    holds: list[float] = []
    store = FakeStore(holder="elsewhere")
    store.silent = 1
    watch = watched(store)
    watch.met_another = holds.append
    with pytest.raises(StoreDown):
        await watch.load()

    await watch.load()

    assert holds == [OTHERS_ENTRIES_S]


async def test_entries_are_held_where_nobody_waited_for_that_answer(watched: Watch) -> None:
    holds: list[float] = []
    store = FakeStore(holder="elsewhere")
    store.is_hanging = True
    watch = watched(store)
    watch.met_another = holds.append
    asking = asyncio.create_task(watch.load())
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait({asking})
    store.is_hanging = False

    await watch.load()

    assert holds == [OTHERS_ENTRIES_S]


async def test_nothing_is_held_where_the_first_answer_names_nobody_else(watched: Watch) -> None:
    holds: list[float] = []
    watch = watched(FakeStore(holder="here"))
    watch.met_another = holds.append

    await watch.load()
    await watch.load()

    assert not holds


# --- through the engine -----------------------------------------------------------------------------------------------


class EmptiedStore(KeptStore):
    """Lost what it held: its numbers begin anew, and there is no memory."""

    async def check(self) -> list[str]:
        if not self.is_up:
            raise StoreDown("switched off")
        return []

    async def take_epoch(self) -> Taken:
        return Taken(1, 0, NAMESPACE, from_elsewhere=False)

    async def beat(self) -> None:
        return None


def a_house_on(folder: Path) -> House:
    """An engine whose store lost its memory, which only the folder knows."""
    house = a_house()
    house.store = EmptiedStore(house.diary)
    house.runner = Runner(
        setup=house.runner.setup,
        interval=house.runner.interval,
        feed=house.feed,
        history=BarHistory(rising(WARMUP), house.diary, ()),
        broker=house.broker,
        store=WatchedStore(house.store, folder, house.clock),  # type: ignore[arg-type]  # a fake of what is used of it
        clock=house.clock,
        brakes_file=BrakesFile(folder),
    )
    house.runner.alarm = house.phone
    SequenceFile(folder).note(9_999)
    return house


@pytest.mark.parametrize(("is_full", "is_away"), [(False, False), (True, False), (False, True)])
async def test_a_loss_that_is_found_late_latches_the_running_engine_too(
    full: Callable[[bool], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_full: bool, is_away: bool
) -> None:
    monkeypatch.setattr("engine.owed.RETRY_S", 0)
    monkeypatch.setattr("engine.runner.LOAD_AGAIN_S", 0)
    house = a_house_on(tmp_path)
    house.store.is_up = not is_away
    if is_full:
        full(True)
    async with running(house):
        assert house.runner.is_apart == (is_full or is_away)
        house.store.is_up = True
        if is_full:
            full(False)
        await house.settle()

        latch = house.runner.trader.books.saved.latch
        assert not house.runner.is_apart
        assert latch is not None
        assert latch.cause is latch_in(tmp_path) is LatchCause.LOST_STATE
        assert len(house.told(LatchSet)) == 1
