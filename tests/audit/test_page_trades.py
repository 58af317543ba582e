"""The second reading of the trading page walks hand-made bars as the page says, and finds plausible trades on recorded ones."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("talib")

from tests.audit.page_files import count, line_of, read_bars
from tests.audit.page_signals import BEAR, BULL, RANGE, Bars, Signals, ages, features, is_fresh
from tests.audit.page_trades import Rules, Trade, page_trades, walk

HOUR_MS = 3_600_000
CANDLES = Path(__file__).parents[3] / "shared" / "data" / "candles"
FLAT = (100.0, 100.0, 100.0, 100.0)
RULES = Rules(warmup=1)

type Row = tuple[float, float, float, float]  # open, high, low, close


def a_market(
    rows: Sequence[Row],
    *,
    entries: Mapping[int, int],
    atr: float | Sequence[float] = 2.0,
    regime: Mapping[int, int] | None = None,
    symbol: str = "ETHUSDT",
) -> tuple[Bars, Signals]:
    """Bars of one hour, and what the page is told to see on them: ATR 2 makes the stop 3 and the target 6 away."""
    first, high, low, close = (np.array(column) for column in zip(*rows, strict=True))
    times = np.arange(len(rows), dtype=np.int64) * HOUR_MS
    bars = Bars(symbol, HOUR_MS, times, first, high, low, close, np.ones(len(rows)))
    entry = np.array([entries.get(bar, 0) for bar in range(len(rows))])
    regimes = np.array([(regime or {}).get(bar, RANGE) for bar in range(len(rows))])
    nothing = np.zeros(len(rows))
    atrs = np.broadcast_to(np.asarray(atr, dtype=np.float64), (len(rows),))
    return bars, Signals(atrs, regimes, np.zeros(len(rows), dtype=np.int64), nothing, nothing, entry)


def trades_of(market: tuple[Bars, Signals], rules: Rules = RULES) -> list[Trade]:
    return walk([market[0]], [market[1]], rules)


def way_out(trade: Trade) -> tuple[str, str, float, int]:
    return trade.reason, trade.exit_kind, trade.exit_price, trade.exit_time_ms // HOUR_MS


def test_an_entry_fills_at_the_next_open_and_its_levels_live_from_there() -> None:
    rows = [FLAT, FLAT, (101.0, 107.5, 100.0, 104.0), FLAT]

    (trade,) = trades_of(a_market(rows, entries={1: 1}))

    assert (trade.entry_time_ms, trade.entry_price, trade.decided_at) == (2 * HOUR_MS, 101.0, 2 * HOUR_MS)
    assert (trade.stop, trade.target) == (98.0, 107.0)
    assert way_out(trade) == ("take_profit", "level", 107.0, 2)


@pytest.mark.parametrize(
    ("both", "side", "venue_reason"),
    [
        ((100.0, 107.0, 96.0, 100.0), 1, "stop_loss"),  # the low is nearer
        ((100.0, 106.0, 93.0, 100.0), 1, "take_profit"),  # the high is nearer
        ((100.0, 107.0, 93.0, 101.0), 1, "stop_loss"),  # equally far, rising: the low first
        ((100.0, 107.0, 93.0, 99.0), 1, "take_profit"),  # equally far, falling: the high first
        ((100.0, 107.0, 93.0, 100.0), -1, "stop_loss"),  # equally far, no colour: the high first
        ((100.0, 107.0, 94.0, 100.0), -1, "take_profit"),
    ],
)
def test_a_bar_with_stop_and_target_stops_in_history_and_takes_the_nearer_extreme_at_the_venue(
    both: Row, side: int, venue_reason: str
) -> None:
    market = a_market([FLAT, FLAT, FLAT, both, FLAT], entries={1: side})

    (history,) = trades_of(market)
    (venue,) = trades_of(market, RULES._replace(path="venue_path"))

    assert way_out(history) == ("stop_loss", "level", 100.0 - 3 * side, 3)
    assert (venue.reason, venue.exit_time_ms) == (venue_reason, 3 * HOUR_MS)
    assert history.ambiguous
    assert venue.ambiguous


def test_a_gap_over_the_stop_fills_at_the_open() -> None:
    rows = [FLAT, FLAT, FLAT, (95.0, 108.0, 94.0, 96.0)]

    (trade,) = trades_of(a_market(rows, entries={1: 1}), RULES._replace(path="venue_path"))

    assert way_out(trade) == ("stop_loss", "gap", 95.0, 3)
    assert not trade.ambiguous


def test_the_trail_follows_the_best_close_after_the_touches_of_its_bar_and_never_loosens() -> None:
    rising = (100.0, 105.9, 97.5, 105.0)  # the low would touch the new stop at 102, but comes before it
    rows = [FLAT, FLAT, rising, (105.0, 105.0, 102.5, 103.0), (103.0, 103.0, 101.9, 102.5), FLAT]

    (trade,) = trades_of(a_market(rows, entries={1: 1}, atr=(2, 2, 2, 4, 2, 2)))

    assert way_out(trade) == ("trailing_stop", "level", 102.0, 4)


def test_a_short_is_the_mirror_of_a_long() -> None:
    rows = [FLAT, FLAT, (100.0, 102.5, 94.1, 95.0), (95.0, 98.1, 95.0, 97.0), FLAT]

    (trade,) = trades_of(a_market(rows, entries={1: -1}))

    assert way_out(trade) == ("trailing_stop", "level", 98.0, 3)


def test_after_24_bars_of_an_hour_the_time_is_over() -> None:
    (trade,) = trades_of(a_market([FLAT] * 40, entries={1: 1}))

    assert way_out(trade) == ("time_limit", "next_open", 100.0, 26)


def test_the_opposite_trend_leaves_at_the_next_open_and_nothing_else_does() -> None:
    rows = [FLAT, FLAT, FLAT, FLAT, FLAT, (99.0, 100.0, 99.0, 100.0), FLAT]

    (trade,) = trades_of(a_market(rows, entries={1: 1}, regime={2: BULL, 3: RANGE, 4: BEAR}))

    assert way_out(trade) == ("regime_change", "next_open", 99.0, 5)


def test_the_cooldown_holds_on_the_close_of_the_exit_bar_and_the_next_two() -> None:
    stopped = (100.0, 100.0, 96.0, 96.0)
    rows = [FLAT, FLAT, FLAT, stopped, *([FLAT] * 8)]

    first, second = trades_of(a_market(rows, entries=dict.fromkeys(range(1, 10), 1)))

    assert first.exit_time_ms == 3 * HOUR_MS
    assert second.entry_time_ms == 7 * HOUR_MS  # refused on the closes of 3, 4 and 5


def test_a_free_place_goes_to_the_first_symbol_and_an_exit_frees_it() -> None:
    rows = [FLAT, FLAT, FLAT, (100.0, 100.0, 96.0, 96.0), FLAT, FLAT]
    eth = a_market(rows, entries={1: 1})
    btc = a_market(rows, entries={1: 1, 2: 1, 3: 1}, symbol="BTCUSDT")

    trades = walk([eth[0], btc[0]], [eth[1], btc[1]], RULES)

    assert [(trade.symbol, trade.entry_time_ms // HOUR_MS) for trade in trades] == [("ETHUSDT", 2), ("BTCUSDT", 4)]


def test_ages_and_crosses_are_counted_from_the_bar_of_the_change() -> None:
    regimes = np.array([BULL, BULL, RANGE, RANGE, RANGE, RANGE])

    assert ages(regimes, 0).tolist() == [0, 1, 0, 1, 2, 3]
    assert is_fresh(np.array([-1.0, -2.0, 1.0, 1.0, 1.0, 1.0])).tolist() == [False, False, True, True, True, False]


def test_a_market_that_never_moved_is_of_two_minds() -> None:
    bars, _ = a_market([FLAT] * 60, entries={})

    assert features(bars).rsi[-1] == 50.0


def test_recorded_hours_give_a_plausible_number_of_trades() -> None:
    trades = eth_trades()

    print()
    for trade in trades:
        print(line_of(trade))
    print(count(trades))
    weeks = (len(eth_bars().close) - 1000) / 168
    assert 1.0 < len(trades) / weeks < 3.0
    assert {trade.side for trade in trades} == {1, -1}
    assert {"stop_loss", "trailing_stop", "take_profit"} <= {trade.reason for trade in trades}


def eth_bars() -> Bars:
    file = CANDLES / "ETHUSDT-1h.parquet"
    if not file.exists():
        pytest.skip("the recorded candles are not here")
    return read_bars(file)


def eth_trades() -> list[Trade]:
    return page_trades([eth_bars()], Rules())
