"""The feed over a real socket: every bar once and in order, whatever the connection does."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from engine.adapters.binance_feed import BinanceFeed
from engine.adapters.binance_socket import Patience
from engine.model.events import BarClosed, FeedLost, FeedRestored, MarkSeen, PriceSeen, QuoteSeen, Route, RulesLoaded
from engine.model.market import INTERVAL_MS, Bar
from tests.engine.adapters.binance_builders import QUICK
from tests.engine.adapters.fake_sockets import FakeSockets, Inbox, running_sockets

MINUTE = 60_000
START = 1_795_399_680_000


class WireClock:
    """The real wire: the feed's silence is measured on it."""

    def now_ms(self) -> int:
        return int(asyncio.get_running_loop().time() * 1_000)


@dataclass
class Archive:
    """History with memory: every bar up to `market_ms` is closed; may be told to fail, and says what it was asked."""

    market_ms: int = START + 500
    failures: int = 0
    missing: set[int] = field(default_factory=set)
    asked: list[tuple[str, int, int]] = field(default_factory=list)

    async def rules(self, symbols: Sequence[str]) -> Sequence[RulesLoaded]:
        raise AssertionError(f"nobody asked for the rules of {symbols}")

    async def closed_bars(self, symbol: str, interval: str, count: int, since_ms: int) -> Sequence[BarClosed]:
        self.asked.append((symbol, count, since_ms))
        if self.failures:
            self.failures -= 1
            raise ConnectionError("away")
        step = INTERVAL_MS[interval]
        forming = self.market_ms - self.market_ms % step
        first = forming - count * step if count else since_ms
        opened = [at for at in range(first, forming, step) if at not in self.missing]
        return [BarClosed(symbol, a_bar(at), True, self.market_ms, 1) for at in opened]


def a_bar(opened: int) -> Bar:
    return Bar(opened, 10.0, 12.0, 9.0, 11.0, 5.5)


def kline(opened: int, *, event_ms: int = 0, is_closed: bool = True, symbol: str = "BTCUSDT") -> dict[str, Any]:
    row = {
        "t": opened,
        "T": opened + MINUTE - 1,
        "i": "1m",
        "o": "10",
        "h": "12",
        "l": "9",
        "c": "11",
        "v": "5.5",
        "x": is_closed,
    }
    return {"stream": "x", "data": {"e": "kline", "E": event_ms or opened + MINUTE + 20, "s": symbol, "k": row}}


def mark(event_ms: int, symbol: str = "BTCUSDT") -> dict[str, Any]:
    return {
        "stream": "x",
        "data": {"e": "markPriceUpdate", "E": event_ms, "s": symbol, "p": "10", "r": "0.0001", "T": START + 10**7},
    }


def price(event_ms: int) -> dict[str, Any]:
    return {"stream": "x", "data": {"e": "aggTrade", "E": event_ms, "s": "BTCUSDT", "p": "10.5"}}


def book(event_ms: int) -> dict[str, Any]:
    return {"stream": "x", "data": {"e": "bookTicker", "E": event_ms, "s": "BTCUSDT", "b": "10", "a": "10.1"}}


@dataclass
class Room:
    sockets: FakeSockets
    archive: Archive
    feed: BinanceFeed
    inbox: Inbox

    @property
    def bars(self) -> list[tuple[int, bool]]:
        """Minutes from START, and whether the bar is history."""
        return [((one.bar.open_time_ms - START) // MINUTE, one.is_history) for one in self.inbox.of(BarClosed)]

    async def is_up(self) -> None:
        """The market connection delivers: two bars of history were read."""
        await self.sockets.connected("market")
        await self.sockets.send("market", mark(self.archive.market_ms))
        await self.inbox.until(lambda: any(one.route is Route.MARKET for one in self.inbox.of(FeedRestored)))


@asynccontextmanager
async def a_room(patience: Patience = QUICK, symbols: Sequence[str] = ("BTCUSDT",)) -> AsyncIterator[Room]:
    async with running_sockets() as sockets:
        archive, inbox = Archive(), Inbox()
        feed = BinanceFeed(
            archive,
            ws_public=sockets.url,
            ws_market=sockets.url,
            symbols=symbols,
            interval="1m",
            patience=patience,
            clock=WireClock(),
        )
        told_before = list[int]()  # how many of the events were posted when each was told first
        feed.tell_first(lambda _: told_before.append(len(inbox.events)))
        task = asyncio.create_task(feed.run(inbox.post))
        yield Room(sockets, archive, feed, inbox)
        assert told_before == list(range(len(inbox.events)))  # whoever is told first hears every event, before it is posted
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


PATIENT = replace(QUICK, silence_s=30.0)


async def test_the_two_routes_are_asked_for_their_own_streams() -> None:
    async with a_room(PATIENT, symbols=("BTCUSDT", "1000PEPEUSDT")) as room:
        await room.sockets.connected("market")
        await room.sockets.connected("public")

        assert sorted(room.sockets.paths) == [
            "/market/stream?streams=1000pepeusdt@kline_1m/1000pepeusdt@aggTrade/1000pepeusdt@markPrice@1s"
            "/btcusdt@kline_1m/btcusdt@aggTrade/btcusdt@markPrice@1s",
            "/public/stream?streams=1000pepeusdt@bookTicker/btcusdt@bookTicker",
        ]


async def test_what_is_seen_is_posted() -> None:
    async with a_room(PATIENT) as room:
        await room.is_up()
        await room.sockets.connected("public")
        await room.sockets.send("public", book(START + 600))
        await room.sockets.send("market", price(START + 700), kline(START, is_closed=False), kline(START))

        await room.inbox.has(QuoteSeen)
        await room.inbox.has(PriceSeen)
        await room.inbox.has(BarClosed, 3)
        assert room.bars == [(-2, True), (-1, False), (0, False)]  # the newest of the history closed half a second ago
        assert room.feed.market_ms() == START + MINUTE + 20


async def test_a_connection_is_up_when_it_delivers_not_when_it_opens() -> None:
    async with a_room(PATIENT) as room:
        await room.sockets.connected("market")
        await room.sockets.connected("public")
        await room.inbox.has(BarClosed, 2)
        assert room.inbox.of(FeedRestored) == []

        await room.sockets.send("public", book(START))
        (restored,) = await room.inbox.has(FeedRestored)

        assert (restored.route, restored.lost_ms) == (Route.PUBLIC, 0)


async def test_broken_frames_are_dropped_and_the_stream_is_kept() -> None:
    async with a_room(PATIENT) as room:
        await room.is_up()
        nan = price(START + 800)
        nan["data"]["p"] = "NaN"
        await room.sockets.send("market", b"{", b"\xff\xff", b'{"data":[]}', nan, {"result": None, "id": 1}, price(START + 900))

        (seen,) = await room.inbox.has(PriceSeen)

        assert seen.last == 10.5
        assert (room.feed.counters.bad, room.feed.counters.ignored) == (4, 1)
        assert room.inbox.of(FeedLost) == []


async def test_a_price_or_a_time_that_leaps_is_dropped_until_it_is_repeated() -> None:
    async with a_room(PATIENT) as room:
        await room.is_up()
        sound, wild = price(START + 600), price(START + 601)
        wild["data"]["p"] = "1e300"
        for frame in (sound, wild, mark(START * 2), sound, *(crash := [price(START + 700 + step) for step in range(3)])):
            if frame in crash:
                frame["data"]["p"] = "4"
            await room.sockets.send("market", frame)
        await room.inbox.until(lambda: any(one.last == 4.0 for one in room.inbox.of(PriceSeen)))

        assert [one.last for one in room.inbox.of(PriceSeen)] == [10.5, 10.5, 4.0]
        assert room.feed.beliefs.doubted == 4
        assert room.feed.market_ms() < START * 2


async def test_a_first_mark_from_another_century_moves_no_market_time() -> None:
    async with a_room(PATIENT) as room:
        room.feed.start_after("BTCUSDT", START - MINUTE)
        await room.sockets.connected("market")
        await room.sockets.send("market", mark(4_070_908_800_000), mark(START + 600))

        (seen,) = await room.inbox.has(MarkSeen)

        assert seen.time_ms == room.feed.market_ms() == START + 600


async def test_a_price_that_comes_after_a_later_one_is_ignored() -> None:
    async with a_room(PATIENT) as room:
        await room.is_up()
        await room.sockets.send("market", *(price(START + ms) for ms in (5_600, 600, 5_700, 5_000, 4_000, 5_700)))
        await room.inbox.has(PriceSeen, 3)

        assert [one.time_ms - START for one in room.inbox.of(PriceSeen)] == [5_600, 5_700, 5_700]


async def test_a_bar_that_leaps_is_read_over_requests_instead() -> None:
    async with a_room(PATIENT) as room:
        await room.is_up()
        await room.sockets.send("market", price(START + 600))
        wild = kline(START)
        wild["data"]["k"] |= {"h": "1e200"}
        room.archive.market_ms = START + MINUTE + 3_100
        await room.sockets.send("market", wild)
        await room.sockets.send("market", mark(START + MINUTE + 3_100))
        await room.inbox.until(lambda: (0, False) in room.bars)

        assert room.inbox.of(BarClosed)[-1].bar == a_bar(START)


async def test_a_bar_that_comes_twice_is_posted_once() -> None:
    async with a_room(PATIENT) as room:
        await room.is_up()
        await room.sockets.send("market", kline(START), kline(START), kline(START - MINUTE), kline(START + MINUTE))

        await room.inbox.has(BarClosed, 4)

        assert room.bars[2:] == [(0, False), (1, False)]
        assert room.feed.bars.duplicates == 2


async def test_a_hole_is_filled_before_the_bar_that_showed_it() -> None:
    async with a_room(PATIENT) as room:
        await room.is_up()
        room.archive.market_ms = START + 4 * MINUTE + 50
        await room.sockets.send("market", kline(START + 3 * MINUTE))

        await room.inbox.has(BarClosed, 6)

        assert room.bars[2:] == [(0, True), (1, True), (2, True), (3, False)]
        assert room.archive.asked[-1] == ("BTCUSDT", 0, START)


async def test_a_bar_behind_a_hole_that_closed_long_ago_is_history_too() -> None:
    async with a_room(PATIENT) as room:
        await room.is_up()
        room.archive.market_ms = START + 4 * MINUTE + 5_001
        await room.sockets.send("market", kline(START + 3 * MINUTE))

        await room.inbox.has(BarClosed, 6)

        assert room.bars[-1] == (3, True)


async def test_while_the_exchange_cannot_be_asked_the_bar_waits() -> None:
    async with a_room(PATIENT) as room:
        await room.is_up()
        room.archive.failures, room.archive.market_ms = 1, START + 2 * MINUTE + 50
        await room.sockets.send("market", kline(START + MINUTE), price(START + 2 * MINUTE + 60))
        await room.inbox.has(PriceSeen)
        assert len(room.inbox.of(BarClosed)) == 2
        assert room.feed.newest_event_time(Route.MARKET) == START + 500  # nothing after the hole counts as delivered

        await room.inbox.has(BarClosed, 4)

        assert room.bars[2:] == [(0, True), (1, False)]
        assert room.feed.bars.failures == 1
        assert room.feed.newest_event_time(Route.MARKET) == START + 2 * MINUTE + 60


async def test_a_hole_that_the_exchange_has_too_is_left_to_those_who_count_bars() -> None:
    async with a_room(PATIENT) as room:
        await room.is_up()
        room.archive.missing, room.archive.market_ms = {START}, START + 2 * MINUTE + 50
        await room.sockets.send("market", kline(START + MINUTE))

        await room.inbox.has(BarClosed, 3)

        assert room.bars[2:] == [(1, False)]


async def test_a_close_that_nobody_announced_is_looked_up() -> None:
    async with a_room(PATIENT) as room:
        await room.is_up()
        await room.sockets.send("market", mark(START + MINUTE + 2_999))
        room.archive.market_ms = START + MINUTE + 3_000
        await room.sockets.send("market", mark(START + MINUTE + 3_000))

        await room.inbox.has(BarClosed, 3)

        assert room.bars[2:] == [(0, False)]
        assert len(room.archive.asked) == 2
        await room.sockets.send("market", kline(START), kline(START + MINUTE))
        await room.inbox.has(BarClosed, 4)
        assert room.bars[3:] == [(1, False)]


async def test_after_a_loss_the_missed_bars_come_first() -> None:
    async with a_room(PATIENT) as room:
        await room.is_up()
        room.archive.market_ms = START + 3 * MINUTE + 100
        await room.sockets.hang_up("market")
        await room.sockets.connections_made("market", 2)
        await room.sockets.send("market", mark(START + 3 * MINUTE + 200), kline(START + 3 * MINUTE))
        await room.inbox.until(lambda: len([one for one in room.inbox.of(FeedRestored) if one.route is Route.MARKET]) == 2)
        await room.inbox.has(BarClosed, 6)

        assert room.bars[2:] == [(0, True), (1, True), (2, False), (3, False)]
        lost = [one for one in room.inbox.of(FeedLost) if one.route is Route.MARKET]
        assert len(lost) == 1
        assert "1001" in lost[0].detail
        assert room.feed.losses(Route.MARKET) == 1


async def test_missed_bars_are_asked_for_in_the_same_order_by_every_process() -> None:
    """A set of names has another order in each process; who is asked for first may be who trades."""
    symbols = [f"{letter}USDT" for letter in "QWERTZUIOP"]
    async with a_room(PATIENT, symbols) as room:
        await room.sockets.connected("market")
        await room.inbox.has(BarClosed, 2 * len(symbols))

        assert [symbol for symbol, _, _ in room.archive.asked] == sorted(symbols)


async def test_event_times_of_a_lost_connection_no_longer_count() -> None:
    async with a_room(PATIENT) as room:
        await room.is_up()
        assert room.feed.newest_event_time(Route.MARKET) == START + 500

        await room.sockets.hang_up("market")
        await room.sockets.connections_made("market", 2)

        assert room.feed.newest_event_time(Route.MARKET) == 0
        await room.sockets.send("market", kline(START, event_ms=START + 900, is_closed=False))
        await room.inbox.until(lambda: len(room.inbox.of(FeedRestored)) == 2)
        assert room.feed.newest_event_time(Route.MARKET) == START + 900


async def test_a_venue_that_refuses_is_lost_once_and_found_again() -> None:
    async with a_room(PATIENT) as room:
        await room.is_up()
        room.sockets.refuses = True
        await room.sockets.hang_up("market")
        await room.sockets.asked_for("market", 4)
        room.sockets.refuses = False
        room.sockets.greeting["market"] = [b'{"data":{"e":"markPriceUpdate","E":%d,"s":"BTCUSDT","p":"10"}}' % (START + 950)]
        await room.inbox.until(lambda: len(room.inbox.of(FeedRestored)) == 2)

        assert len([one for one in room.inbox.of(FeedLost) if one.route is Route.MARKET]) == 1
        assert room.inbox.of(FeedRestored)[-1].lost_ms > 0


async def test_a_silent_connection_is_replaced() -> None:
    async with a_room() as room:
        await room.is_up()
        await room.sockets.connections_made("market", 2)

        lost = [one for one in room.inbox.of(FeedLost) if one.route is Route.MARKET]
        assert "silent" in lost[0].detail


async def test_prices_without_marks_are_silence_too() -> None:
    async with a_room() as room:
        await room.is_up()
        for _ in range(40):
            if room.inbox.of(FeedLost):
                break
            await room.sockets.send("market", price(START + 700))
            await asyncio.sleep(0.02)

        assert room.inbox.of(FeedLost)[0].route is Route.MARKET


async def test_a_planned_renewal_loses_nothing_and_tells_nothing() -> None:
    async with a_room(replace(PATIENT, renew_after_s=0.3, overlap_s=0.15)) as room:
        await room.is_up()
        await room.sockets.send("market", kline(START))
        await room.sockets.connected("market", 2)  # both are open for a moment
        await room.sockets.send("market", kline(START), kline(START + MINUTE))
        await room.sockets.connected("market", 1)
        await room.inbox.has(BarClosed, 4)

        assert room.bars[2:] == [(0, False), (1, False)]
        assert room.inbox.of(FeedLost) == []
        assert [one.lost_ms for one in room.inbox.of(FeedRestored) if one.route is Route.MARKET] == [0]


async def test_bars_that_are_known_already_are_not_posted() -> None:
    async with a_room(PATIENT) as room:
        room.feed.start_after("BTCUSDT", START - MINUTE)
        await room.is_up()
        await room.sockets.send("market", kline(START))

        await room.inbox.has(BarClosed)

        assert room.bars == [(0, False)]


async def test_frames_of_symbols_that_are_not_ours_are_ignored() -> None:
    async with a_room(PATIENT) as room:
        await room.is_up()
        await room.sockets.send(
            "market", mark(START + 800, symbol="ETHUSDT"), kline(START, symbol="ETHUSDT"), price(START + 900)
        )

        await room.inbox.has(PriceSeen)

        assert len(room.inbox.of(MarkSeen)) == 1
        assert room.feed.counters.ignored == 2


async def test_latencies_are_measured() -> None:
    async with a_room(PATIENT) as room:
        await room.is_up()

        percentiles = room.feed.latencies.percentiles()

        assert percentiles.p50 <= percentiles.p95 <= percentiles.p99
        assert percentiles.p50 < 0  # this room's wire clock counts from the machine's start
