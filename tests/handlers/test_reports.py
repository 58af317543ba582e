"""Results add up to the last cent, with fees and funding kept apart, and admit when they are too few."""

from decimal import Decimal

import pytest

from handlers.ui.reports import Period, added, since
from tests.handlers.conversation import Conversation, assert_fits_telegram
from tests.handlers.samples import NOW_MS, a_trade, an_engine

DAY_MS = 86_400_000


def traded(*nets: str) -> Conversation:
    engine = an_engine()
    engine.closed = [a_trade(net, number=at) for at, net in enumerate(nets)]
    return Conversation(engine)


async def test_net_is_price_less_fees_plus_funding() -> None:
    chat = traded("12.50", "-4.25")

    await chat.say("/pnl all")

    assert "+$8.25" in chat.shown
    assert "Price +$9.25 · fees −$1.00 · funding $0.00" in chat.shown
    assert "2 trades, 1 won" in chat.shown
    assert "Too few trades" in chat.shown
    assert_fits_telegram(chat.html, chat.buttons)


def test_sums_equal_the_sum_of_their_parts() -> None:
    trades = [a_trade(net) for net in ("1.10", "2.20", "-3.30")]

    total = added(trades)

    assert total.net == sum((trade.net for trade in trades), Decimal(0))
    assert total.net == Decimal("0.00")


@pytest.mark.parametrize("period", list(Period))
async def test_every_period_has_a_button_and_the_chosen_one_is_ticked(period: Period) -> None:
    chat = traded("1")

    await chat.say(f"/pnl {period.value}")

    assert sum("✅" in button.text for button in chat.buttons) == 1


def test_a_period_begins_at_midnight_or_so_many_days_ago() -> None:
    assert since(Period.DAY, NOW_MS) % DAY_MS == 0
    assert NOW_MS - since(Period.WEEK, NOW_MS) == 7 * DAY_MS
    assert since(Period.ALL, NOW_MS) == 0


async def test_at_most_ten_trades_are_listed() -> None:
    chat = traded(*["1"] * 14)

    await chat.say("/trades")

    assert chat.shown.count("#T") == 10
    assert "14 trades in all" in chat.shown


async def test_a_store_that_is_away_is_said_in_plain_words() -> None:
    chat = traded("1")
    chat.engine.is_store_down = True

    await chat.say("/pnl")

    assert "The memory store is unreachable" in chat.shown
    assert "exits and stops go on" in chat.shown
