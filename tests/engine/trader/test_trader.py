"""What the Trader does with bars, fills and wishes, judged by the books of the exchange around it."""

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from engine.model.commands import AllowSides, PauseTrading, StartTrading, Tune, TuneAll
from engine.model.messages import ReplyCode
from engine.model.notices import CoverVerified, EntryUnknown, PositionOpened, StopMoved
from engine.model.orders import Role
from engine.model.signals import Code, Side, Sides
from engine.model.view import Stage
from tests.engine.trader.rising import EAGER, WARMUP, a_world, rising, run, told, until_open
from tests.engine.trader.world import HOUR, SYMBOL, World


def test_a_rising_market_is_entered_and_the_position_is_guarded_by_two_stops_and_a_target() -> None:
    world = a_world()

    until_open(world)

    assert world.held[SYMBOL] > 0
    assert {order.role for order in world.stops.values()} == {Role.TIGHT_STOP, Role.WIDE_STOP, Role.TARGET}
    assert len(told(world, PositionOpened)) == len(told(world, CoverVerified)) == 1
    assert world.trader.view().desks[SYMBOL].stage is Stage.OPEN


def test_the_risk_of_an_entry_is_at_most_what_is_set() -> None:
    world = a_world()

    until_open(world)

    opened = told(world, PositionOpened)[0]
    risked = abs(opened.trade.entry_price - opened.trade.first_stop) * opened.trade.quantity
    assert risked <= Decimal("0.0101") * world.wallet


def test_nothing_is_entered_until_trading_was_started() -> None:
    world = World(params=EAGER, warmup=WARMUP)

    run(world, rising(150))

    assert not world.fills
    assert all(Code.PAUSED in ruling.refusal_codes for ruling in world.rulings)


def test_a_bar_gives_one_ruling_and_a_repeated_bar_none() -> None:
    world = a_world()
    bars = rising(80)
    run(world, bars)
    count = len(world.rulings)

    world.close(bars[-2], bars[-1].open)

    assert len(world.rulings) == count == 80 - 1 - WARMUP


def test_a_long_is_refused_while_only_shorts_are_allowed() -> None:
    world = a_world()
    world.wish(AllowSides, sides=Sides.SHORT, symbol="")

    run(world, rising(150))

    assert not world.fills
    assert any(Code.SIDE_NOT_ALLOWED in ruling.refusal_codes for ruling in world.rulings)


def test_the_stop_follows_the_price_and_never_loosens() -> None:
    world = a_world(params=EAGER._replace(take_profit_multiplier=50.0))
    rest = until_open(world)

    for bar, following in pairwise(rest[:40]):
        world.close(bar, following.open)

    moves = told(world, StopMoved)
    assert moves
    assert all(move.after > move.before for move in moves)
    tight = [order for order in world.stops.values() if order.role is Role.TIGHT_STOP]
    assert len(tight) == 1
    assert float(tight[0].trigger_price or 0) == moves[-1].after


def test_books_equal_the_exchange_to_the_last_digit_after_many_trades() -> None:
    world = a_world()
    wallet = world.wallet

    for turn in range(6):
        first_ms, step = HOUR * (1 + turn * 100), 4.0 if turn % 2 == 0 else -4.0
        run(world, rising(101, 1_000.0 if step > 0 else 1_440.0, step, first_ms), warm=WARMUP if turn == 0 else 0)

    assert len(world.trades) >= 4
    open_fees = world.trader.desks[SYMBOL].memory.holding
    paid = open_fees.trade.net if open_fees is not None else Decimal(0)
    assert sum((trade.net for trade in world.trades), paid) == world.wallet - wallet


def test_a_pause_stops_entries_but_not_the_trail() -> None:
    world = a_world(params=EAGER._replace(take_profit_multiplier=50.0))
    rest = until_open(world)
    world.wish(PauseTrading)

    for bar, following in pairwise(rest[:30]):
        world.close(bar, following.open)

    assert told(world, StopMoved)
    assert sum(order.role is Role.ENTRY for order in world.orders) == 1


def test_a_restart_goes_on_as_if_nothing_had_happened() -> None:
    straight, broken = a_world(), a_world()
    bars = rising(160)
    run(straight, bars)

    for number, (bar, following) in enumerate(pairwise(bars)):
        broken.close(bar, following.open, is_history=number < WARMUP)
        if number in (75, 90, 110):
            broken.saved = broken.trader.state()
            broken.wake_up()
            for earlier in bars[: number + 1]:
                broken.close(earlier, following.open, is_history=True)

    assert [replace(fill, trade_id=0, order_id=0, client_id="") for fill in straight.fills] == [
        replace(fill, trade_id=0, order_id=0, client_id="") for fill in broken.fills
    ]


def test_settings_are_changed_within_their_range_and_kept_over_a_restart() -> None:
    world = a_world()

    outside = world.wish(Tune, name="activation_threshold", value=7.0)
    inside = world.wish(Tune, name="activation_threshold", value=0.5)
    world.saved = world.trader.state()
    world.wake_up()

    assert outside.code is ReplyCode.OUT_OF_RANGE
    assert inside.code is ReplyCode.DONE
    assert world.trader.params.activation_threshold == 0.5


def test_only_one_position_is_held_over_two_symbols_where_one_is_allowed() -> None:
    world = World(params=EAGER, warmup=WARMUP, symbols=("ETHUSDT", "BTCUSDT"))
    world.wish(StartTrading)
    bars = rising(130)

    for number, (bar, following) in enumerate(pairwise(bars)):
        for symbol in world.symbols:
            world.close(bar, following.open, symbol, is_history=number < WARMUP)
        assert sum(quantity != 0 for quantity in world.held.values()) <= 1

    assert world.fills
    assert any(Code.TOO_MANY_POSITIONS in ruling.refusal_codes for ruling in world.rulings)


def test_an_entry_without_an_answer_is_adopted_when_its_fill_is_found() -> None:
    world = a_world()
    world.swallow = {Role.ENTRY}

    until_open(world)
    world.pass_time(1_100)

    assert world.held[SYMBOL] > 0
    assert {order.role for order in world.stops.values()} >= {Role.TIGHT_STOP, Role.WIDE_STOP}
    assert sum(order.role is Role.ENTRY for order in world.orders) == 1
    assert not told(world, EntryUnknown) or world.trader.view().desks[SYMBOL].position is not None


def test_a_short_is_the_mirror_of_a_long() -> None:
    world = a_world()

    run(world, rising(140, 2_000.0, -4.0))

    opened = told(world, PositionOpened)
    assert opened
    assert opened[0].trade.side is Side.SHORT
    assert opened[0].plan.stop > opened[0].plan.entry > opened[0].plan.target


def test_several_settings_are_changed_together_or_not_at_all() -> None:
    world = a_world()

    half_wrong = world.wish(TuneAll, changes=(("activation_threshold", 0.5), ("adx_minimum", -3.0)))
    before = world.trader.params
    together = world.wish(TuneAll, changes=(("macd_fast", 30.0), ("macd_slow", 60.0)))
    apart = world.wish(Tune, name="macd_slow", value=20.0)

    assert half_wrong.code is ReplyCode.OUT_OF_RANGE
    assert before == world.trader.params._replace(macd_fast=before.macd_fast, macd_slow=before.macd_slow)
    assert together.code is ReplyCode.DONE
    assert apart.code is ReplyCode.OUT_OF_RANGE
    assert (world.trader.params.macd_fast, world.trader.params.macd_slow) == (30, 60)
    assert [one.name for one in world.trader.overrides] == ["macd_fast", "macd_slow"]
