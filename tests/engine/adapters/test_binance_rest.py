"""Reads: the clock, the rules, the bars; repeated where that may help, by the market's time and not by ours."""

import json
from decimal import Decimal
from itertools import pairwise

import pytest

from engine.adapters.binance_budget import Need
from engine.adapters.binance_client import Call
from engine.adapters.binance_errors import ExchangeFailed, NoAnswer, Refused
from engine.adapters.binance_rest import BinanceRest
from engine.adapters.binance_rules import CAREFUL_BRACKETS
from engine.model.market import Bracket
from tests.engine.adapters.bar_rows import MARKET, premium
from tests.engine.adapters.fake_exchange import Answer, FakeExchange, ManualClock, Request
from tests.engine.adapters.recorded import payload

BRACKETS = [{"symbol": "BTCUSDT", "notionalCoef": 2, "brackets": [
    {"bracket": 2, "initialLeverage": 50, "notionalCap": 100, "notionalFloor": 50, "maintMarginRatio": 0.01, "cum": 5.0},
    {"bracket": 1, "initialLeverage": 75, "notionalCap": 50, "notionalFloor": 0, "maintMarginRatio": 0.005, "cum": 0},
]}]  # fmt: skip


async def test_reads_are_repeated_until_something_readable_comes(exchange: FakeExchange, rest: BinanceRest) -> None:
    exchange.on("GET", "/fapi/v1/premiumIndex", Answer("<html>", status=502), Answer("<html>"), premium())

    assert (await rest.premium("BTCUSDT")).time == MARKET
    assert len(exchange.requests) == 3


async def test_reads_give_up_after_three_attempts(exchange: FakeExchange, rest: BinanceRest) -> None:
    exchange.on("GET", "/fapi/v1/premiumIndex", Answer("<html>"))

    with pytest.raises(NoAnswer):
        await rest.premium("BTCUSDT")
    assert len(exchange.requests) == 3


async def test_a_plain_refusal_is_not_asked_again(exchange: FakeExchange, rest: BinanceRest) -> None:
    exchange.on("GET", "/fapi/v1/premiumIndex", Answer({"code": -1121, "msg": "Invalid symbol."}, status=400))

    with pytest.raises(Refused):
        await rest.premium("BTCUSDT")
    assert len(exchange.requests) == 1


async def test_a_failure_is_a_connection_error_for_those_who_do_not_know_this_adapter(
    exchange: FakeExchange, rest: BinanceRest
) -> None:
    exchange.on("GET", "/fapi/v1/premiumIndex", Answer({"code": -1130, "msg": "Invalid data sent."}, status=400))

    with pytest.raises(ConnectionError):
        await rest.closed_bars("NOPE", "1h", 1, 0)


async def test_a_refused_timestamp_has_the_clock_read_and_the_read_repeated(
    exchange: FakeExchange, rest: BinanceRest, clock: ManualClock
) -> None:
    late = Answer({"code": -1021, "msg": "Timestamp for this request is outside of the recvWindow."}, status=400)
    exchange.on("GET", "/fapi/v1/time", Answer({"serverTime": clock.time_ms + 7_000}))
    exchange.on("GET", "/fapi/v1/accountConfig", late, Answer({}))

    await rest.read(Call("GET", "/fapi/v1/accountConfig", Need.RECONCILE, is_signed=True), {}, dict[str, str])

    stamps = [int(one.params["timestamp"]) - clock.time_ms for one in exchange.seen("GET", "/fapi/v1/accountConfig")]
    assert stamps == [0, 7_000]
    assert rest.exchange_ms() == clock.time_ms + 7_000
    assert rest.clock_age_ms() == 0


async def test_the_offset_is_the_distance_from_the_middle_of_the_round_trip(
    exchange: FakeExchange, rest: BinanceRest, clock: ManualClock
) -> None:
    asked_ms = clock.time_ms

    def slowly(_: Request) -> Answer:
        clock.time_ms += 400
        return Answer({"serverTime": asked_ms + 1_000})

    exchange.on("GET", "/fapi/v1/time", slowly)

    await rest.sync_time()

    assert rest.exchange_ms() - clock.time_ms == 800


async def test_a_slow_round_trip_does_not_spoil_a_good_clock(
    exchange: FakeExchange, rest: BinanceRest, clock: ManualClock
) -> None:
    exchange.on("GET", "/fapi/v1/time", lambda _: Answer({"serverTime": clock.time_ms + 10}))
    await rest.sync_time()
    clock.step_ms = 3_000

    await rest.sync_time()

    clock.step_ms = 0
    assert rest.exchange_ms() - clock.time_ms == 10


@pytest.mark.parametrize("leap_ms", [40_000, -40_000])
async def test_a_slow_round_trip_mends_a_clock_that_it_proves_wrong(
    exchange: FakeExchange, rest: BinanceRest, clock: ManualClock, leap_ms: int
) -> None:
    """A machine was paused, then every answer took long: each signed request was refused for as long as that lasted."""
    exchange.on("GET", "/fapi/v1/time", Answer({"serverTime": clock.time_ms + 10}))
    await rest.sync_time()
    asked_ms = clock.time_ms

    def slowly(_: Request) -> Answer:
        clock.time_ms = asked_ms + 3_000
        return Answer({"serverTime": asked_ms + 1_500 + leap_ms})

    exchange.on("GET", "/fapi/v1/time", slowly)

    await rest.sync_time()

    assert rest.exchange_ms() - clock.time_ms == leap_ms
    assert rest.clock_age_ms() == 0


async def test_an_unreachable_clock_is_no_catastrophe(exchange: FakeExchange, rest: BinanceRest) -> None:
    exchange.on("GET", "/fapi/v1/time", Answer("<html>", status=500))

    assert await rest.try_sync_time() is False
    with pytest.raises(ExchangeFailed):
        await rest.sync_time()


async def test_rules_come_from_the_filters_and_the_leverage_table(exchange: FakeExchange, rest: BinanceRest) -> None:
    contract = {
        "symbol": "BTCUSDT", "contractType": "PERPETUAL", "status": "TRADING", "quoteAsset": "USDT", "pricePrecision": 2,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": "261.10", "maxPrice": "809484", "tickSize": "0.10"},
            {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000", "stepSize": "0.001"},
            {"filterType": "MARKET_LOT_SIZE", "minQty": "0.001", "maxQty": "120", "stepSize": "0.001"},
            {"filterType": "MAX_NUM_ORDERS", "limit": 200},
            {"filterType": "MIN_NOTIONAL", "notional": "100"},
        ],
    }  # fmt: skip
    exchange.on("GET", "/fapi/v1/exchangeInfo", Answer({"symbols": [contract], "rateLimits": []}))
    exchange.on("GET", "/fapi/v1/leverageBracket", Answer(BRACKETS))
    exchange.on("GET", "/fapi/v1/premiumIndex", premium())

    (loaded,) = await rest.rules(["BTCUSDT"])

    rules = loaded.rules
    assert (rules.tick_size, rules.step_size, rules.min_quantity) == (Decimal("0.1"), Decimal("0.001"), Decimal("0.001"))
    assert (rules.max_market_quantity, rules.min_notional, rules.is_trading) == (Decimal(120), Decimal(100), True)
    assert rules.brackets == (Bracket(100, 75, 0.005, 0), Bracket(200, 50, 0.01, 5))
    assert loaded.time_ms == MARKET


async def test_recorded_rules_are_understood_for_every_usdt_perpetual(exchange: FakeExchange, rest: BinanceRest) -> None:
    info = json.loads(payload("fapi_exchangeInfo_testnet_20251126.json"))
    brackets = json.loads(payload("fapi_leverageBracket_mainnet_202507.json"))
    perpetual = [one["symbol"] for one in info["symbols"] if one["contractType"] == "PERPETUAL" and one["quoteAsset"] == "USDT"]
    wanted = [symbol for symbol in perpetual if symbol != "OPENUSDT"]  # its filters were all zero that day
    exchange.on("GET", "/fapi/v1/exchangeInfo", Answer(info))
    exchange.on("GET", "/fapi/v1/leverageBracket", Answer(brackets))
    exchange.on("GET", "/fapi/v1/premiumIndex", premium())

    loaded = await rest.rules(wanted)

    assert len(loaded) == len(wanted) > 400
    assert all(one.rules.tick_size > 0 and one.rules.step_size > 0 and one.rules.brackets for one in loaded)
    with pytest.raises(LookupError, match="OPENUSDT"):
        await rest.rules(["OPENUSDT"])


async def test_a_symbol_that_is_no_perpetual_is_named(exchange: FakeExchange, rest: BinanceRest) -> None:
    exchange.on(
        "GET",
        "/fapi/v1/exchangeInfo",
        Answer({"symbols": [{"symbol": "XAUUSDT", "contractType": "TRADIFI_PERPETUAL", "quoteAsset": "USDT"}]}),
    )
    exchange.on("GET", "/fapi/v1/leverageBracket", Answer([]))

    for symbol in ("XAUUSDT", "NOPE"):
        with pytest.raises(LookupError, match=symbol):
            await rest.rules([symbol])


async def test_a_symbol_that_is_not_listed_keeps_no_other_from_its_rules_and_is_named_once(
    exchange: FakeExchange, rest: BinanceRest, caplog: pytest.LogCaptureFixture
) -> None:
    """A contract that was delisted ended every start before the account was read."""
    exchange.on("GET", "/fapi/v1/exchangeInfo", Answer(json.loads(payload("fapi_exchangeInfo_testnet_20251126.json"))))
    exchange.on("GET", "/fapi/v1/leverageBracket", Answer([]))
    exchange.on("GET", "/fapi/v1/premiumIndex", premium())

    for _ in range(2):
        loaded = await rest.rules(["GONEUSDT", "BTCUSDT", "OPENUSDT"])

    assert [one.rules.symbol for one in loaded] == ["BTCUSDT"]
    assert {asked.params["symbol"] for asked in exchange.seen("GET", "/fapi/v1/premiumIndex")} == {"BTCUSDT"}
    assert [caplog.text.count(name) for name in ("GONEUSDT", "OPENUSDT")] == [1, 1]


async def test_a_symbol_that_the_exchange_does_not_know_has_no_bars(exchange: FakeExchange, rest: BinanceRest) -> None:
    """The feed asked for them again and again, for ever."""
    exchange.on("GET", "/fapi/v1/premiumIndex", Answer({"code": -1121, "msg": "Invalid symbol."}, status=400))

    assert await rest.closed_bars("GONEUSDT", "1h", 2, 0) == ()


async def test_without_keys_a_careful_leverage_table_holds(exchange: FakeExchange, clock: ManualClock) -> None:
    contract = {"symbol": "BTCUSDT", "contractType": "PERPETUAL", "status": "BREAK", "quoteAsset": "USDT", "filters": [
        {"filterType": "PRICE_FILTER", "tickSize": "0.10"},
        {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000", "stepSize": "0.001"},
        {"filterType": "MIN_NOTIONAL", "notional": "5"},
    ]}  # fmt: skip
    exchange.on("GET", "/fapi/v1/exchangeInfo", Answer({"symbols": [contract]}))
    exchange.on("GET", "/fapi/v1/premiumIndex", premium())
    rest = BinanceRest(rest_url=exchange.url, sapi_url=exchange.url, api_key="", api_secret="", timeout_s=1.0, clock=clock)

    (loaded,) = await rest.rules(["BTCUSDT"])

    assert loaded.rules.brackets == CAREFUL_BRACKETS
    assert loaded.rules.is_trading is False
    assert not any("signature" in one.params for one in exchange.requests)
    await rest.close()


def test_the_careful_leverage_table_is_consistent() -> None:
    for before, after in pairwise(CAREFUL_BRACKETS):
        step = before.notional_cap * (after.maintenance_rate - before.maintenance_rate)
        assert after.maintenance_amount == pytest.approx(before.maintenance_amount + step)
        assert after.max_leverage < before.max_leverage


async def test_listen_keys_and_key_rights_are_read(exchange: FakeExchange, rest: BinanceRest) -> None:
    exchange.on("POST", "/fapi/v1/listenKey", Answer({"listenKey": "K1"}))
    exchange.on("PUT", "/fapi/v1/listenKey", Answer({}), Answer({"listenKey": "K2"}))
    rights = {"ipRestrict": True, "enableReading": True, "enableFutures": True, "enableWithdrawals": False}
    exchange.on("GET", "/sapi/v1/account/apiRestrictions", Answer(rights))

    assert await rest.listen_key() == "K1"
    assert [await rest.extend_listen_key() for _ in range(2)] == ["", "K2"]
    assert (await rest.key_rights()).ip_restrict is True
    assert [one.text for one in exchange.requests[:2]] == ["", ""]
