"""Rows of klines as bars, oldest first. Pure.

A row that makes no sense is left out and named: one of them, that may stay for ever, must keep nobody from the others.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from engine.adapters.binance_answers import Kline, bar
from engine.adapters.binance_messages import BadMessage
from engine.adapters.codec import UNREADABLE
from engine.model.market import Bar


class BarsRead(NamedTuple):
    """Each bar once and in order; `faults` says what was left out."""

    bars: tuple[Bar, ...]
    faults: tuple[str, ...]


def readable(rows: Sequence[msgspec.Raw]) -> list[Kline]:
    """The rows that have the shape of one."""
    return [row for raw in rows if (row := _row(raw)) is not None]


def closed_bars_of(rows: Sequence[msgspec.Raw], interval_ms: int, market_ms: int) -> BarsRead:
    """The bars that were closed at a market time. Of two rows of one time that differ nobody knows which is true."""
    found, faults, known = dict[int, Bar | None](), list[str](), readable(rows)
    if len(known) < len(rows):
        faults.append("what cannot be read")
    for row in known:
        if row.open_time + interval_ms > market_ms:
            continue
        try:
            one = bar(row, interval_ms)
        except BadMessage as bad:
            faults.append(str(bad))
            continue
        if found.setdefault(one.open_time_ms, one) != one:
            faults.append(f"two bars that differ from {one.open_time_ms} on")
            found[one.open_time_ms] = None
    bars = [found[opened] for opened in sorted(found)]
    return BarsRead(tuple(one for one in bars if one is not None), tuple(faults))


def _row(raw: msgspec.Raw) -> Kline | None:
    try:
        return _rows.decode(raw)
    except UNREADABLE:
        return None


_rows: Final = msgspec.json.Decoder(Kline, strict=False)
