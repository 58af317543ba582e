"""Trades summed up by block: what is kept of a walk, and nothing else."""

from typing import Any

import numpy as np
import pytest

from engine.backtest.calibrate import tally
from engine.backtest.calibrate.folds import Blocks
from engine.backtest.result import RawTrades

BLOCKS = Blocks(1_000, 100, 3)


def trades(entry_ms: list[int], net: list[int], risk: list[int]) -> RawTrades:
    columns: dict[str, Any] = {name: np.zeros(len(net), dtype=np.int64) for name in RawTrades._fields}
    columns |= {"entry_ms": np.array(entry_ms), "gross": np.array(net) + 3, "fees": np.full(len(net), 5)}
    columns |= {"funding": np.full(len(net), 2), "risk": np.array(risk)}
    return RawTrades(**columns)


def test_a_trade_counts_in_the_block_in_which_it_was_entered() -> None:
    made = tally.tally(trades([1_000, 1_099, 1_100, 1_299], [100, 50, -200, 30], [100, 100, 200, 60]), BLOCKS)

    assert made.net_r.tolist() == [1.5, -1.0, 0.5]
    assert made.trades.tolist() == [2, 1, 1]


def test_trades_outside_of_all_blocks_do_not_count() -> None:
    made = tally.tally(trades([999, 1_300], [100, 100], [100, 100]), BLOCKS)

    assert made.net_r.tolist() == [0.0, 0.0, 0.0]
    assert made.trades.sum() == 0


def test_what_was_written_is_read_to_the_last_bit() -> None:
    one = tally.Tally(np.random.default_rng(1).standard_normal(130) / 3, np.arange(130))

    read = tally.read(tally.written(one), 130)

    assert np.array_equal(read.net_r, one.net_r)
    assert np.array_equal(read.trades, one.trades)


@pytest.mark.parametrize("text", ["", "\u00fc", "ab", tally.written(tally.Tally(np.zeros(2), np.zeros(2, np.int64)))])
def test_what_is_no_tally_of_these_blocks_is_refused(text: str) -> None:
    with pytest.raises(tally.BadTally):
        tally.read(text, 3)


def test_a_result_that_is_no_number_is_refused() -> None:
    text = tally.written(tally.Tally(np.array([1.0, np.nan]), np.zeros(2, np.int64)))

    with pytest.raises(tally.BadTally, match="finite"):
        tally.read(text, 2)
