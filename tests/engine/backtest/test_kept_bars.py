"""Bars that were read once: kept whole, joined without doubles, and read again where they are missing or damaged."""

from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine.backtest.bars import gaps, merged, of_bars
from engine.backtest.gathered import histories
from engine.backtest.history import Candles
from engine.backtest.kept_bars import KeptBars
from engine.backtest.question import PastQuestion, SymbolPast
from engine.model.market import DAY_MS, Bar
from engine.model.past import NotMeasured, WhyNot
from engine.model.signals import Sides
from engine.params import TradingParams
from tests import builders

HOUR: Final = 3_600_000
BEGIN: Final = 1_704_067_200_000


def candles(first: int, count: int, price: float = 100.0) -> Candles:
    """Hours from the first one on."""
    bars = [Bar(BEGIN + at * HOUR, price, price + 1, price - 1, price, 5.0) for at in range(first, first + count)]
    return of_bars("ETHUSDT", HOUR, bars)


def a_question(folder: Path, own: Candles, **parts: Any) -> PastQuestion:
    ordinary: dict[str, Any] = {
        "symbols": (SymbolPast(builders.rules(), own),),
        "interval_ms": HOUR,
        "days": 2,
        "end_ms": BEGIN + 100 * HOUR,
        "warmup_bars": 20,
        "wallet": Decimal(1_000),
        "sides": Sides.BOTH,
        "params": TradingParams(),
        "folder": folder,
    }
    return PastQuestion(**ordinary | parts)


def test_what_is_kept_is_read_back_to_the_bit(tmp_path: Path) -> None:
    kept, bars = KeptBars(tmp_path / "deep"), candles(0, 50, 0.1 + 0.2)

    kept.keep(bars)
    again = kept.bars("ETHUSDT", HOUR)

    assert again.close.tobytes() == bars.close.tobytes()
    assert again.open_time_ms.tolist() == bars.open_time_ms.tolist()


def test_parts_are_joined_and_the_newer_word_counts(tmp_path: Path) -> None:
    kept = KeptBars(tmp_path)

    kept.keep(candles(0, 50, 1.5))
    kept.keep(candles(40, 20, 2.5))

    again = kept.bars("ETHUSDT", HOUR)
    assert len(again) == 60
    assert again.close[39:41].tolist() == [1.5, 2.5]


def test_only_what_is_missing_is_asked_for(tmp_path: Path) -> None:
    kept = KeptBars(tmp_path)
    kept.keep(candles(10, 5))
    kept.keep(candles(20, 5))

    assert kept.missing("ETHUSDT", HOUR, BEGIN, BEGIN + 30 * HOUR) == [
        (BEGIN, BEGIN + 10 * HOUR),
        (BEGIN + 15 * HOUR, BEGIN + 20 * HOUR),
        (BEGIN + 25 * HOUR, BEGIN + 30 * HOUR),
    ]
    assert not kept.missing("ETHUSDT", HOUR, BEGIN + 10 * HOUR, BEGIN + 15 * HOUR)


@given(some.sets(some.integers(0, 40)), some.integers(0, 40), some.integers(0, 40))
def test_gaps_and_known_bars_together_are_the_whole_time_once(known: set[int], begin: int, end: int) -> None:
    times = np.array(sorted(known), np.int64) * HOUR

    found = gaps(times, HOUR, begin * HOUR, end * HOUR)

    missing = [at for since, to in found for at in range(since // HOUR, to // HOUR)]
    assert missing == [at for at in range(begin, end) if at not in known]


def test_a_damaged_file_is_read_anew_not_believed(tmp_path: Path) -> None:
    kept = KeptBars(tmp_path)
    (tmp_path / "ETHUSDT-1h.parquet").write_bytes(b"PAR1 but not really")

    assert len(kept.bars("ETHUSDT", HOUR)) == 0
    kept.keep(candles(0, 3))
    assert len(kept.bars("ETHUSDT", HOUR)) == 3


def test_a_folder_that_cannot_be_written_costs_nothing_but_the_next_reading(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("no folder")

    KeptBars(file).keep(candles(0, 3))
    KeptBars(file).keep_funding("ETHUSDT", [(BEGIN, 0.0001)])

    assert len(KeptBars(file).bars("ETHUSDT", HOUR)) == 0


def test_funding_is_kept_in_exact_units_and_each_payment_once(tmp_path: Path) -> None:
    kept = KeptBars(tmp_path)

    kept.keep_funding("ETHUSDT", [(BEGIN, 0.0001), (BEGIN + 8 * HOUR, -0.00012345)])
    kept.keep_funding("ETHUSDT", [(BEGIN + 8 * HOUR, -0.00012345), (BEGIN + 16 * HOUR, 0.0)])

    found = kept.funding("ETHUSDT")
    assert found.rate_e8.tolist() == [10_000, -12_345, 0]


def test_bars_of_nothing_are_no_bars() -> None:
    assert len(merged(of_bars("ETHUSDT", HOUR, ()), candles(3, 2))) == 2


def test_the_engines_own_bars_are_enough_where_they_reach_far_enough(tmp_path: Path) -> None:
    (history,) = histories(a_question(tmp_path, candles(0, 100)))

    assert len(history.candles) == 48 + 20
    assert history.candles.end_ms == BEGIN + 100 * HOUR


def test_older_bars_come_from_disk(tmp_path: Path) -> None:
    KeptBars(tmp_path).keep(candles(0, 95))

    (history,) = histories(a_question(tmp_path, candles(90, 10)))

    assert len(history.candles) == 48 + 20


@pytest.mark.parametrize(
    ("kept", "own", "reason"),
    [
        (candles(0, 0), candles(85, 15), WhyNot.FEW_BARS),
        (candles(0, 60), candles(90, 10), WhyNot.HOLE),
        (candles(0, 80), candles(0, 0), WhyNot.HOLE),
    ],
)
def test_what_is_not_there_is_said_and_never_made_up(tmp_path: Path, kept: Candles, own: Candles, reason: WhyNot) -> None:
    KeptBars(tmp_path).keep(kept)

    with pytest.raises(NotMeasured) as raised:
        histories(a_question(tmp_path, own))

    assert (raised.value.reason, raised.value.detail) == (reason, "ETHUSDT")


def test_settled_funding_counts_and_where_some_is_missing_it_is_assumed(tmp_path: Path) -> None:
    kept = KeptBars(tmp_path)
    kept.keep_funding("ETHUSDT", [(BEGIN + at * 8 * HOUR, 0.0003) for at in range(13)])
    (settled,) = histories(a_question(tmp_path, candles(0, 100)))
    (assumed,) = histories(a_question(tmp_path / "empty", candles(0, 100)))

    assert set(settled.funding.rate_e8.tolist()) == {30_000}
    assert not settled.funding.is_assumed
    assert assumed.funding.is_assumed


def test_entries_begin_behind_the_warm_up(tmp_path: Path) -> None:
    question = a_question(tmp_path, candles(0, 100))

    assert question.simulation().from_ms == question.end_ms - 2 * DAY_MS
    assert question.needed_ms == question.begin_ms - 20 * HOUR
