"""The private stream over a real socket: news arrive once, and the listen key never stops it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from engine.adapters.binance_broker import BinanceBroker, binance_broker
from engine.adapters.binance_rest import BinanceRest
from engine.adapters.binance_socket import Patience
from engine.model.account import SymbolSetup
from engine.model.events import (
    AccountSynced,
    BalanceChanged,
    ErrandFailed,
    FeedLost,
    FeedRestored,
    FillsListed,
    OrderFilled,
    Route,
    SetupSeen,
)
from engine.model.messages import FetchFills
from tests.engine.adapters.binance_builders import MARKET_MS, QUICK
from tests.engine.adapters.fake_exchange import Answer, FakeExchange
from tests.engine.adapters.fake_sockets import FakeSockets, Inbox, running_sockets
from tests.engine.adapters.test_binance_account_messages import FILLED, FUNDING
from tests.engine.adapters.test_binance_snapshot import an_account

EVENTS = "ORDER_TRADE_UPDATE/ACCOUNT_UPDATE/ALGO_UPDATE/ACCOUNT_CONFIG_UPDATE/MARGIN_CALL/listenKeyExpired"
KEY_PATH = "/fapi/v1/listenKey"


@dataclass
class Room:
    exchange: FakeExchange
    sockets: FakeSockets
    broker: BinanceBroker
    inbox: Inbox


@asynccontextmanager
async def a_room(exchange: FakeExchange, rest: BinanceRest, patience: Patience = QUICK) -> AsyncIterator[Room]:
    keys = iter(range(1, 1_000))
    exchange.on("POST", KEY_PATH, lambda _: Answer({"listenKey": f"K{next(keys)}"}))
    exchange.on("GET", "/fapi/v1/time", Answer({"serverTime": rest.clock.now_ms()}))
    async with running_sockets() as sockets:
        broker = binance_broker(
            rest,
            symbols=["BTCUSDT"],
            interval="1h",
            ws_private=sockets.url,
            patience=patience,
            market_ms=lambda: MARKET_MS,
        )
        inbox = Inbox()
        task = asyncio.create_task(broker.listen(inbox.post))
        await sockets.connected("private")
        yield Room(exchange, sockets, broker, inbox)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def another_fill(number: int) -> dict[str, Any]:
    return {**FILLED, "o": {**FILLED["o"], "t": number}}


async def test_the_stream_is_asked_for_by_key_and_by_kinds_of_events(exchange: FakeExchange, rest: BinanceRest) -> None:
    async with a_room(exchange, rest) as room:
        (restored,) = await room.inbox.has(FeedRestored)

        assert (restored.route, restored.lost_ms) == (Route.PRIVATE, 0)
        assert room.sockets.paths == [f"/private/ws?listenKey=K1&events={EVENTS}"]


async def test_news_are_posted_and_tell_the_time(exchange: FakeExchange, rest: BinanceRest) -> None:
    async with a_room(exchange, rest) as room:
        assert room.broker.newest_event_time() == 0
        await room.sockets.send("private", FILLED, FUNDING)

        (filled,) = await room.inbox.has(OrderFilled)
        (balance,) = await room.inbox.has(BalanceChanged)

        assert filled.fill.price == Decimal("60002.0")
        assert balance.wallet == Decimal("4999.64")
        assert room.broker.newest_event_time() == FUNDING["E"]


async def test_the_same_frame_twice_is_one_piece_of_news(exchange: FakeExchange, rest: BinanceRest) -> None:
    async with a_room(exchange, rest) as room:
        await room.sockets.send("private", FILLED, FILLED, another_fill(2))

        await room.inbox.has(OrderFilled, 2)

        assert [one.fill.trade_id for one in room.inbox.of(OrderFilled)] == [774_411, 2]


async def test_the_name_of_a_filled_order_is_remembered(exchange: FakeExchange, rest: BinanceRest) -> None:
    row = {"id": 1, "orderId": 22_542_179, "symbol": "BTCUSDT", "side": "BUY", "price": "1", "qty": "1", "time": MARKET_MS}
    exchange.on("GET", "/fapi/v1/userTrades", Answer([row]))
    async with a_room(exchange, rest) as room:
        await room.sockets.send("private", FILLED)
        await room.inbox.has(OrderFilled)

        (listed,) = await room.broker.run(FetchFills("BTCUSDT", MARKET_MS - 1))

        assert isinstance(listed, FillsListed)
        assert listed.fills[0].client_id == FILLED["o"]["c"]


async def test_an_expired_key_is_replaced_at_once(exchange: FakeExchange, rest: BinanceRest) -> None:
    async with a_room(exchange, rest) as room:
        await room.sockets.send("private", {"e": "listenKeyExpired", "E": 1_795_403_200_000, "listenKey": "K1"})
        await room.inbox.has(FeedRestored, 2)

        assert "listenKey=K2" in room.sockets.paths[-1]
        (lost,) = room.inbox.of(FeedLost)
        assert lost.detail == "the listen key expired"
        assert room.broker.newest_event_time() == 0


async def test_a_broken_connection_comes_back_with_a_key_of_its_own(exchange: FakeExchange, rest: BinanceRest) -> None:
    async with a_room(exchange, rest) as room:
        await room.sockets.hang_up("private")
        await room.inbox.has(FeedRestored, 2)
        await room.sockets.connected("private")
        await room.sockets.send("private", FILLED)

        await room.inbox.has(OrderFilled)

        assert len(room.sockets.paths) == 2
        assert [one.route for one in room.inbox.of(FeedLost)] == [Route.PRIVATE]


async def test_without_a_key_there_is_one_loss_and_many_tries(exchange: FakeExchange, rest: BinanceRest) -> None:
    async with a_room(exchange, rest) as room:
        refused = Answer({"code": -2015, "msg": "Invalid API-key"}, status=401)
        exchange.on("POST", KEY_PATH, refused, refused, refused, Answer({"listenKey": "K9"}))
        await room.sockets.hang_up("private")

        await room.inbox.has(FeedRestored, 2)

        assert len(room.inbox.of(FeedLost)) == 1
        assert "listenKey=K9" in room.sockets.paths[-1]


async def test_keeping_alive_extends_the_key_or_takes_a_new_one(exchange: FakeExchange, rest: BinanceRest) -> None:
    gone = Answer({"code": -1125, "msg": "This listenKey does not exist."}, status=400)
    exchange.on("PUT", KEY_PATH, Answer({"listenKey": "K1"}), Answer({"code": -1102, "msg": "?"}, status=400), gone)
    async with a_room(exchange, rest) as room:
        await room.broker.keep_alive()
        await room.broker.keep_alive()
        assert len(room.sockets.paths) == 1

        await room.broker.keep_alive()
        await room.inbox.has(FeedRestored, 2)

        assert "listenKey=K2" in room.sockets.paths[-1]


async def test_a_stream_whose_key_is_not_the_one_that_was_extended_takes_the_new_one(
    exchange: FakeExchange, rest: BinanceRest
) -> None:
    exchange.on("PUT", KEY_PATH, Answer({"listenKey": "K1"}), Answer({}), Answer({"listenKey": "K2"}))
    async with a_room(exchange, rest) as room:
        for _ in range(2):
            await room.broker.keep_alive()
        assert len(room.sockets.paths) == 1  # its own key, and none at all: nothing is wrong

        await room.broker.keep_alive()
        await room.inbox.has(FeedRestored, 2)
        await room.broker.keep_alive()

        assert ["listenKey=K2" in path for path in room.sockets.paths] == [False, True]
        assert len(room.inbox.of(FeedLost)) == 1


async def test_a_changed_leverage_has_the_set_up_read(exchange: FakeExchange, rest: BinanceRest) -> None:
    exchange.on("GET", "/fapi/v1/symbolConfig", Answer([{"symbol": "BTCUSDT", "marginType": "CROSSED", "leverage": 19}]))
    async with a_room(exchange, rest) as room:
        await room.sockets.send(
            "private", {"e": "ACCOUNT_CONFIG_UPDATE", "E": 1_795_399_718_690, "ac": {"s": "BTCUSDT", "l": 19}}
        )

        (seen,) = await room.inbox.has(SetupSeen)

        assert seen.setup == SymbolSetup("BTCUSDT", 19, is_isolated=False)


@pytest.mark.parametrize("broken", [b"{", json.dumps(FILLED | {"E": FILLED["E"] + 10**12}).encode()], ids=["cut", "future"])
async def test_a_frame_that_cannot_be_read_has_the_account_read_once(
    exchange: FakeExchange, rest: BinanceRest, broken: bytes
) -> None:
    async with a_room(exchange, rest) as room:
        await room.sockets.send("private", broken, FILLED)
        await room.inbox.has(OrderFilled)

        await room.inbox.until(lambda: bool(room.inbox.of(ErrandFailed) or room.inbox.of(AccountSynced)))

        assert len(exchange.seen("GET", "/fapi/v1/accountConfig")) == 1


async def test_a_frame_that_cannot_be_read_may_have_said_that_the_key_expired(
    exchange: FakeExchange, rest: BinanceRest
) -> None:
    """Found by storm seed 20097442: the stream stayed open, and mute until its key was due to be extended."""
    exchange.on("PUT", KEY_PATH, Answer({"code": -1125, "msg": "This listenKey does not exist."}, status=400))
    async with a_room(exchange, rest) as room:
        await room.sockets.send("private", b'{"e": "listenKeyExp')

        await room.inbox.has(FeedRestored, 2)

        assert [one.detail for one in room.inbox.of(FeedLost)] == ["the listen key was gone"]


async def test_frames_that_cannot_be_read_during_a_look_at_the_account_get_one_of_their_own(
    exchange: FakeExchange, rest: BinanceRest
) -> None:
    an_account(exchange)
    config, answering = {"canTrade": True, "dualSidePosition": False}, asyncio.Event()
    exchange.on("GET", "/fapi/v1/accountConfig", Answer(config, held=answering))
    async with a_room(exchange, rest) as room:
        await room.sockets.send("private", b"{")
        await exchange.asked("GET", "/fapi/v1/accountConfig")
        await room.sockets.send("private", b"{1", b"{2", FILLED)  # what they told may lie behind the look
        await room.inbox.has(OrderFilled)

        answering.set()
        await room.inbox.has(AccountSynced, 2)
        await room.sockets.send("private", b"{3")
        await room.inbox.has(AccountSynced, 3)

        assert len(exchange.seen("GET", "/fapi/v1/accountConfig")) == 3


async def test_a_planned_renewal_brings_every_piece_of_news_once(exchange: FakeExchange, rest: BinanceRest) -> None:
    async with a_room(exchange, rest, replace(QUICK, renew_after_s=0.2, overlap_s=0.15)) as room:
        await room.sockets.connected("private", 2)
        await room.sockets.send_to_all("private", another_fill(1), another_fill(2))
        await room.sockets.connected("private", 1)
        await room.sockets.send("private", another_fill(3))

        await room.inbox.until(lambda: any(one.fill.trade_id == 3 for one in room.inbox.of(OrderFilled)))

        assert [one.fill.trade_id for one in room.inbox.of(OrderFilled)] == [1, 2, 3]
        assert room.inbox.of(FeedLost) == []
