"""What others do to the account: followed, covered, asked about once, and never undone by trading."""

import json
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from engine.adapters.codec import decode, encode
from engine.model.account import OrderSeen
from engine.model.commands import (
    AnswerOutside,
    ClosePosition,
    MoveStopToEntry,
    OutsideChoice,
    Panic,
    StartTrading,
    StopHow,
    StopTrading,
)
from engine.model.events import StopChanged
from engine.model.messages import ReplyCode
from engine.model.notices import OutsideChange, OutsideQuestion, PositionClosed
from engine.model.orders import Role, StopStatus
from engine.model.saved import SavedState
from engine.model.signals import Code, Ruling, Side
from engine.model.view import Care
from tests.engine.trader.hands import OpenWorld
from tests.engine.trader.rising import EAGER, WARMUP, rising, run, told
from tests.engine.trader.world import SYMBOL


def a_world(**settings: Any) -> OpenWorld:
    """Warm, trading, flat, and not yet inclined to enter."""
    chosen: dict[str, Any] = {"params": EAGER, "warmup": WARMUP} | settings
    world = OpenWorld(**chosen)
    world.wish(StartTrading)
    run(world, rising(WARMUP + 2))
    assert not world.held[SYMBOL]
    return world


def go_on(world: OpenWorld, bars: int = 40) -> None:
    """Let the market rise on, so that the engine would like to enter."""
    following = rising(WARMUP + 2 + bars)[WARMUP + 1 :]
    run(world, following, warm=0)


def until_held(world: OpenWorld) -> Decimal:
    """Let the market rise until the engine has entered; give what it holds."""
    bars = rising(WARMUP + 40)[WARMUP + 1 :]
    for bar, following in pairwise(bars):
        world.close(bar, following.open)
        if world.held[SYMBOL]:
            return world.held[SYMBOL]
    raise AssertionError("the market never gave an entry")


def later(world: OpenWorld, seconds: int = 8) -> None:
    """Wire time goes on by seconds."""
    for _ in range(seconds):
        world.pass_time(1_000)


def roles(world: OpenWorld) -> set[Role]:
    return {order.role for order in world.stops.values()}


def answer(world: OpenWorld, choice: OutsideChoice) -> ReplyCode:
    return world.wish(AnswerOutside, question_id=world.question.question_id, choice=choice).code


def changes(world: OpenWorld) -> list[str]:
    return [notice.what for notice in told(world, OutsideChange)]


def test_a_position_by_hand_is_covered_at_once_and_asked_about() -> None:
    world = a_world()

    world.by_hand(Side.LONG, "1")

    assert {Role.TIGHT_STOP, Role.WIDE_STOP} <= roles(world)
    assert (world.question.what, world.question.quantity) == ("opened", Decimal(1))
    assert not changes(world)
    assert world.trader.view().desks[SYMBOL].position.care is Care.ASKED  # type: ignore[union-attr]  # it is held


def test_one_order_in_many_parts_is_asked_about_once_and_covered_whole() -> None:
    world = a_world()

    world.by_hand(Side.SHORT, "1", parts=10)

    assert world.questions == 1
    tight = [stop.quantity for stop in world.stops.values() if stop.role is Role.TIGHT_STOP]
    assert tight == [Decimal(1)]


def test_nothing_is_entered_until_the_answer_and_the_reason_has_a_name() -> None:
    world = a_world()
    world.by_hand(Side.LONG, "0.1")
    before = len(world.orders)

    go_on(world, bars=6)

    assert not [order for order in world.orders[before:] if order.role is Role.ENTRY]
    assert all(Code.TAKEN_OUTSIDE in ruling.refusal_codes for ruling in world.rulings[-3:])


def test_what_is_added_to_ours_is_covered_whole_and_asked_about() -> None:
    world = a_world()
    held = until_held(world)

    world.by_hand(Side.LONG, "1")

    assert world.question.what == "added"
    tight = [stop.quantity for stop in world.stops.values() if stop.role is Role.TIGHT_STOP]
    assert tight == [held + 1]


def test_a_position_turned_by_hand_is_covered_on_its_new_side_and_never_turned_back() -> None:
    world = a_world()
    held = until_held(world)
    orders = len(world.orders)

    world.by_hand(Side.SHORT, str(held + 1))

    assert world.held[SYMBOL] == -1
    assert world.question.what == "reversed"
    assert all(order.trigger_price is not None for order in world.orders[orders:])
    assert {order.side for order in world.stops.values()} == {Side.LONG}


def test_adopted_it_is_ours_with_its_exits_and_statistics() -> None:
    world = a_world()
    world.by_hand(Side.LONG, "1")

    assert answer(world, OutsideChoice.ADOPT) is ReplyCode.DONE

    assert world.trader.view().desks[SYMBOL].position.care is None  # type: ignore[union-attr]  # it is held
    assert roles(world) == {Role.TIGHT_STOP, Role.WIDE_STOP, Role.TARGET}
    world.by_hand(Side.SHORT, "1")
    later(world)
    assert len(world.trades) == 1


def test_ignored_it_keeps_our_wide_stop_only_and_nothing_else_is_done_to_it() -> None:
    world = a_world()
    world.by_hand(Side.LONG, "0.1")

    assert answer(world, OutsideChoice.IGNORE) is ReplyCode.DONE

    assert roles(world) == {Role.WIDE_STOP}
    orders = len(world.orders)
    world.pass_time(10_000, is_check=True)
    world.pass_time(10_000)
    world.wish(StopTrading, how=StopHow.CLOSE)
    assert len(world.orders) == orders
    assert world.held[SYMBOL] == Decimal("0.1")


def test_forgotten_no_order_of_ours_is_left_on_it_and_none_is_placed_again() -> None:
    world = a_world()
    world.by_hand(Side.LONG, "0.1")

    assert answer(world, OutsideChoice.FORGET) is ReplyCode.DONE

    assert not world.stops
    orders = len(world.orders)
    for _ in range(5):
        world.pass_time(5_000, is_check=True)
    world.by_hand(Side.LONG, "0.1", name="web_2")
    assert len(world.orders) == orders
    assert world.questions == 1


@pytest.mark.parametrize("choice", [OutsideChoice.IGNORE, OutsideChoice.FORGET])
def test_a_position_left_alone_is_no_trade_of_ours_and_its_end_opens_the_symbol(choice: OutsideChoice) -> None:
    world = a_world()
    world.by_hand(Side.LONG, "0.1")
    answer(world, choice)

    world.by_hand(Side.SHORT, "0.1", name="web_2")
    later(world)

    assert not world.trades
    assert not told(world, PositionClosed)
    assert changes(world) == ["left_alone_flat"]
    assert not world.trader.desks[SYMBOL].is_taken
    assert not world.stops


def test_the_question_survives_a_restart_and_is_not_asked_again() -> None:
    world = a_world()
    world.by_hand(Side.LONG, "1")

    world.restart()
    world.pass_time(30_000, is_check=True)

    assert world.questions == 1
    assert answer(world, OutsideChoice.IGNORE) is ReplyCode.DONE
    world.restart()
    assert roles(world) == {Role.WIDE_STOP}


def test_a_stale_answer_does_nothing() -> None:
    world = a_world()
    world.by_hand(Side.LONG, "1")
    old = world.question.question_id
    world.by_hand(Side.SHORT, "1", name="web_2")
    later(world)
    world.by_hand(Side.LONG, "1", name="web_3")

    reply = world.wish(AnswerOutside, question_id=old, choice=OutsideChoice.FORGET)

    assert reply.code is ReplyCode.NO_SUCH_QUESTION
    assert {Role.TIGHT_STOP, Role.WIDE_STOP} <= roles(world)
    assert world.question.question_id != old


def test_an_answer_counts_once() -> None:
    world = a_world()
    world.by_hand(Side.LONG, "1")
    answer(world, OutsideChoice.IGNORE)

    assert answer(world, OutsideChoice.IGNORE) is ReplyCode.ALREADY
    assert answer(world, OutsideChoice.FORGET) is ReplyCode.NO_SUCH_QUESTION
    assert roles(world) == {Role.WIDE_STOP}


def test_what_is_closed_by_hand_in_part_is_followed_and_told_without_a_question() -> None:
    world = a_world()
    held = until_held(world)

    world.by_hand(Side.SHORT, "0.5")
    later(world)

    assert not told(world, OutsideQuestion)
    assert changes(world) == ["position_reduced"]
    tight = [stop.quantity for stop in world.stops.values() if stop.role is Role.TIGHT_STOP]
    assert tight == [held - Decimal("0.5")]


def test_what_is_closed_by_hand_loses_our_stops_and_is_told_without_a_question() -> None:
    world = a_world()
    held = until_held(world)

    world.by_hand(Side.SHORT, str(held))
    later(world)

    assert not world.stops
    assert len(told(world, PositionClosed)) == 1
    assert not told(world, OutsideQuestion)


def test_while_a_foreign_order_rests_nothing_is_entered_and_it_is_never_touched() -> None:
    world = a_world()
    world.rest()
    go_on(world, bars=10)
    assert not world.fills
    assert all(Code.TAKEN_OUTSIDE in ruling.refusal_codes for ruling in world.rulings[-3:])
    assert world.foreign

    world.take_away()

    assert not world.trader.desks[SYMBOL].is_taken


def test_a_foreign_order_that_nobody_told_of_is_found_by_the_next_look() -> None:
    world = a_world()
    world.foreign.append(OrderSeen(SYMBOL, "web_quiet", 5, Side.LONG, Decimal(1), reduce_only=False))

    world.pass_time(30_000, is_check=True)

    assert world.trader.desks[SYMBOL].is_taken


def test_what_was_left_alone_is_closed_by_its_name_only_or_by_panic() -> None:
    world = a_world()
    world.by_hand(Side.LONG, "0.1")
    answer(world, OutsideChoice.FORGET)
    intent = world.trader.view().desks[SYMBOL].position.trade.intent_id  # type: ignore[union-attr]  # it is held

    assert world.wish(MoveStopToEntry, intent_id=intent).code is ReplyCode.NOT_OURS
    assert world.wish(ClosePosition, intent_id=intent, fraction=1.0).code is ReplyCode.SENT
    assert not world.held[SYMBOL]

    world.by_hand(Side.LONG, "0.1", name="web_2")
    answer(world, OutsideChoice.FORGET)
    world.wish(Panic)
    assert not world.held[SYMBOL]


def test_the_question_and_its_answer_are_read_back_from_the_store_as_they_were_written() -> None:
    world = a_world()
    world.by_hand(Side.LONG, "1")
    answer(world, OutsideChoice.IGNORE)

    written = encode(world.trader.state())

    read = decode(written, SavedState)
    assert read.desks[SYMBOL].outside == world.trader.desks[SYMBOL].memory.outside is not None
    assert encode(read) == written


def test_a_ruling_from_before_these_checks_is_read_with_them_held() -> None:
    world = a_world()
    go_on(world, bars=4)
    written = json.loads(encode(world.rulings[-1]))
    written["veto"] = written["veto"][: Code.LOSS_STREAK - Code.TOO_MANY_POSITIONS + 1]

    ruling = decode(json.dumps(written).encode(), Ruling)

    assert ruling.veto.taken_outside.held


def test_a_stop_of_ours_that_somebody_cancels_is_back_within_two_seconds_and_told() -> None:
    world = a_world()
    until_held(world)
    name = next(stop.client_id for stop in world.stops.values() if stop.role is Role.TIGHT_STOP)

    del world.stops[name]
    world.give(StopChanged(SYMBOL, name, 1, StopStatus.CANCELED, 0, "", world.time, world.now))
    later(world, 2)

    assert Role.TIGHT_STOP in roles(world)
    assert changes(world) == ["stop_canceled"]
