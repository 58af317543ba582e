"""The REST door: keys, signatures, times, limits, and faults that lie."""

import time
from typing import Any

import aiohttp
import pytest
from yarl import URL

from sandbox.exchange.config import Roots
from sandbox.exchange.errors import Refused
from sandbox.exchange.params import Params
from sandbox.exchange.signing import check_signature, check_time, signature_of
from tests.sandbox.exchange.builders import KEY, SECRET, a_hand, a_venue

NOW_MS = 1_795_399_718_684
ORDER = {"symbol": "ETHUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.1", "newClientOrderId": "one"}


class Asker:
    """Signs a request as the documents say and keeps status, headers and body of the answer."""

    def __init__(self, session: aiohttp.ClientSession, roots: Roots) -> None:
        self._session = session
        self._root = roots.rest

    async def ask(self, method: str, path: str, *, key: str = KEY, **params: Any) -> tuple[int, Any, Any]:
        params.setdefault("timestamp", int(time.time() * 1000))
        text = "&".join(f"{name}={value}" for name, value in params.items())
        url = URL(f"{self._root}{path}?{text}&signature={signature_of(text, SECRET)}", encoded=True)
        async with self._session.request(method, url, headers={"X-MBX-APIKEY": key} if key else {}) as answer:
            is_json = answer.content_type == "application/json"
            return answer.status, await (answer.json() if is_json else answer.text()), answer.headers


def test_the_documents_own_signature_is_accepted_and_no_other() -> None:
    text = "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.010&recvWindow=5000&timestamp=1795399718679"
    signature = "f924f5b9e53fa55a883c1be3c84b18e6599ca7013be688b7a626906449eeba36"

    check_signature(f"{text}&signature={signature}", "", "secretExample")
    check_signature("", f"{text}&signature={signature.upper()}", "secretExample")
    check_signature(text[:30], f"{text[30:]}&signature={signature}", "secretExample")

    for query in (f"{text}&signature={'0' * 64}", f"{text}0&signature={signature}", f"signature={signature}&{text}"):
        with pytest.raises(Refused, match="-1022"):
            check_signature(query, "", "secretExample")
    with pytest.raises(Refused, match="-1102"):
        check_signature(text, "", "secretExample")


@pytest.mark.parametrize(
    ("late_ms", "window", "code"),
    [(0, "", 0), (5000, "", 0), (5001, "", -1021), (3000, "3000", 0), (3001, "3000", -1021), (-999, "", 0), (-1000, "", -1021)],
)
def test_a_request_is_in_time_by_the_exact_rule(late_ms: int, window: str, code: int) -> None:
    params = Params({"timestamp": str(NOW_MS - late_ms), "recvWindow": window})

    if not code:
        check_time(params, NOW_MS)
    else:
        with pytest.raises(Refused, match=str(code)):
            check_time(params, NOW_MS)


async def test_a_missing_key_a_wrong_key_and_an_unknown_path_are_told_apart() -> None:
    async with a_venue() as (_, roots), aiohttp.ClientSession() as session:
        asker = Asker(session, roots)
        answers = [
            await asker.ask("GET", "/fapi/v3/balance", key=""),
            await asker.ask("GET", "/fapi/v3/balance", key="x" * 64),
            await asker.ask("GET", "/fapi/v1/nothing"),
            await asker.ask("PUT", "/fapi/v1/listenKey"),
        ]

    assert [(status, body["code"]) for status, body, _ in answers] == [(401, -2014), (401, -2015), (404, -5000), (400, -1125)]


async def test_weights_and_order_counts_are_in_the_headers_and_above_the_limit_come_429_and_then_a_ban() -> None:
    async with a_venue(limit_scale=0.02) as (_, roots), aiohttp.ClientSession() as session:  # 48 of weight a minute
        asker = Asker(session, roots)
        _, _, first = await asker.ask("GET", "/fapi/v1/openOrders")
        _, _, second = await asker.ask("POST", "/fapi/v1/order", **ORDER)
        refused = [await asker.ask("GET", "/fapi/v1/openOrders") for _ in range(12)]

    assert first["X-MBX-USED-WEIGHT-1M"] == "40"
    assert (second["X-MBX-USED-WEIGHT-1M"], second["X-MBX-ORDER-COUNT-1M"], second["X-MBX-ORDER-COUNT-10S"]) == ("40", "1", "1")
    assert [status for status, _, _ in refused] == [429] * 10 + [418] * 2
    assert all(body["code"] == -1003 and int(headers["Retry-After"]) >= 1 for _, body, headers in refused)
    assert "banned until" in refused[-1][1]["msg"]


@pytest.mark.parametrize(
    ("fault", "status", "is_placed"),
    [
        ({"kind": "503_unknown_after"}, 503, True),
        ({"kind": "503_unknown_before"}, 503, False),
        ({"kind": "503_unavailable"}, 503, False),
        ({"kind": "-1008"}, 503, False),
        ({"kind": "-1007_after"}, 408, True),
        ({"kind": "html_after"}, 502, True),
        ({"kind": "slow_engine", "delay_ms": 30}, 400, False),
        ({"kind": "slow_answer", "delay_ms": 5}, 200, True),
    ],
)
async def test_an_answer_may_lie_and_only_the_books_know(fault: dict[str, Any], status: int, is_placed: bool) -> None:
    async with a_venue() as (venue, roots), a_hand(roots) as hand, aiohttp.ClientSession() as session:
        asker = Asker(session, roots)
        await hand.do("fault", path="/fapi/v1/order", method="POST", **fault)
        seen, body, _ = await asker.ask("POST", "/fapi/v1/order", recvWindow=20, **ORDER)
        again, _, _ = await asker.ask("GET", "/fapi/v1/order", symbol="ETHUSDT", origClientOrderId="one")

    assert seen == status
    assert (again == 200) == is_placed == bool(venue.report()["fills"])
    if fault["kind"] == "slow_engine":
        assert body["code"] == -5028


@pytest.mark.parametrize(("kind", "is_placed"), [("drop", True), ("drop_before", False)])
async def test_a_cut_connection_leaves_the_caller_in_the_dark(kind: str, is_placed: bool) -> None:
    async with a_venue() as (venue, roots), a_hand(roots) as hand, aiohttp.ClientSession() as session:
        await hand.do("fault", kind=kind, path="/fapi/v1/order")
        with pytest.raises(aiohttp.ClientConnectionError):
            await Asker(session, roots).ask("POST", "/fapi/v1/order", **ORDER)

    assert bool(venue.report()["fills"]) == is_placed


async def test_the_throttle_lets_through_what_only_reduces() -> None:
    async with a_venue() as (_, roots), a_hand(roots) as hand, aiohttp.ClientSession() as session:
        asker = Asker(session, roots)
        await hand.do("trade", symbol="ETHUSDT", side="BUY", quantity="0.1")
        await hand.do("fault", kind="-1008", times=10)
        throttled, body, _ = await asker.ask("POST", "/fapi/v1/order", **ORDER)
        closed, _, _ = await asker.ask("POST", "/fapi/v1/order", **(ORDER | {"side": "SELL", "reduceOnly": "true"}))

    assert (throttled, body["code"], closed) == (503, -1008, 200)


async def test_a_clock_that_runs_ahead_moves_server_time_and_the_judgement() -> None:
    async with a_venue() as (venue, roots), a_hand(roots) as hand, aiohttp.ClientSession() as session:
        asker = Asker(session, roots)
        await hand.do("fault", kind="clock", ms=60_000)
        _, server, _ = await asker.ask("GET", "/fapi/v1/time")
        _, late, _ = await asker.ask("GET", "/fapi/v3/balance")
        status, _, _ = await asker.ask("GET", "/fapi/v3/balance", timestamp=server["serverTime"])

    assert (late["code"], status) == (-1021, 200)
    assert server["serverTime"] > venue.exchange.clock.now_ms  # wire time, whatever the market's is


async def test_a_fault_that_does_not_exist_is_refused() -> None:
    async with a_venue() as (_, roots), a_hand(roots) as hand:
        answers = [
            await hand.do("fault", kind="kind_of"),
            await hand.do("fault"),
            await hand.do("fault", kind="mute", route="x"),
        ]

    assert answers[0]["code"] == -1130
    assert [set(answer) for answer in answers[1:]] == [{"error"}, {"error"}]
