"""Closed and forming bars of one contract, as REST rows and as stream frames, in every interval that the bars can make.

A row is written once and kept: at full speed a client asks for the same history again and again.
"""

from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple

from sandbox.exchange.board import FormingBar
from sandbox.exchange.contracts import Contract
from sandbox.market.candles import Candle
from sandbox.market.listing import in_ticks

MAX_QUOTE_PER_TRADE: Final = 1_500.0
TAKER_SHARE: Final = (0.47, 0.53)  # of the volume, in a falling and in a rising bar


class Kline(NamedTuple):
    """One bar in ticks; `volume` is text-exact for closed bars."""

    open_time_ms: int
    open: int
    high: int
    low: int
    close: int
    volume: float


class Bars:
    """A contract's bars: `closed` of them are known, the rest is the future."""

    def __init__(self, contract: Contract, rows: tuple[Candle, ...], interval_ms: int, closed: int) -> None:
        self.contract = contract
        self.interval_ms = interval_ms
        self.closed = closed
        self.klines = tuple(_kline(contract, row) for row in rows)
        self._texts: dict[tuple[int, int], str] = {}

    def find(self, interval_ms: int, first_ms: int, last_ms: int, forming: FormingBar | None) -> list[Kline]:
        """List bars of an interval that open from `first_ms` to `last_ms`; the newest may still be forming."""
        if interval_ms % self.interval_ms:
            return []  # finer than what was recorded: nothing is known
        known = list(self.klines[self._index(first_ms - interval_ms) : self._index(last_ms + interval_ms)])
        if forming is not None:
            known.append(Kline(forming.open_time_ms, forming.open, forming.high, forming.low, forming.close, forming.volume))
        if interval_ms > self.interval_ms:
            known = _grouped(known, interval_ms)
        return [one for one in known if first_ms <= one.open_time_ms <= last_ms]

    def newest_ms(self) -> int:
        """Say when the newest closed bar opened."""
        return self.klines[self.closed - 1].open_time_ms if self.closed else 0

    def oldest_ms(self) -> int:
        """Say when the oldest bar opened."""
        return self.klines[0].open_time_ms if self.klines else 0

    def row_text(self, kline: Kline, interval_ms: int, closed_at_ms: int) -> str:
        """Write a REST row (reference 3.1: twelve elements)."""
        if kline.open_time_ms + interval_ms > closed_at_ms:
            return _row(self.contract, kline, interval_ms)
        key = (interval_ms, kline.open_time_ms)
        text = self._texts.get(key)
        if text is None:
            text = self._texts[key] = _row(self.contract, kline, interval_ms)
        return text

    def _index(self, time_ms: int) -> int:
        if not self.klines:
            return 0
        return min(max(0, -((self.klines[0].open_time_ms - time_ms) // self.interval_ms)), self.closed)


class KlineTexts(NamedTuple):
    """The parts of a bar that are derived from its volume, as text."""

    volume: str
    quote: str
    trades: int
    taker: str
    taker_quote: str


def kline_texts(contract: Contract, kline: Kline) -> KlineTexts:
    """Make up trade count, quote volume and taker share from a bar's prices and volume."""
    mean = (kline.open + kline.high + kline.low + kline.close) / 4 * contract.tick_size
    quote = kline.volume * mean
    share = TAKER_SHARE[kline.close >= kline.open]
    trades = max(1, int(quote / MAX_QUOTE_PER_TRADE)) if kline.volume else 0
    return KlineTexts(volume_text(kline.volume), f"{quote:.4f}", trades, f"{kline.volume * share:.4f}", f"{quote * share:.4f}")


@lru_cache(maxsize=65_536)
def volume_text(volume: float) -> str:
    """Write a volume so that reading it gives the same number back."""
    return format(Decimal(repr(volume)), "f")


def _row(contract: Contract, kline: Kline, interval_ms: int) -> str:
    price, texts = contract.price_text, kline_texts(contract, kline)
    return (
        f'[{kline.open_time_ms},"{price(kline.open)}","{price(kline.high)}","{price(kline.low)}","{price(kline.close)}",'
        f'"{texts.volume}",{kline.open_time_ms + interval_ms - 1},"{texts.quote}",{texts.trades},'
        f'"{texts.taker}","{texts.taker_quote}","0"]'
    )


def _kline(contract: Contract, row: Candle) -> Kline:
    time_ms, first, high, low, last, volume = row
    tick = contract.tick_size  # the whole history is read before the venue opens: a number is quicker than a Decimal
    return Kline(time_ms, in_ticks(first, tick), in_ticks(high, tick), in_ticks(low, tick), in_ticks(last, tick), volume)


def _grouped(klines: list[Kline], interval_ms: int) -> list[Kline]:
    made: list[Kline] = []
    for one in klines:
        begin = one.open_time_ms // interval_ms * interval_ms
        if made and made[-1].open_time_ms == begin:
            last = made[-1]
            made[-1] = Kline(
                begin,
                last.open,
                max(last.high, one.high),
                min(last.low, one.low),
                one.close,
                round(last.volume + one.volume, 8),
            )
        else:
            made.append(one._replace(open_time_ms=begin))
    return made
