"""The market at full speed waits for the bot, and so its course does not depend on how fast anybody is."""

import asyncio
from contextlib import AsyncExitStack
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from sandbox.exchange.venue import Venue
from sandbox.market import generate
from tests.sandbox.exchange.builders import a_config, a_hand, a_market
from tests.sandbox.exchange.fake_bot import FakeBot, do_nothing, run_market, serve_health

NOBODY = "http://127.0.0.1:9/healthz"  # the discard port: nobody answers


async def trade_now_and_then(bot: FakeBot, number: int, bar: dict[str, Any]) -> None:
    """Every ninth bar: sweep, enter with stop and target, in turn long and short."""
    if number % 9:
        return
    symbol, close = bar["s"], Decimal(bar["c"])
    await bot.ask("DELETE", "/fapi/v1/algoOpenOrders", symbol=symbol)
    position = await bot.ask("GET", "/fapi/v3/positionRisk", symbol=symbol)
    if position:
        held = Decimal(position[0]["positionAmt"])
        await bot.market("SELL" if held > 0 else "BUY", str(abs(held)), symbol, reduceOnly="true")
        return
    side, other, sign = ("BUY", "SELL", 1) if number % 2 else ("SELL", "BUY", -1)
    tick = Decimal("0.1")
    quantity = str((Decimal(1000) / close).quantize(Decimal("0.001")))
    await bot.market(side, quantity, symbol)
    stop, target = ((close * (1 + sign * Decimal(share))).quantize(tick) for share in ("-0.003", "0.004"))
    await bot.algo(other, "STOP_MARKET", str(stop), symbol, quantity=quantity, reduceOnly="true")
    await bot.algo(other, "TAKE_PROFIT_MARKET", str(target), symbol, quantity=quantity, reduceOnly="true")


async def test_two_runs_with_differently_slow_clients_have_the_same_ledger() -> None:
    market = generate(("ETHUSDT", "BTCUSDT"), "1m", bars=90, warmup=20, seed=5)

    one, other = [await run_market(market, trade_now_and_then, latency_seed=seed) for seed in (1, 2)]

    assert one.report["ledger_hash"] == other.report["ledger_hash"]
    assert len(one.report["trades"]) >= 6
    assert {row["status"] for row in one.report["algo_orders"]} >= {"FINISHED", "CANCELED"}
    gained = Decimal(one.report["wallet_end"]) - Decimal(one.report["wallet_start"])
    assert sum(Decimal(trade["net"]) for trade in one.report["trades"]) == gained
    assert one.report["uncovered_market_ms_max"] == 0


async def test_another_course_has_another_ledger() -> None:
    market = generate(("ETHUSDT",), "1m", bars=30, warmup=20, seed=5)

    one, other = [await run_market(market, trade_now_and_then, slippage_bps=slippage) for slippage in (1.0, 2.0)]

    assert one.report["ledger_hash"] != other.report["ledger_hash"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"is_ready": False}, "the bot is not ready (running)"), ({"cards_open": 1}, "a card is open")],
)
async def test_the_market_stands_while_the_bot_is_not_ready_or_has_a_card_open(changes: dict[str, Any], reason: str) -> None:
    bot = FakeBot(do_nothing, **changes)
    async with AsyncExitStack() as stack:
        url = await serve_health(bot.health, stack)
        venue = Venue(a_config(speed=None, follow_url=url, wait_for_cards=True), a_market())
        stack.push_async_callback(venue.close)
        await venue.start()
        running = asyncio.create_task(venue.run())

        await _holding(venue, reason)
        stood_at = venue.bars_done
        bot.is_ready, bot.cards_open = True, 0
        await asyncio.wait_for(running, 5)

    assert (stood_at, venue.bars_done) == (0, 3)


async def test_the_market_asks_again_where_something_was_sent_while_the_page_was_answering() -> None:
    asked = [await _questions(order_at) for order_at in (None, 2)]

    assert asked[1] == asked[0] + 1


async def _questions(order_at: int | None) -> int:
    """How often the page is asked over a run; with its n-th question an order reaches the exchange."""
    bot = FakeBot(do_nothing)

    async def health(request: web.Request) -> web.Response:
        if bot.asked + 1 == order_at:
            venue.exchange.ledger.writes += 1
        return await bot.health(request)

    async with AsyncExitStack() as stack:
        url = await serve_health(health, stack)
        venue = Venue(a_config(speed=None, follow_url=url), a_market())
        stack.push_async_callback(venue.close)
        await venue.start()
        await asyncio.wait_for(venue.run(), 5)
    return bot.asked


async def test_a_dead_bot_holds_the_market_until_it_is_given_up_where_that_was_asked_for() -> None:
    patient = Venue(a_config(speed=None, follow_url=NOBODY), a_market())
    hasty = Venue(a_config(speed=None, follow_url=NOBODY, dead_bot_timeout_s=0.0), a_market())
    waiting = asyncio.create_task(patient.run())

    await asyncio.wait_for(hasty.run(), 5)
    await _holding(patient, "the bot does not answer")

    assert (hasty.bars_done, patient.bars_done) == (3, 0)
    waiting.cancel()
    await asyncio.wait([waiting])
    await patient.close()
    await hasty.close()


async def test_a_market_that_is_to_hold_at_a_bar_waits_there_for_a_hand() -> None:
    venue = Venue(a_config(hold_at_bars=(2,)), a_market())
    roots = await venue.start()
    running = asyncio.create_task(venue.run())

    await _holding(venue, "held at bar 2")
    async with a_hand(roots) as hand:
        state = await hand.see("state")
        await hand.do("resume")
    await asyncio.wait_for(running, 5)
    await venue.close()

    assert (state["bars"], state["is_held"], state["holding"]) == (2, True, "held at bar 2")
    assert (venue.bars_done, venue.is_over) == (3, True)


async def _holding(venue: Venue, reason: str) -> None:
    """Wait until the market stands for this reason."""
    async with asyncio.timeout(5):
        while venue.state()["holding"] != reason:  # noqa: ASYNC110  # there is nothing to wait for but what the page says
            await asyncio.sleep(0.002)
