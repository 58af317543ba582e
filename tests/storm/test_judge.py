"""What the storm's judge sees: each of these mistakes, made on purpose, is named by the exchange's own books or on the wire."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

import engine.desk.desk as product_desk
import engine.execution.cover as product_cover
import engine.risk.pre_trade_veto as product_veto
import engine.state.latch as product_latch
import engine.trader.wishes as product_wishes
from engine.adapters.binance_broker import BinanceBroker
from engine.adapters.binance_budget import Budget
from engine.execution.ids import client_id
from engine.model.commands import Asked, ClosePosition, Panic, PauseTrading, StartTrading
from engine.model.messages import NOTHING, Reply, ReplyCode
from engine.model.orders import ApprovedOrder, Role
from sandbox.exchange.matching import execute
from sandbox.exchange.orders import Order
from tests.storm.catalogue import FAULTS
from tests.storm.disk import Disk
from tests.storm.market import SYMBOLS
from tests.storm.watch import Watch
from tests.storm.weather import Blow
from tests.storm.world import Ended, World

SEED = 2  # both symbols are entered, and left again


def lived(acts: dict[float, Callable[[World], None]], *, seed: int = SEED, storm_s: float = 40.0, **settings: Any) -> Ended:
    """A run without weather, in which something is done at some moments."""

    def blows(world: World) -> list[Blow]:
        world.params = world.params._replace(**settings)
        return [Blow(replace(FAULTS["G5"], act=_act(act)), second, second + 1.0) for second, act in acts.items()]

    return World(seed, blows, storm_s=storm_s).run()


def _act(act: Callable[[World], None]) -> Callable[[World, Any], bool]:
    def done(world: World, _: Any) -> bool:
        act(world)
        return True

    return done


def seen_by(ended: Ended) -> set[str]:
    return {name for name, _ in ended.violations}


def close_all(world: World) -> None:
    """The owner closes what is open."""
    view = world.view()
    assert view is not None
    held = [desk.position for desk in view.desks.values() if desk.position is not None]
    assert held
    for position in held:
        world.wish(ClosePosition, intent_id=position.trade.intent_id, fraction=1.0)


def test_a_calm_run_in_which_the_owner_closes_everything_shows_nothing() -> None:
    ended = lived({20.0: close_all})

    assert ended.fills >= 4
    assert not ended.violations


def test_a_move_that_takes_the_old_stops_away_before_there_are_others_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, cancelled = vars(product_cover)["_kept"], vars(product_cover)["_cancelled"]

    def bared(desk: Any, holding: Any, want: Any, now_ms: int) -> Any:
        seen = [stop for stop in product_cover.own_stops(desk) if stop.role is want.role and stop.is_seen]
        return cancelled(desk, seen, now_ms) if seen else kept(desk, holding, want, now_ms)

    monkeypatch.setattr(product_cover, "_kept", bared)

    ended = lived({})

    assert any(name == "I2" and "left" in what and "without cover" in what for name, what in ended.violations)


def test_requests_during_a_429_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Budget, "note_too_many", lambda *_: None)
    refused = Blow(replace(FAULTS["A7"], odds=0.3), 0.0, 3.0)

    ended = World(SEED, lambda _: [refused], storm_s=40.0).run()

    assert any(name == "I18" and "before a 429" in what for name, what in ended.violations)


def test_requests_during_a_ban_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Budget, "note_banned", lambda *_: None)
    banned = Blow(replace(FAULTS["A8"], odds=0.3), 0.0, 3.0)

    ended = World(SEED, lambda _: [banned], storm_s=40.0).run()

    assert any(name == "I18" and "end of a ban" in what for name, what in ended.violations)


def test_an_exit_that_leaves_three_seconds_late_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    place = BinanceBroker.place

    async def late(self: BinanceBroker, order: ApprovedOrder) -> Any:
        if order.role is Role.EXIT:
            await asyncio.sleep(3.0)
        return await place(self, order)

    monkeypatch.setattr(BinanceBroker, "place", late)

    assert "I10" in seen_by(lived({20.0: close_all}))


def test_a_wish_to_close_that_is_never_carried_out_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(product_desk.Desk, "leave", lambda *_: NOTHING)

    assert "I10" in seen_by(lived({20.0: close_all}))


def test_an_exit_that_turns_a_position_is_seen() -> None:
    def turned(world: World) -> None:
        exchange = world.venue.exchange
        symbol = next(symbol for symbol in SYMBOLS if world.venue.lots(symbol))
        lots, intent = world.venue.lots(symbol), "a" * 16
        side = -1 if lots > 0 else 1
        name = client_id(Role.TARGET, intent, 1)
        now = exchange.clock.now_ms
        execute(
            exchange, Order(exchange.ids.next_order(), name, symbol, side, "MARKET", "GTC", 2 * abs(lots), 0, False, False, now)
        )
        world.venue.told()

    ended = lived({20.0: turned})

    assert any(name == "I10" and "turned" in what for name, what in ended.violations)


def test_an_entry_under_more_leverage_than_the_setting_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = Blow(replace(FAULTS["A34"], odds=1.0), 0.0, 30.0)
    assert not World(SEED, lambda _: [refused], storm_s=40.0).run().fills

    monkeypatch.setattr(product_desk, "is_set_up", lambda *_: True)

    assert "I3" in seen_by(World(SEED, lambda _: [refused], storm_s=40.0).run())


def test_a_position_beyond_the_settings_is_seen() -> None:
    def narrower(world: World) -> None:
        world.params = world.params._replace(max_position_value_ratio=0.01)  # the process runs with the larger one

    assert "I3" in seen_by(lived({5.0: narrower}))


def test_a_position_too_many_is_seen() -> None:
    def fewer(world: World) -> None:
        world.params = world.params._replace(max_positions=1)

    assert "I3" in seen_by(lived({5.0: fewer}, seed=SEED))


def test_entries_beyond_the_drawdown_are_seen_without_the_engines_latch(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped_out(world: World) -> None:
        for symbol in SYMBOLS:
            world.venue.jump(symbol, -0.03 if world.venue.lots(symbol) > 0 else 0.03)

    assert not lived({20.0: stopped_out}, storm_s=180.0, max_drawdown=0.002).violations

    monkeypatch.setattr(product_latch, "drawn_down", lambda *_: 0.0)
    monkeypatch.setattr(product_veto, "fall", lambda *_: 0.0)  # an entry is refused beyond it, too, latch or not

    assert "I9" in seen_by(lived({20.0: stopped_out}, storm_s=180.0, max_drawdown=0.002))


def test_an_entry_that_was_not_written_down_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Disk, "append", lambda *_: None)

    ended = lived({})

    assert any(name == "I1" and "written down nowhere" in what for name, what in ended.violations)


def test_an_entry_that_is_larger_than_planned_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    sign = BinanceBroker.sign

    def doubled(self: BinanceBroker, order: ApprovedOrder) -> Any:
        assert order.quantity is not None
        return sign(self, replace(order, quantity=order.quantity * Decimal(2)))

    monkeypatch.setattr(BinanceBroker, "sign", doubled)

    ended = lived({})

    assert any(name == "I1" and "was planned as" in what for name, what in ended.violations)


def test_funding_is_paid_in_mid_run_and_booked() -> None:
    world = World(SEED, lambda _: [])

    ended = world.run()

    paid = [income for income in world.venue.exchange.ledger.incomes if income.kind == "FUNDING_FEE"]
    assert not ended.violations
    assert paid


def _judge() -> Watch:
    return Watch(cast(World, SimpleNamespace(loop=SimpleNamespace(time=lambda: 5.0))))


@pytest.mark.parametrize(
    ("wish", "code"), [(PauseTrading, ReplyCode.DONE), (PauseTrading, ReplyCode.ALREADY), (Panic, ReplyCode.SENT)]
)
def test_a_process_is_held_to_a_pause_that_it_granted(wish: type[PauseTrading | Panic], code: ReplyCode) -> None:
    judge, asked = _judge(), wish(Asked("7", 1, 1))

    judge.granted(asked, Reply(code), judge.asked(asked))

    assert judge._paused_s == 5.0


@pytest.mark.parametrize(("code", "paused_s"), [(ReplyCode.STORE_DOWN, 5.0), (ReplyCode.DONE, None)])
def test_only_a_start_that_was_granted_ends_a_pause(code: ReplyCode, paused_s: float | None) -> None:
    judge, pause, start = _judge(), PauseTrading(Asked("7", 1, 1)), StartTrading(Asked("7", 2, 2))
    judge.granted(pause, Reply(ReplyCode.DONE), judge.asked(pause))

    judge.granted(start, Reply(code), judge.asked(start))

    assert judge._paused_s == paused_s


@pytest.mark.parametrize("newest_is_first", [True, False])
def test_one_of_two_starts_of_one_moment_is_enough_to_end_a_pause(newest_is_first: bool) -> None:
    judge, pause, start = _judge(), PauseTrading(Asked("7", 1, 1)), StartTrading(Asked("7", 2, 2))
    judge.granted(pause, Reply(ReplyCode.DONE), judge.asked(pause))
    answers = [(judge.asked(start), ReplyCode.DONE), (judge.asked(start), ReplyCode.STORE_DOWN)]

    for number, code in reversed(answers) if newest_is_first else answers:
        judge.granted(start, Reply(code), number)

    assert judge._paused_s is None


def test_a_start_of_before_a_pause_that_is_answered_late_does_not_end_it() -> None:
    judge, pause, start = _judge(), PauseTrading(Asked("7", 1, 1)), StartTrading(Asked("7", 2, 2))
    first = judge.asked(start)
    judge.granted(pause, Reply(ReplyCode.DONE), judge.asked(pause))
    judge.granted(start, Reply(ReplyCode.STORE_DOWN), judge.asked(start))

    judge.granted(start, Reply(ReplyCode.DONE), first)

    assert judge._paused_s == 5.0


def test_a_pause_between_two_starts_is_not_ended_by_the_first_of_them() -> None:
    judge, pause, start = _judge(), PauseTrading(Asked("7", 1, 1)), StartTrading(Asked("7", 2, 2))
    judge.granted(pause, Reply(ReplyCode.DONE), judge.asked(pause))
    first, between, last = (judge.asked(wish) for wish in (start, pause, start))

    judge.granted(pause, Reply(ReplyCode.DONE), between)
    judge.granted(start, Reply(ReplyCode.DONE), first)
    judge.granted(start, Reply(ReplyCode.STORE_DOWN), last)

    assert judge._paused_s == 5.0


def test_an_entry_after_a_pause_that_was_granted_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(product_wishes, "_set_running", lambda *_: product_wishes.DONE)

    ended = lived({5.0: lambda world: world.wish(PauseTrading)})

    assert [name for name, what in ended.violations if "after a pause" in what] == ["I7"]


def test_an_entry_by_a_clock_that_was_read_long_ago_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.storm.watch.CLOCK_S", 3.0)  # it is read every half minute

    ended = lived({})

    assert any(name == "I16" and "by a clock" in what for name, what in ended.violations)
