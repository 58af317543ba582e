"""Binance's market frames in the house's words: bars, quotes, prices, marks.

Pure. A frame that cannot be trusted (broken JSON, a missing key, a price that is not a positive number) raises
`BadMessage` and nothing else; unknown keys and unknown kinds of frames are no fault.
"""

from math import inf
from typing import Final, NamedTuple

import msgspec

from engine.adapters.codec import UNREADABLE, all_text
from engine.model.events import BarClosed, MarkSeen, PriceSeen, QuoteSeen
from engine.model.market import INTERVAL_MS, Bar, PriceWindow

type MarketNews = BarClosed | QuoteSeen | PriceSeen | MarkSeen

MAX_TIME_MS: Final = 4_102_444_800_000  # the year 2100: anything later is not a time
MARKET_KINDS: Final = frozenset({"kline", "bookTicker", "aggTrade", "markPriceUpdate"})


class BadMessage(ValueError):
    """A message from outside that is not what it should be. It is counted and dropped, never passed on."""


class MarketFrame(NamedTuple):
    """What one frame said. `news` is None for a forming bar, an answer to a subscription, or an unknown kind."""

    news: MarketNews | None
    time_ms: int  # the exchange's event time; 0 where the frame has none
    is_known: bool


def read_market(raw: bytes, seen_ms: int) -> MarketFrame:
    """Read one frame of a combined stream. Raises `BadMessage`."""
    try:
        data = _frames.decode(all_text(raw)).data
    except UNREADABLE as error:
        return _unknown(raw, error)
    if data is None:
        return MarketFrame(None, 0, is_known=False)
    if not 0 < data.time_ms < MAX_TIME_MS or not data.symbol:
        raise BadMessage(f"time {data.time_ms}, symbol {data.symbol!r}")
    match data:
        case _Book():
            return MarketFrame(_quote(data, seen_ms), data.time_ms, is_known=True)
        case _Trade():
            return MarketFrame(_price(data, seen_ms), data.time_ms, is_known=True)
        case _Mark():
            return MarketFrame(_mark(data, seen_ms), data.time_ms, is_known=True)
        case _Kline():
            return MarketFrame(_bar_closed(data, seen_ms), data.time_ms, is_known=True)


def event_time(raw: bytes) -> int:
    """The event time of a frame that may be unreadable otherwise, or 0."""
    try:
        peek = _peeks.decode(raw)
    except UNREADABLE:
        return 0
    found = peek.data.time_ms if peek.data is not None else peek.time_ms
    return found if 0 < found < MAX_TIME_MS else 0


def checked_bar(*, open_time_ms: int, prices: tuple[float, float, float, float], volume: float, close_time_ms: int) -> Bar:
    """A bar whose open, high, low and close make sense together. Raises `BadMessage`."""
    first, high, low, close = prices
    if not 0 < open_time_ms < close_time_ms < MAX_TIME_MS:
        raise BadMessage(f"a bar from {open_time_ms} to {close_time_ms}")
    if not (0.0 < low <= first <= high < inf and low <= close <= high and 0.0 <= volume < inf):
        raise BadMessage(f"a bar with open, high, low, close {prices} and volume {volume}")
    return Bar(open_time_ms, first, high, low, close, volume)


def _quote(data: "_Book", seen_ms: int) -> QuoteSeen:
    if not 0.0 < data.bid <= data.ask < inf:
        raise BadMessage(f"a quote of {data.bid} / {data.ask}")
    return QuoteSeen(data.symbol, data.bid, data.ask, data.time_ms, seen_ms)


def _price(data: "_Trade", seen_ms: int) -> PriceSeen:
    last = data.price
    if not 0.0 < last < inf:
        raise BadMessage(f"a price of {last}")
    return PriceSeen(data.symbol, last, PriceWindow(last, last, last), data.time_ms, seen_ms)


def _mark(data: "_Mark", seen_ms: int) -> MarkSeen:
    if not (0.0 < data.mark < inf and -1.0 < data.funding_rate < 1.0 and 0 <= data.next_funding_ms < MAX_TIME_MS):
        raise BadMessage(f"a mark of {data.mark}, funding {data.funding_rate} at {data.next_funding_ms}")
    return MarkSeen(data.symbol, data.mark, data.funding_rate, data.next_funding_ms, data.time_ms, seen_ms)


def _bar_closed(data: "_Kline", seen_ms: int) -> BarClosed | None:
    row = data.row
    if not row.is_closed:
        return None
    bar = checked_bar(
        open_time_ms=row.open_ms,
        prices=(row.open, row.high, row.low, row.close),
        volume=row.volume,
        close_time_ms=row.close_ms,
    )
    if row.close_ms + 1 - row.open_ms != INTERVAL_MS.get(row.interval) or row.open_ms % INTERVAL_MS[row.interval]:
        raise BadMessage(f"a {row.interval} bar from {row.open_ms} to {row.close_ms}")
    if data.time_ms <= row.close_ms:
        raise BadMessage(f"a bar that is closed at {data.time_ms}, before its end {row.close_ms}")
    return BarClosed(data.symbol, bar, is_history=False, time_ms=data.time_ms, seen_ms=seen_ms)


def _unknown(raw: bytes, error: Exception) -> MarketFrame:
    """A kind of frame that we do not know is ignored; a broken one of a kind that we know is bad."""
    try:
        data = _peeks.decode(raw).data
    except UNREADABLE:
        data = None
    if data is None or not data.kind or data.kind in MARKET_KINDS:
        raise BadMessage(f"unreadable frame: {error}") from None
    return MarketFrame(None, event_time(raw), is_known=False)


class _Book(msgspec.Struct, tag_field="e", tag="bookTicker", rename={"symbol": "s", "time_ms": "E", "bid": "b", "ask": "a"}):
    symbol: str
    time_ms: int
    bid: float
    ask: float


class _Trade(msgspec.Struct, tag_field="e", tag="aggTrade", rename={"symbol": "s", "time_ms": "E", "price": "p"}):
    symbol: str
    time_ms: int
    price: float


_MARK_KEYS: Final = {"symbol": "s", "time_ms": "E", "mark": "p", "funding_rate": "r", "next_funding_ms": "T"}


class _Mark(msgspec.Struct, tag_field="e", tag="markPriceUpdate", rename=_MARK_KEYS):
    symbol: str
    time_ms: int
    mark: float
    funding_rate: float = 0.0
    next_funding_ms: int = 0


_ROW_KEYS: Final = {
    "open_ms": "t",
    "close_ms": "T",
    "interval": "i",
    "open": "o",
    "high": "h",
    "low": "l",
    "close": "c",
    "volume": "v",
    "is_closed": "x",  # required: a missing `x` must never read as either
}


class _Row(msgspec.Struct, rename=_ROW_KEYS):
    open_ms: int
    close_ms: int
    interval: str
    open: float
    high: float
    low: float
    close: float
    volume: float
    is_closed: bool


class _Kline(msgspec.Struct, tag_field="e", tag="kline", rename={"symbol": "s", "time_ms": "E", "row": "k"}):
    symbol: str
    time_ms: int
    row: _Row


class _Combined(msgspec.Struct):
    data: _Book | _Trade | _Mark | _Kline | None = None


class _Kind(msgspec.Struct, rename={"kind": "e", "time_ms": "E"}):
    kind: str = ""
    time_ms: int = 0


class _Peek(msgspec.Struct, rename={"kind": "e", "time_ms": "E"}):
    data: _Kind | None = None
    kind: str = ""
    time_ms: int = 0


_frames: Final = msgspec.json.Decoder(_Combined, strict=False)  # not strict: numbers come as text
_peeks: Final = msgspec.json.Decoder(_Peek, strict=False)
