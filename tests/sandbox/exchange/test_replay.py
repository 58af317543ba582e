"""The market's way through its bars: when orders fill, at which price, and what each bar is told as."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox.exchange import rest_algo, rest_orders
from sandbox.exchange.endpoints import Desk
from sandbox.exchange.follower import Follower
from sandbox.exchange.replay import Replay
from sandbox.market import generate
from tests.sandbox.exchange.builders import MINUTE_MS, START_MS, Bar, a_desk, a_market_of, params
from tests.sandbox.exchange.fake_bot import FakeBot, OnBar, run_market

CALM = (100.0, 100.5, 99.5, 100.0)
FIRST_OPEN_MS = START_MS + MINUTE_MS


def an_entry(*orders: tuple[str, str, str]) -> OnBar:
    """Buy 1 on the close of the first bar, then place conditional orders (side, kind, trigger)."""

    async def on_bar(bot: FakeBot, number: int, bar: dict[str, Any]) -> None:
        del bar
        if number == 1:
            assert (await bot.market("BUY", "1"))["status"] == "FILLED"
            for order in orders:
                answer = await bot.algo(*order, quantity="1", reduceOnly="true")
                assert answer["algoStatus"] == "NEW", answer

    return on_bar


async def test_an_entry_decided_on_a_close_fills_at_the_next_open_with_half_the_spread_and_slippage() -> None:
    market = a_market_of(CALM, (100, 101, 99.5, 101), (103, 104, 102.5, 103))

    ended = await run_market(market, an_entry(), spread_bps=2.0, slippage_bps=3.0)

    [fill] = ended.report["fills"]
    assert Decimal(fill["price"]) == Decimal("103.01") + Decimal("0.03")
    assert fill["time_ms"] == FIRST_OPEN_MS + MINUTE_MS
    assert Decimal(fill["commission"]) == Decimal("103.04") * Decimal("0.0005")


async def test_a_stop_is_live_from_the_fill_on_and_fires_exactly_at_its_level() -> None:
    market = a_market_of(CALM, CALM, (100, 100.2, 96, 97), CALM)

    ended = await run_market(market, an_entry(("SELL", "STOP_MARKET", "98")), slippage_bps=0.0, spread_bps=0.0)

    entry, leave = ended.report["fills"]
    assert Decimal(leave["price"]) == Decimal("98.00")
    assert entry["time_ms"] == FIRST_OPEN_MS + MINUTE_MS < leave["time_ms"] < FIRST_OPEN_MS + 2 * MINUTE_MS
    assert ended.report["uncovered_market_ms_max"] == 0


async def test_a_gap_through_a_stop_fills_where_the_gap_ends() -> None:
    market = a_market_of(CALM, CALM, CALM, (96, 97, 95, 96), CALM)

    ended = await run_market(market, an_entry(("SELL", "STOP_MARKET", "98")), slippage_bps=0.0, spread_bps=0.0)

    leave = ended.report["fills"][-1]
    assert (Decimal(leave["price"]), leave["time_ms"]) == (Decimal(96), FIRST_OPEN_MS + 2 * MINUTE_MS)


@pytest.mark.parametrize(("bar", "left_at"), [((100, 110, 97, 105), "98.00"), ((100, 103, 90, 95), "102.00")])
async def test_inside_a_bar_that_holds_stop_and_target_the_nearer_extreme_comes_first(
    bar: tuple[float, float, float, float], left_at: str
) -> None:
    orders = ("SELL", "STOP_MARKET", "98"), ("SELL", "TAKE_PROFIT_MARKET", "102")

    ended = await run_market(a_market_of(CALM, CALM, bar, CALM), an_entry(*orders), slippage_bps=0.0, spread_bps=0.0)

    [trade] = ended.report["trades"]
    late = next(row for row in ended.report["algo_orders"] if row["trigger"] != left_at)
    assert Decimal(trade["exit_price"]) == Decimal(left_at)
    assert (late["status"], late["reason"]) == ("REJECTED", "ReduceOnly Order is rejected.")


async def test_the_life_of_a_stop_is_told_with_the_child_that_it_became() -> None:
    ended = await run_market(a_market_of(CALM, CALM, (100, 100.2, 96, 97), CALM), an_entry(("SELL", "STOP_MARKET", "98")))

    told = [event["o"] for event in ended.bot.news if event["e"] == "ALGO_UPDATE"]
    child = next(row for row in ended.report["orders"] if row["algo_id"])
    assert [one["X"] for one in told] == ["NEW", "TRIGGERING", "TRIGGERED", "FINISHED"]
    assert [one["ai"] for one in told] == ["", "", str(child["id"]), str(child["id"])]
    assert told[-1]["aq"] == "1.000"


async def test_a_close_position_stop_ends_with_the_position_and_a_plain_one_waits_for_the_next() -> None:
    market = a_market_of(CALM, CALM, (100, 103, 99.8, 102), CALM)

    async def on_bar(bot: FakeBot, number: int, bar: dict[str, Any]) -> None:
        del bar
        if number == 1:
            await bot.market("BUY", "1")
            await bot.algo("SELL", "STOP_MARKET", "90", closePosition="true", workingType="MARK_PRICE")
            await bot.algo("SELL", "STOP_MARKET", "95", quantity="1", reduceOnly="true")
            await bot.algo("SELL", "TAKE_PROFIT_MARKET", "102", quantity="1", reduceOnly="true")

    ended = await run_market(market, on_bar)

    states = {row["trigger"]: row["status"] for row in ended.report["algo_orders"]}
    assert states == {"90.00": "EXPIRED", "95.00": "NEW", "102.00": "FINISHED"}
    assert [row["trigger"] for row in ended.report["open_orders"]] == ["95.00"]


@pytest.mark.parametrize(("low", "fills"), [(99.0, 0), (98.99, 1)])
async def test_a_resting_limit_fills_as_maker_only_when_the_market_trades_through_it(low: float, fills: int) -> None:
    market = a_market_of(CALM, CALM, (100, 100.5, low, 100), CALM)

    async def on_bar(bot: FakeBot, number: int, bar: dict[str, Any]) -> None:
        del bar
        if number == 1:
            await bot.ask(
                "POST",
                "/fapi/v1/order",
                symbol="ETHUSDT",
                side="BUY",
                type="LIMIT",
                timeInForce="GTC",
                price="99",
                quantity="1",
            )

    ended = await run_market(market, on_bar)

    assert [(fill["price"], fill["maker"]) for fill in ended.report["fills"]] == [("99.00", True)] * fills


async def test_a_trailing_stop_follows_the_best_price_and_fires_at_its_distance() -> None:
    market = a_market_of(CALM, CALM, (100, 110, 99.9, 110), (110, 110, 107, 108), CALM)

    async def on_bar(bot: FakeBot, number: int, bar: dict[str, Any]) -> None:
        del bar
        if number == 1:
            await bot.market("BUY", "1")
            await bot.ask(
                "POST",
                "/fapi/v1/algoOrder",
                algoType="CONDITIONAL",
                symbol="ETHUSDT",
                side="SELL",
                type="TRAILING_STOP_MARKET",
                callbackRate="2",
                quantity="1",
                reduceOnly="true",
            )

    ended = await run_market(market, on_bar, slippage_bps=0.0, spread_bps=0.0)

    assert Decimal(ended.report["trades"][0]["exit_price"]) == Decimal("107.80")


async def test_funding_is_paid_by_what_is_open_at_the_settlement() -> None:
    market = a_market_of(*[CALM] * 5, start_ms=START_MS + 8 * 3_600_000 - 3 * MINUTE_MS)

    ended = await run_market(market, an_entry(), funding_rate=Decimal("0.001"))

    [paid] = [row for row in ended.report["incomes"] if row["kind"] == "FUNDING_FEE"]
    [trade] = ended.report["trades"]
    told = [event["a"] for event in ended.bot.news if event["e"] == "ACCOUNT_UPDATE" and event["a"]["m"] == "FUNDING_FEE"]
    assert paid["time_ms"] == START_MS + 8 * 3_600_000
    assert Decimal("-0.101") < Decimal(paid["amount"]) < Decimal("-0.099")
    assert trade["funding"] == paid["amount"]
    assert [(one["S"], one["P"], Decimal(one["B"][0]["bc"])) for one in told] == [("ETHUSDT", [], Decimal(paid["amount"]))]


@pytest.mark.parametrize("bar", [(100, 100.5, 90, 91), (80, 81, 79, 80)])
async def test_a_liquidated_position_costs_no_more_than_its_own_wallet_also_after_a_gap(bar: Bar) -> None:
    market = a_market_of(CALM, CALM, CALM, bar, CALM)

    ended = await run_market(market, an_entry(), isolated=True, default_leverage=20)

    [trade] = ended.report["trades"]
    forced = next(row for row in ended.report["orders"] if row["is_forced"])
    gained = Decimal(ended.report["wallet_end"]) - Decimal(ended.report["wallet_start"])
    assert forced["client_id"].startswith("autoclose-")
    assert Decimal("-5.2") < Decimal(trade["net"]) == gained < Decimal("-4.5")
    assert any(event["e"] == "MARGIN_CALL" for event in ended.bot.news)


class Interrupting(Follower):
    """Cancels every stop in the very moment in which the market waits to arrive at one."""

    def __init__(self, desk: Desk, after_ms: int) -> None:
        super().__init__(desk.exchange.config, desk.hub, desk.exchange.ledger)
        self._desk = desk
        self._after_ms = after_ms

    async def released(self, reason: str) -> None:
        del reason
        if self._desk.exchange.clock.now_ms > self._after_ms:
            rest_algo.cancel_all_algo(self._desk, params(symbol="ETHUSDT"))


async def test_a_stop_that_is_cancelled_while_the_price_is_on_its_way_does_not_fire() -> None:
    market = a_market_of(CALM, (100, 100.2, 96, 97))
    desk = a_desk(market)
    rest_orders.new_order(desk, params(symbol="ETHUSDT", side="BUY", type="MARKET", quantity=1))
    stop = {"algoType": "CONDITIONAL", "symbol": "ETHUSDT", "side": "SELL", "type": "STOP_MARKET", "triggerPrice": 98}
    rest_algo.new_algo(desk, params(**stop, quantity=1, reduceOnly="true"))
    follower = Interrupting(desk, after_ms=market.start_ms + MINUTE_MS // 3)

    await Replay(desk.exchange, market, desk.broadcast, follower).run()

    [algo] = desk.exchange.algos.by_id.values()
    assert (algo.status, len(desk.exchange.ledger.fills)) == ("CANCELED", 1)


async def test_every_bar_is_told_closed_exactly_once_in_order_and_as_it_was_recorded() -> None:
    market = generate(("ETHUSDT", "BTCUSDT"), "1m", bars=15, warmup=3, seed=2)

    ended = await run_market(market)

    for symbol, rows in zip(market.symbols, market.rows, strict=True):
        told = [frame["k"] for frame in ended.bot.frames if frame["e"] == "kline" and frame["s"] == symbol and frame["k"]["x"]]
        assert [(one["t"], *(float(one[key]) for key in ("o", "h", "l", "c", "v"))) for one in told] == [
            tuple(row) for row in rows[market.warmup :]
        ]
    stamps = [frame["E"] for frame in ended.bot.frames if frame["e"] == "kline"]
    assert stamps == sorted(stamps)
    assert len(set(stamps)) == len(stamps)
