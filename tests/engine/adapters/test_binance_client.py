"""The wire: signatures are what the exchange expects, a request leaves once, and no failure tells a secret."""

import asyncio
import traceback
from email.utils import formatdate

import pytest

from engine.adapters.binance_budget import Need
from engine.adapters.binance_client import BinanceClient, Call, is_loopback, signature
from engine.adapters.binance_errors import ExchangeFailed, HeldBack, NoAnswer, NotSent, Refused
from tests.engine.adapters.fake_exchange import API_KEY, API_SECRET, Answer, FakeExchange, ManualClock

ORDER = Call("POST", "/fapi/v1/order", Need.EXIT, is_signed=True)
TIME = Call("GET", "/fapi/v1/time", Need.RECONCILE)
PARAMS = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.010"}
DONE = Answer({"orderId": 7})


async def a_client(exchange: FakeExchange, *, timeout_s: float = 1.0) -> BinanceClient:
    url, clock = exchange.url, ManualClock()
    return BinanceClient(rest_url=url, sapi_url=url, api_key=API_KEY, api_secret=API_SECRET, timeout_s=timeout_s, clock=clock)


async def failure_of(client: BinanceClient, call: Call = ORDER) -> ExchangeFailed:
    with pytest.raises(ExchangeFailed) as caught:
        await client.call(call, PARAMS)
    return caught.value


def test_the_signature_is_the_documented_one() -> None:
    text = "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.010&recvWindow=5000&timestamp=1795399718679"

    assert signature("secretExample", text) == "f924f5b9e53fa55a883c1be3c84b18e6599ca7013be688b7a626906449eeba36"


async def test_parameters_are_signed_in_the_very_text_that_is_sent(exchange: FakeExchange) -> None:
    exchange.on("POST", "/fapi/v1/order", DONE)
    client = await a_client(exchange)
    expected = client.signed_at(PARAMS, 1_795_399_718_679, 5_000)
    assert expected.endswith("&signature=f924f5b9e53fa55a883c1be3c84b18e6599ca7013be688b7a626906449eeba36")

    text = client.signed({**PARAMS, "symbol": "测试USDT"})
    await client.send(ORDER, text)

    (request,) = exchange.requests
    assert request.text == text
    unsigned, _, seal = request.text.rpartition("&signature=")
    assert seal == signature(API_SECRET, unsigned)
    assert request.params["symbol"] == "测试USDT"
    assert request.params["recvWindow"] == "3000"
    await client.aclose()


async def test_the_offset_of_the_exchanges_clock_is_in_the_timestamp(exchange: FakeExchange) -> None:
    exchange.on("GET", "/fapi/v3/positionRisk", Answer([]))
    client = await a_client(exchange)
    client.offset_ms = -5_000

    await client.call(Call("GET", "/fapi/v3/positionRisk", Need.RECONCILE, is_signed=True), {})

    assert exchange.requests[0].params["timestamp"] == "1795399713679"
    await client.aclose()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer({}, delay_s=2.0), NoAnswer),
        (Answer(status=None), NoAnswer),
        (Answer(cut_in_body=True), NoAnswer),
        (Answer({"code": -1006, "msg": "execution unknown"}, status=400), Refused),
        (Answer("<html>maintenance</html>", status=502), Refused),
        (Answer("moved", status=302, headers={"Location": "/fapi/v1/order"}), Refused),
        (Answer("moved", status=307, headers={"Location": "/fapi/v1/order"}), Refused),
        (Answer("moved", status=308, headers={"Location": "/fapi/v1/order"}), Refused),
    ],
)
async def test_an_order_arrives_exactly_once_whatever_comes_back(
    exchange: FakeExchange, answer: Answer, kind: type[ExchangeFailed]
) -> None:
    exchange.on("POST", "/fapi/v1/order", answer)
    client = await a_client(exchange, timeout_s=0.3)

    failure = await failure_of(client)

    assert isinstance(failure, kind)
    assert len(exchange.requests) == 1
    await client.aclose()


async def test_an_order_arrives_once_on_a_connection_that_died_meanwhile(exchange: FakeExchange) -> None:
    exchange.on("GET", "/fapi/v1/time", Answer({"serverTime": 1}))
    exchange.on("POST", "/fapi/v1/order", Answer(status=None))
    client = await a_client(exchange)
    await client.call(TIME, {})

    await failure_of(client)

    assert len(exchange.seen("POST", "/fapi/v1/order")) == 1
    await client.aclose()


async def test_nothing_left_where_nobody_listens() -> None:
    url, clock = "http://127.0.0.1:1", ManualClock()
    client = BinanceClient(rest_url=url, sapi_url=url, api_key=API_KEY, api_secret=API_SECRET, timeout_s=1.0, clock=clock)

    failure = await failure_of(client)

    assert isinstance(failure, NotSent)
    await client.aclose()


@pytest.mark.parametrize(
    "answer",
    [
        Answer({}, delay_s=2.0),
        Answer(status=None),
        Answer(cut_in_body=True),
        Answer({"code": -1022, "msg": f"Signature for {'f' * 64} is not valid."}, status=400),
        Answer("<html>The URL /fapi/v1/order?signature=abc was not found</html>", status=404),
    ],
)
async def test_no_failure_tells_a_secret(exchange: FakeExchange, answer: Answer) -> None:
    exchange.on("POST", "/fapi/v1/order", answer)
    client = await a_client(exchange, timeout_s=0.3)

    failure = await failure_of(client)

    told = f"{failure} {failure!r} {failure.args} {failure.detail} {''.join(traceback.format_exception(failure))}"
    seal = exchange.requests[0].params["signature"]
    for secret in (API_KEY, API_SECRET, seal, "f" * 64, "signature=", exchange.url):
        assert secret not in told
    assert failure.__cause__ is None
    assert failure.__context__ is None
    await client.aclose()


async def test_the_client_does_not_show_its_secret(exchange: FakeExchange) -> None:
    client = await a_client(exchange)

    assert API_SECRET not in f"{client!r} {client}"
    await client.aclose()


async def test_too_many_requests_silence_everything_but_exits(exchange: FakeExchange) -> None:
    exchange.on("GET", "/fapi/v1/time", Answer({"code": -1003, "msg": "Too many"}, status=429, headers={"Retry-After": "7"}))
    exchange.on("POST", "/fapi/v1/order", DONE)
    client = await a_client(exchange)
    await failure_of(client, TIME)

    silenced = await failure_of(client, TIME)
    await client.call(ORDER, PARAMS)

    assert isinstance(silenced, HeldBack)
    assert silenced.wait_ms == 7_000
    assert [one.method for one in exchange.requests] == ["GET", "POST"]
    await client.aclose()


async def test_a_ban_silences_everything(exchange: FakeExchange) -> None:
    now = 1_795_399_718_000
    until = now + 90_000
    body = {"code": -1003, "msg": f"Way too many requests; IP(1.2.3.4) banned until {until}."}
    exchange.on("GET", "/fapi/v1/time", Answer(body, status=418, headers={"Date": formatdate(now / 1_000, usegmt=True)}))
    client = await a_client(exchange)
    await failure_of(client, TIME)

    held = [await failure_of(client, call) for call in (TIME, ORDER)]

    assert all(isinstance(one, HeldBack) and one.wait_ms == 90_000 for one in held)
    assert len(exchange.requests) == 1
    await client.aclose()


async def test_a_cancelled_call_leaves_no_open_connection(exchange: FakeExchange) -> None:
    exchange.on("POST", "/fapi/v1/order", Answer({}, delay_s=0.5))
    client = await a_client(exchange)
    task = asyncio.create_task(client.call(ORDER, PARAMS))
    await exchange.arrived.wait()

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    await client.aclose()


def test_only_this_machine_is_loopback() -> None:
    assert is_loopback("http://127.0.0.1:8000/x")
    assert is_loopback("ws://localhost:1")
    assert is_loopback("ws://[::1]:1")
    assert not is_loopback("https://fapi.binance.com")


async def test_no_proxy_stands_between_us_and_this_machine(exchange: FakeExchange, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    exchange.on("GET", "/fapi/v1/time", Answer({"serverTime": 1}))
    client = await a_client(exchange)

    assert await client.call(TIME, {}) == b'{"serverTime": 1}'
    await client.aclose()
