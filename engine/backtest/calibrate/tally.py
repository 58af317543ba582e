"""What a setting came to, block by block: net R and number of trades. All that is kept of a walk, and all that is judged."""

import base64
import binascii
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine.backtest.calibrate.folds import Blocks
from engine.backtest.history import Floats, Ints
from engine.backtest.result import RawTrades


class BadTally(ValueError):
    """What is kept of a trial cannot be read."""


class Tally(NamedTuple):
    """One walk: the R of the trades entered in each block, and how many there were."""

    net_r: Floats
    trades: Ints


class Tallies(NamedTuple):
    """All walks, a row each; row 0 is the present setting."""

    net_r: Floats
    trades: Ints


def tally(trades: RawTrades, blocks: Blocks) -> Tally:
    """Sum closed trades up by the block in which they were entered."""
    place = (trades.entry_ms - blocks.begin_ms) // blocks.block_ms
    inside = (place >= 0) & (place < blocks.size) & (trades.risk > 0)
    net = trades.gross - trades.fees + trades.funding
    in_r = net[inside] / trades.risk[inside]
    place = place[inside]
    sums: Floats = np.bincount(place, weights=in_r, minlength=blocks.size).astype(np.float64)
    return Tally(sums, np.bincount(place, minlength=blocks.size).astype(np.int64))


def written(one: Tally) -> str:
    """A tally as text: short, and exact to the last bit."""
    packed = np.concatenate((one.net_r.astype("<f8").view(np.uint8), one.trades.astype("<u2").view(np.uint8)))
    return base64.b64encode(packed.tobytes()).decode()


def read(text: str, blocks: int) -> Tally:
    """The tally that was written. Raises `BadTally`."""
    try:
        packed = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise BadTally("a trial's result is not readable") from error
    if len(packed) != blocks * 10:
        raise BadTally(f"a trial's result is of {len(packed) // 10} blocks, not of {blocks}")
    net_r, trades = np.frombuffer(packed, "<f8", blocks), np.frombuffer(packed, "<u2", blocks, blocks * 8)
    if not np.all(np.isfinite(net_r)):
        raise BadTally("a trial's result is not finite")
    return Tally(net_r.astype(np.float64), trades.astype(np.int64))


def stacked(rows: Sequence[Tally]) -> Tallies:
    """Walks side by side."""
    return Tallies(np.stack([row.net_r for row in rows]), np.stack([row.trades for row in rows]))
