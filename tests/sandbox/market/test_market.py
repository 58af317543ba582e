"""Joining and making up markets: one time for all symbols, and a made-up one in which a trend follower is busy."""

from itertools import pairwise

import numpy as np
import pytest

from sandbox.market import BadCandles, Market, from_candles, generate, generated_candles

START_MS = 1_767_225_600_000
HOUR_MS = 3_600_000


def test_symbols_are_joined_over_the_time_that_they_share() -> None:
    early = generated_candles("ETHUSDT", "1h", 50, start_ms=START_MS)
    late = generated_candles("BTCUSDT", "1h", 50, start_ms=START_MS + 10 * HOUR_MS)

    market = from_candles([early, late], warmup=5)

    assert (market.bars, market.start_ms) == (35, START_MS + 15 * HOUR_MS)
    assert all(rows[0].open_time_ms == START_MS + 10 * HOUR_MS for rows in market.rows)


def test_a_run_begins_at_its_date_with_the_warm_up_before_it() -> None:
    candles = generated_candles("ETHUSDT", "1h", 100, start_ms=START_MS)

    market = from_candles([candles], warmup=20, start_ms=START_MS + 40 * HOUR_MS - 1, bars=10)

    assert (market.start_ms, market.first_open_ms, market.bars) == (START_MS + 40 * HOUR_MS, START_MS + 20 * HOUR_MS, 10)


def test_a_run_with_a_date_keeps_the_past_that_its_candles_have_and_no_more_than_is_wanted() -> None:
    candles = generated_candles("ETHUSDT", "1h", 100, start_ms=START_MS)

    some, all_ = (from_candles([candles], warmup=20, start_ms=START_MS + 40 * HOUR_MS, bars=10, past=past) for past in (5, 500))

    assert [(one.past, one.warmup, one.bars, one.start_ms) for one in (some, all_)] == [
        (5, 20, 10, START_MS + 40 * HOUR_MS),
        (20, 20, 10, START_MS + 40 * HOUR_MS),
    ]
    assert (some.first_open_ms, all_.first_open_ms) == (START_MS + 15 * HOUR_MS, START_MS)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: generate((), "1m", bars=10), "no candles given"),
        (lambda: generate(("ETHUSDT", "ETHUSDT"), "1m", bars=10), "different symbols"),
        (lambda: generate(("ETHUSDT",), "7m", bars=10), "unknown interval 7m"),
        (lambda: generate(("ETH-PERP",), "1m", bars=10), "ETH-PERP is no symbol"),
        (lambda: generate(("ETHUSDT",), "1m", bars=0), "one bar or more"),
        (lambda: generate(("ETHUSDT",), "1m", bars=5, seed=-1), "seed of 0 or more"),
        (lambda: from_candles([generated_candles("ETHUSDT", "1m", 10)], warmup=10), "no bars are left"),
        (lambda: from_candles([generated_candles("ETHUSDT", "1m", 10)], warmup=-1), "0 bars or more"),
        (
            lambda: from_candles([generated_candles("ETHUSDT", "1m", 9), generated_candles("BTCUSDT", "5m", 9)], warmup=1),
            "share one interval",
        ),
        (
            lambda: from_candles(
                [generated_candles("ETHUSDT", "1m", 9), generated_candles("BTCUSDT", "1m", 9, start_ms=START_MS + HOUR_MS)]
            ),
            "share no time",
        ),
    ],
)
def test_a_market_that_cannot_be_is_refused_in_one_line(build: object, words: str) -> None:
    assert callable(build)
    with pytest.raises(BadCandles, match=words) as refused:
        build()

    assert "\n" not in str(refused.value)


def test_the_same_seed_makes_the_same_market_and_another_one_another() -> None:
    one, same = (generate(("ETHUSDT",), "1m", bars=50, seed=3) for _ in range(2))
    other = generate(("ETHUSDT",), "1m", bars=50, seed=4)

    assert one == same
    assert one != other


def test_a_longer_past_leads_up_to_the_same_market_and_is_itself_the_same_each_time() -> None:
    symbols = ("ETHUSDT", "NEWUSDT")
    short = generate(symbols, "1m", bars=50, warmup=20, seed=3)
    long, again = (generate(symbols, "1m", bars=50, warmup=20, seed=3, past=3_000) for _ in range(2))

    assert long == again
    assert (long.past, long.warmup, long.bars, long.start_ms) == (3_000, 20, 50, short.start_ms)
    assert tuple(rows[3_000:] for rows in long.rows) == short.rows
    for rows in long.rows:
        assert {now.open_time_ms - before.open_time_ms for before, now in pairwise(rows)} == {60_000}
        assert rows[2_999].close == rows[3_000].open
        assert len({row.close for row in rows[:3_000]}) > 100


@pytest.mark.parametrize("symbol", ["BTCUSDT", "CELRUSDT", "NEWUSDT"])
def test_made_up_bars_are_sound_and_have_gaps_and_bursts(symbol: str) -> None:
    market = generate((symbol,), "1m", bars=2_000, warmup=0, seed=1)
    rows = market.rows[0]

    moves = np.abs(np.diff(np.log([row.close for row in rows])))
    gaps = sum(now.open != before.close for before, now in pairwise(rows))
    assert all(row.low <= min(row.open, row.close) <= max(row.open, row.close) <= row.high for row in rows)
    assert all(row.low > 0 and row.volume > 0 for row in rows)
    assert gaps >= 3
    assert np.percentile(moves, 99) > 4 * np.percentile(moves, 50)


def test_trends_come_in_pushes_on_heavy_trade_often_enough_to_be_traded() -> None:
    """A push: three bars that together go several usual moves one way while twice the usual volume is traded."""
    for seed in range(3):
        assert 10 <= _pushes(generate(("ETHUSDT",), "1m", bars=1_000, warmup=0, seed=seed)) <= 60


def _pushes(market: Market) -> int:
    rows = market.rows[0]
    closes, volumes = np.log([row.close for row in rows]), np.array([row.volume for row in rows])
    usual_move, usual_volume = np.median(np.abs(np.diff(closes))), np.median(volumes)
    found, last = 0, -10
    for index in range(3, len(rows)):
        is_push = (
            abs(closes[index] - closes[index - 3]) > 4 * usual_move and volumes[index - 2 : index + 1].mean() > 2 * usual_volume
        )
        if is_push and index - last >= 10:
            found, last = found + 1, index
    return found
