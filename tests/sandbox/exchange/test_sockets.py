"""Sockets: what each route carries, what stays silent, control frames, and the end of a listen key."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from sandbox.exchange.config import Roots
from tests.sandbox.exchange.builders import KEY, a_hand, a_market, a_venue


class Socket:
    """One socket of a client."""

    def __init__(self, inner: aiohttp.ClientWebSocketResponse) -> None:
        self.inner = inner

    async def tell(self, **frame: Any) -> Any:
        """Send a control frame and give its answer; market frames before it are skipped."""
        await self.inner.send_str(json.dumps(frame))
        while True:
            answer = await self.next()
            if "result" in answer or "code" in answer:
                return answer

    async def next(self) -> Any:
        async with asyncio.timeout(5):
            return json.loads(await self.inner.receive_str())

    async def waits_in_silence(self) -> bool:
        """Whether nothing was sent before the answer to a question that is asked now."""
        await self.inner.send_str('{"method":"LIST_SUBSCRIPTIONS","id":77}')
        return bool((await self.next()).get("id") == 77)


@asynccontextmanager
async def sockets(roots: Roots, *paths: str) -> AsyncIterator[list[Socket]]:
    async with aiohttp.ClientSession() as session:
        opened = [await session.ws_connect(roots.ws_market + path) for path in paths]
        yield [Socket(one) for one in opened]
        for one in opened:
            await one.close()


async def start_key(session: aiohttp.ClientSession, roots: Roots, method: str = "POST") -> str:
    async with session.request(method, f"{roots.rest}/fapi/v1/listenKey", headers={"X-MBX-APIKEY": KEY}) as answer:
        return str((await answer.json()).get("listenKey", ""))


async def test_a_stream_on_the_wrong_route_is_accepted_and_never_pushes() -> None:
    streams = "ethusdt@kline_1m/ethusdt@bookTicker"
    paths = [f"/{route}stream?streams={streams}" for route in ("market/", "public/", "")]
    async with a_venue() as (venue, roots), sockets(roots, *paths) as opened:
        await venue.run()
        seen = []
        for socket in opened:
            kinds: set[str] = set()
            answer = await kinds_until_answer(socket, kinds)
            assert answer["result"] == streams.split("/")
            seen.append(kinds)

    assert seen == [{"kline"}, {"bookTicker"}, {"bookTicker"}]  # the unrouted address delivers public data only


async def kinds_until_answer(socket: Socket, kinds: set[str]) -> Any:
    await socket.inner.send_str('{"method":"LIST_SUBSCRIPTIONS","id":5}')
    while True:
        frame = await socket.next()
        if "result" in frame:
            return frame
        kinds.add(frame["data"]["e"])


async def test_frames_are_wrapped_or_raw_by_the_path_and_the_closed_bar_comes_once() -> None:
    paths = "/market/stream?streams=ethusdt@kline_1m", "/market/ws/ethusdt@kline_1m"
    async with a_venue(a_market(1)) as (venue, roots), sockets(roots, *paths) as (combined, raw):
        await venue.run()
        wrapped = [await combined.next() for _ in range(5)]
        plain = [await raw.next() for _ in range(5)]
        silent = await raw.waits_in_silence()

    assert [frame["data"] for frame in wrapped] == plain
    assert {frame["stream"] for frame in wrapped} == {"ethusdt@kline_1m"}
    assert [frame["k"]["x"] for frame in plain] == [False] * 4 + [True]
    assert silent


async def test_control_frames_are_carried_out_and_bad_ones_answered_without_an_envelope() -> None:
    async with a_venue() as (_, roots), sockets(roots, "/market/stream") as (socket,):
        answers = [
            await socket.tell(method="SUBSCRIBE", params=["ethusdt@kline_1m", "ethusdt@aggTrade"], id=1),
            await socket.tell(method="UNSUBSCRIBE", params=["ethusdt@aggTrade"], id=2),
            await socket.tell(method="LIST_SUBSCRIPTIONS", id=3),
            await socket.tell(method="LIST_SUBSCRIPTIONS", id="four"),
            await socket.tell(method="SING", id=5),
        ]

    assert [answer.get("result") for answer in answers[:3]] == [None, None, ["ethusdt@kline_1m"]]
    assert [answer["code"] for answer in answers[3:]] == [2, 1]


async def test_a_client_that_talks_too_fast_is_cut_off() -> None:
    async with a_venue() as (_, roots), sockets(roots, "/market/ws") as (socket,):
        for number in range(11):
            await socket.inner.send_str(json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": number}))
        async with asyncio.timeout(5):
            while (message := await socket.inner.receive()).type is aiohttp.WSMsgType.TEXT:
                pass

    assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
    assert socket.inner.close_code == aiohttp.WSCloseCode.POLICY_VIOLATION


@pytest.mark.parametrize("streams", ["a,b", "a b"])
async def test_a_comma_between_streams_fails_the_handshake(streams: str) -> None:
    async with a_venue() as (_, roots), aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(f"{roots.ws_market}/market/stream?streams={streams}")


async def test_an_unknown_listen_key_is_silent_and_wished_for_events_alone_come() -> None:
    async with a_venue() as (_, roots), a_hand(roots) as hand, aiohttp.ClientSession() as session:
        key = await start_key(session, roots)
        paths = "/private/ws?listenKey=unknown", f"/private/ws?listenKey={key}&events=ACCOUNT_UPDATE", f"/private/ws/{key}"
        async with sockets(roots, *paths) as (stranger, picky, every):
            await hand.do("trade", symbol="ETHUSDT", side="BUY", quantity="0.1")
            picked = await picky.next()
            kinds = [(await every.next())["e"] for _ in range(4)]
            silences = [await one.waits_in_silence() for one in (stranger, picky, every)]

    assert picked["e"] == "ACCOUNT_UPDATE"
    assert kinds == ["ORDER_TRADE_UPDATE", "TRADE_LITE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE"]
    assert silences == [True] * 3


async def test_a_listen_key_is_shared_while_it_lives_and_its_end_leaves_an_open_silent_socket() -> None:
    async with a_venue() as (venue, roots), a_hand(roots) as hand, aiohttp.ClientSession() as session:
        key = await start_key(session, roots)
        same = [await start_key(session, roots), await start_key(session, roots, "PUT")]
        async with sockets(roots, f"/private/ws?listenKey={key}") as (socket,):
            await hand.do("expire_key")
            told = await socket.next()
            await hand.do("trade", symbol="ETHUSDT", side="BUY", quantity="0.1")
            silent = await socket.waits_in_silence()
        new = await start_key(session, roots)

    assert same == [key, key]
    assert (told["e"], told["listenKey"], silent) == ("listenKeyExpired", key, True)
    assert new not in ("", key)
    assert venue.report()["fills"]


async def test_a_key_whose_hour_is_over_is_told_by_the_venue_itself() -> None:
    async with a_venue(listen_key_validity_ms=1) as (_, roots), aiohttp.ClientSession() as session:
        key = await start_key(session, roots)
        async with sockets(roots, f"/private/ws?listenKey={key}") as (socket,):
            told = await socket.next()

    assert told["e"] == "listenKeyExpired"


async def test_a_muted_route_looks_alive_and_kicked_sockets_are_closed() -> None:
    paths = "/market/ws/ethusdt@kline_1m", "/public/ws/ethusdt@bookTicker"
    async with a_venue() as (venue, roots), a_hand(roots) as hand, sockets(roots, *paths) as (market, public):
        await hand.do("fault", kind="mute", route="market", ms=60_000)
        await venue.run()
        muted = await market.waits_in_silence()
        quoted = await public.next()
        kicked = await hand.do("kick", route="market")
        message = await market.inner.receive()

    assert muted
    assert quoted["e"] == "bookTicker"
    assert (kicked, message.type) == ({"closed": 1}, aiohttp.WSMsgType.CLOSE)


@pytest.mark.parametrize(("fault", "copies"), [("lose_closed_bar", 0), ("repeat_closed_bar", 2)])
async def test_a_closed_bar_may_be_lost_or_come_twice(fault: str, copies: int) -> None:
    async with a_venue(a_market(1)) as (venue, roots), a_hand(roots) as hand:
        await hand.do("fault", kind=fault)
        async with sockets(roots, "/market/ws/ethusdt@kline_1m") as (socket,):
            await venue.run()
            frames = [await socket.next() for _ in range(4 + copies)]
            silent = await socket.waits_in_silence()

    assert [frame["k"]["x"] for frame in frames].count(True) == copies
    assert silent


async def test_heartbeats_repeat_the_prices_and_let_market_time_stand() -> None:
    async with a_venue() as (venue, roots), sockets(roots, "/market/ws/ethusdt@markPrice@1s") as (socket,):
        venue.hold()
        beats = [await socket.next() for _ in range(2)]

    assert beats[0]["p"] == beats[1]["p"]
    assert beats[0]["E"] == beats[1]["E"] == venue.exchange.clock.now_ms
