"""A process that starts under other settings than the one before, or without all of its symbols."""

from dataclasses import replace
from itertools import pairwise

import pytest

from engine.model.commands import ApproveEntry, DecisionMode
from engine.model.events import BarClosed, RulesLoaded
from engine.model.messages import ReplyCode
from engine.model.notices import EntryProposed, ProposalEnded
from engine.model.saved import SavedDesk
from engine.model.signals import Sides
from engine.trader.waking import awakened, of_bars
from tests.engine.trader.rising import EAGER, WARMUP, a_world, rising, told, until_open
from tests.engine.trader.world import SYMBOL, World, rules

OTHER = "BTCUSDT"
MINUTE = 60_000
HOUR = 60 * MINUTE
TEN = 10 * HOUR  # ten o'clock


def test_a_position_in_a_symbol_that_is_no_longer_traded_still_takes_its_place() -> None:
    world = a_world(symbols=(SYMBOL, OTHER))
    assert world.params.max_positions == 1
    until_open(world)
    world.saved, world.symbols = world.trader.state(), (OTHER,)
    world.wake_up()

    for number, (bar, following) in enumerate(pairwise(rising(200))):
        world.close(bar, following.open, symbol=OTHER, is_history=number < WARMUP + 3)

    assert world.held[SYMBOL]
    assert not [fill for fill in world.fills if fill.symbol == OTHER]


def _a_card() -> tuple[World, str]:
    world = a_world(mode=DecisionMode.CONFIRM, params=EAGER._replace(proposal_seconds=3600))
    for number, (bar, following) in enumerate(pairwise(rising(200))):
        world.close(bar, following.open, is_history=number < WARMUP)
        if cards := told(world, EntryProposed):
            return world, cards[-1].proposal.intent_id
    raise AssertionError("the market never gave a card")


def test_a_card_of_before_is_dead_also_where_its_symbol_is_listed_late() -> None:
    world, card = _a_card()
    world.saved = world.trader.state()
    named, world.symbols = world.symbols, ()
    world.wake_up()
    world.symbols = named

    world.give(RulesLoaded(rules(SYMBOL), world.time, world.now))

    assert told(world, ProposalEnded)
    assert world.wish(ApproveEntry, intent_id=card, fraction=1.0).code is ReplyCode.NO_SUCH_PROPOSAL


def test_a_card_is_not_taken_before_bars_were_seen() -> None:
    world, card = _a_card()
    world.trader.desks[SYMBOL].bars.features = None

    assert world.wish(ApproveEntry, intent_id=card, fraction=1.0).code is ReplyCode.NOT_READY
    assert world.trader.desks[SYMBOL].memory.proposal is not None


@pytest.mark.parametrize(
    ("before_ms", "last_ms", "now_ms", "handled_ms"),
    [
        (MINUTE, TEN + 29 * MINUTE, HOUR, TEN - HOUR),
        (MINUTE, TEN - MINUTE, HOUR, TEN - HOUR),
        (MINUTE, TEN, HOUR, TEN - HOUR),
        (HOUR, TEN, MINUTE, TEN + 59 * MINUTE),
        (HOUR, TEN, HOUR, TEN),
        (0, TEN, HOUR, TEN),
        (0, TEN + 29 * MINUTE, HOUR, TEN - HOUR),
        (MINUTE, 0, HOUR, 0),
    ],
    ids=[
        "within a bar",
        "with a bar's end",
        "after a bar's begin",
        "finer",
        "the same",
        "untold",
        "untold and finer",
        "none yet",
    ],
)
def test_bars_of_another_interval_count_as_handled_up_to_what_had_closed(
    before_ms: int, last_ms: int, now_ms: int, handled_ms: int
) -> None:
    memory = SavedDesk(SYMBOL, Sides.BOTH, last_bar_ms=last_ms, interval_ms=before_ms)

    assert of_bars(memory, now_ms).last_bar_ms == handled_ms


def test_the_first_close_after_a_start_with_longer_bars_is_ruled() -> None:
    world = a_world()
    rest = until_open(world)
    memory = replace(world.trader.state().desks[SYMBOL], last_bar_ms=rest[0].open_time_ms + 29 * MINUTE, interval_ms=MINUTE)
    world.saved = replace(world.trader.state(), desks={SYMBOL: memory})
    world.wake_up()
    for bar in rising(200):
        if bar.open_time_ms < rest[0].open_time_ms:
            world.give(BarClosed(SYMBOL, bar, True, world.time, world.now))
    before = len(world.rulings)

    world.close(rest[0], rest[1].open)

    assert len(world.rulings) == before + 1


def test_a_liquidation_from_before_this_was_remembered_latches_no_more() -> None:
    memory = SavedDesk(SYMBOL, Sides.BOTH, last_fill_ms=TEN)

    assert awakened(memory, TEN).forced_ms == TEN


def test_a_position_that_the_exchange_does_not_list_takes_one_place() -> None:
    world = a_world(symbols=(SYMBOL, OTHER))
    until_open(world)
    world.saved = world.trader.state()
    world.symbols = (OTHER,)
    world.wake_up()
    world.trader.setup = replace(world.trader.setup, symbols=(SYMBOL, OTHER))
    world.pass_time(30_000, is_check=True)

    assert world.trader.books.strays == (SYMBOL,)
    assert world.trader.account_now(world.trader.desks[OTHER]).open_positions == 1
