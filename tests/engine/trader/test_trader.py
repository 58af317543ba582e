"""What the Trader does with bars, fills and wishes, judged by the books of the exchange around it."""

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from engine.model.commands import (
    AllowSides,
    ApproveEntry,
    ClosePosition,
    DecisionMode,
    DeclineEntry,
    MoveStopToEntry,
    Panic,
    PauseTrading,
    ResetLatch,
    StartTrading,
    StopHow,
    StopTrading,
    Tune,
)
from engine.model.events import PriceSeen
from engine.model.market import Bar, PriceWindow
from engine.model.messages import ReplyCode
from engine.model.notices import (
    CoverMissing,
    CoverVerified,
    EntryProposed,
    EntryUnknown,
    LatchSet,
    OutsideQuestion,
    PanicDone,
    PositionClosed,
    PositionOpened,
    ProposalEnd,
    ProposalEnded,
    StopMoved,
)
from engine.model.orders import ExitReason, Role
from engine.model.signals import Code, Side, Sides, Verdict
from engine.model.view import Stage
from engine.params import TradingParams
from tests.engine.trader.world import HOUR, SYMBOL, World

WARMUP = 60
EAGER = TradingParams(activation_threshold=0.2, ema_slow=50, atr_mean_period=30, max_atr_fraction=0.5, max_daily_loss=1.0)


def rising(count: int, start: float = 1_000.0, step: float = 4.0, first_ms: int = HOUR) -> list[Bar]:
    """A trend upwards with a little breath in it."""
    bars, price = [], start
    for number in range(count):
        close = price + step * (1.6 if number % 3 else -0.6)
        low, high = min(price, close) - abs(step), max(price, close) + abs(step)
        bars.append(Bar(first_ms + number * HOUR, price, high, low, close, 100.0 + number % 5))
        price = close
    return bars


def a_world(**settings: Any) -> World:
    """A world that is warm and trades, before its first decision."""
    chosen: dict[str, Any] = {"params": EAGER, "warmup": WARMUP} | settings
    world = World(**chosen)
    world.wish(StartTrading)
    return world


def run(world: World, bars: list[Bar], warm: int = WARMUP) -> None:
    """Let bars happen, the first of them as history."""
    for number, (bar, following) in enumerate(pairwise(bars)):
        world.close(bar, following.open, is_history=number < warm)


def until_open(world: World) -> list[Bar]:
    """Let a rising market go on until a position is open; give the bars that are left."""
    bars = rising(200)
    for number, (bar, following) in enumerate(pairwise(bars)):
        world.close(bar, following.open, is_history=number < WARMUP)
        if world.held[SYMBOL]:
            return bars[number + 1 :]
    raise AssertionError("the market never gave an entry")


def told[T](world: World, kind: type[T]) -> list[T]:
    """All notices of a kind."""
    return [notice for notice in world.notices if isinstance(notice, kind)]


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


def test_a_card_is_shown_in_confirm_mode_and_nothing_is_sent_before_the_tap() -> None:
    world = a_world(mode=DecisionMode.CONFIRM)

    run(world, rising(WARMUP + 30))

    cards = told(world, EntryProposed)
    assert cards
    assert not world.orders
    assert any(ruling.verdict is Verdict.PROPOSED for ruling in world.rulings)


def with_card(world: World) -> str:
    """Let bars happen until a card is open; its intent."""
    bars = rising(WARMUP + 100)
    for number, (bar, following) in enumerate(pairwise(bars)):
        world.close(bar, following.open, is_history=number < WARMUP)
        card = world.trader.desks[SYMBOL].memory.proposal
        if card is not None:
            world.quote(SYMBOL, card.price)
            return card.intent_id
    raise AssertionError("the market never gave a proposal")


def test_a_confirmed_card_is_entered_once_however_often_it_is_pressed() -> None:
    world = a_world(mode=DecisionMode.CONFIRM)
    intent = with_card(world)

    first = world.wish(ApproveEntry, intent_id=intent, fraction=1.0)
    second = world.wish(ApproveEntry, intent_id=intent, fraction=1.0)

    assert first.code is ReplyCode.SENT
    assert second.code is ReplyCode.NO_SUCH_PROPOSAL
    assert sum(order.role is Role.ENTRY for order in world.orders) == 1


def test_half_a_card_enters_half_the_size() -> None:
    world = a_world(mode=DecisionMode.CONFIRM)
    intent = with_card(world)
    card = world.trader.desks[SYMBOL].memory.proposal
    assert card is not None

    world.wish(ApproveEntry, intent_id=intent, fraction=0.5)

    assert abs(world.held[SYMBOL] - card.quantity / 2) <= Decimal("0.001")


def test_a_card_is_dead_at_its_deadline() -> None:
    world = a_world(mode=DecisionMode.CONFIRM)
    intent = with_card(world)

    world.pass_time(60_000)

    assert told(world, ProposalEnded)[-1].end is ProposalEnd.EXPIRED
    assert world.wish(ApproveEntry, intent_id=intent, fraction=1.0).code is ReplyCode.NO_SUCH_PROPOSAL


def test_a_card_is_refused_when_the_price_ran_away() -> None:
    world = a_world(mode=DecisionMode.CONFIRM)
    intent = with_card(world)
    world.quote(SYMBOL, float(world.price[SYMBOL]) * 1.05)

    reply = world.wish(ApproveEntry, intent_id=intent, fraction=1.0)

    assert reply.code is ReplyCode.PRICE_MOVED
    assert not world.orders


def test_a_card_is_refused_when_the_owner_paused_meanwhile_or_skipped_it() -> None:
    world = a_world(mode=DecisionMode.CONFIRM)
    intent = with_card(world)

    assert world.wish(DeclineEntry, intent_id=intent).code is ReplyCode.DONE
    assert world.wish(ApproveEntry, intent_id=intent, fraction=1.0).code is ReplyCode.NO_SUCH_PROPOSAL


def test_closing_half_leaves_half_guarded_and_closing_the_rest_leaves_nothing() -> None:
    world = a_world()
    until_open(world)
    intent, before = world.trader.view().desks[SYMBOL].position.trade.intent_id, world.held[SYMBOL]  # type: ignore[union-attr]

    world.wish(ClosePosition, intent_id=intent, fraction=0.5)
    half = world.held[SYMBOL]
    guards = {order.role: order.quantity for order in world.stops.values()}
    world.wish(ClosePosition, intent_id=intent, fraction=1.0)

    assert abs(half - before / 2) <= Decimal("0.001")
    assert guards[Role.TIGHT_STOP] == guards[Role.TARGET] == half
    assert world.held[SYMBOL] == 0
    assert not world.stops
    assert told(world, PositionClosed)[0].reason is ExitReason.MANUAL


def test_the_stop_moves_to_the_entry_only_where_that_tightens_it() -> None:
    world = a_world(params=EAGER._replace(take_profit_multiplier=50.0))
    until_open(world)
    position = world.trader.view().desks[SYMBOL].position
    assert position is not None
    world.quote(SYMBOL, position.plan.entry * 1.01)

    first = world.wish(MoveStopToEntry, intent_id=position.trade.intent_id)
    second = world.wish(MoveStopToEntry, intent_id=position.trade.intent_id)

    tight = [float(order.trigger_price or 0) for order in world.stops.values() if order.role is Role.TIGHT_STOP]
    assert first.code is ReplyCode.SENT
    assert second.code is ReplyCode.WOULD_LOOSEN
    assert tight == [pytest.approx(position.plan.entry, abs=0.01)]


def test_panic_closes_everything_sweeps_latches_and_reports_once() -> None:
    world = a_world()
    until_open(world)

    world.wish(Panic)
    again = world.wish(Panic)
    world.pass_time(1_000)

    assert world.held[SYMBOL] == 0
    assert not world.stops
    assert len(told(world, PanicDone)) == 1
    assert len(told(world, LatchSet)) == 1
    assert again.is_ok
    assert world.trades[-1].reason is ExitReason.PANIC


def test_the_latch_blocks_entries_until_it_is_lifted() -> None:
    world = a_world()
    world.wish(Panic)
    world.wish(StartTrading)
    run(world, rising(WARMUP + 40))
    blocked = not world.fills

    world.wish(ResetLatch)
    run(world, rising(60, first_ms=HOUR * (WARMUP + 40), start=1_300.0), warm=0)

    assert blocked
    assert world.fills


def test_a_drawdown_sets_the_latch_at_once_and_the_position_keeps_its_exits() -> None:
    world = a_world(params=EAGER._replace(max_drawdown=0.001, stop_atr_multiplier=8.0, risk_per_trade=0.05))
    until_open(world)

    world.quote(SYMBOL, float(world.price[SYMBOL]) * 0.98)

    assert told(world, LatchSet)
    assert {order.role for order in world.stops.values()} == {Role.TIGHT_STOP, Role.WIDE_STOP, Role.TARGET}


def test_a_refused_tight_stop_ends_in_a_market_exit() -> None:
    world = a_world()
    world.refuse = {Role.TIGHT_STOP: -2021}

    until_open_or_closed(world)

    assert world.held[SYMBOL] == 0
    assert world.trades[0].reason is ExitReason.STOP_LOSS


def until_open_or_closed(world: World) -> None:
    """Let bars happen until something was filled."""
    for number, (bar, following) in enumerate(pairwise(rising(200))):
        world.close(bar, following.open, is_history=number < WARMUP)
        if world.fills:
            return
    raise AssertionError("the market never gave an entry")


def test_a_stop_cancelled_by_hand_is_put_back() -> None:
    world = a_world()
    until_open(world)
    name = next(stop.client_id for stop in world.stops.values() if stop.role is Role.TIGHT_STOP)

    del world.stops[name]
    world.pass_time(30_000, is_check=True)
    world.pass_time(1_000)

    assert Role.TIGHT_STOP in {order.role for order in world.stops.values()}


def test_a_position_closed_by_hand_is_noticed_and_its_stops_are_swept() -> None:
    world = a_world()
    until_open(world)

    world.held[SYMBOL] = Decimal(0)
    world.pass_time(30_000, is_check=True)
    for _ in range(4):
        world.pass_time(1_000)

    assert world.trades[-1].reason is ExitReason.CLOSED_ELSEWHERE
    assert not world.stops


def test_a_position_opened_by_hand_is_guarded_and_told() -> None:
    world = a_world()
    run(world, rising(WARMUP + 2))

    world.held[SYMBOL], world.entry[SYMBOL] = Decimal(1), world.price[SYMBOL]
    world.pass_time(30_000, is_check=True)
    for _ in range(4):
        world.pass_time(1_000)

    assert told(world, OutsideQuestion)
    assert Role.WIDE_STOP in {order.role for order in world.stops.values()}


def test_a_price_that_stays_beyond_the_stop_makes_us_leave_ourselves() -> None:
    world = a_world()
    until_open(world)
    low = float(world.price[SYMBOL]) * 0.9
    world.give(PriceSeen(SYMBOL, low, PriceWindow(low, low, low), world.time, world.now))
    world.pass_time(3_000)

    assert world.held[SYMBOL] == 0
    assert told(world, CoverMissing)


def test_leaving_at_a_target_that_did_not_fire_is_called_by_its_name() -> None:
    world = a_world()
    until_open(world)
    high = float(world.price[SYMBOL]) * 1.5

    world.give(PriceSeen(SYMBOL, high, PriceWindow(high, high, high), world.time, world.now))
    world.pass_time(3_000)

    assert world.trades[-1].reason is ExitReason.TAKE_PROFIT


def test_stopping_flat_keeps_the_stops_or_closes_all_as_asked() -> None:
    kept, closed = a_world(), a_world()
    until_open(kept)
    until_open(closed)

    kept.wish(StopTrading, how=StopHow.KEEP)
    closed.wish(StopTrading, how=StopHow.CLOSE)

    assert kept.held[SYMBOL] > 0
    assert kept.stops
    assert closed.held[SYMBOL] == 0
    assert not closed.stops


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


def test_an_open_card_is_dead_after_a_restart() -> None:
    world = a_world(mode=DecisionMode.CONFIRM)
    intent = with_card(world)

    world.saved = world.trader.state()
    world.wake_up()

    assert told(world, ProposalEnded)[-1].end is ProposalEnd.RESTARTED
    assert world.wish(ApproveEntry, intent_id=intent, fraction=1.0).code is ReplyCode.NO_SUCH_PROPOSAL


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
