"""Options of the demo: read as people type them, refused in one line that names the option."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.options import (
    BadOption,
    KillOptions,
    MarketOptions,
    read_kills,
    read_market,
    read_mode,
    read_port,
    read_settings,
    spread,
)


def a_market(**changes: Any) -> MarketOptions:
    usual: dict[str, Any] = {
        "candles": (),
        "symbols": "",
        "interval": "",
        "start": "",
        "bars": None,
        "warmup": 1000,
        "speed": "60",
        "seed": 0,
    }
    return read_market(**usual | changes)


def test_without_options_a_minute_market_of_eth_runs_a_bar_a_second() -> None:
    market = a_market()

    assert (market.symbols, market.interval, market.speed, market.bars) == (("ETHUSDT",), "1m", 60.0, None)


def test_candle_files_keep_their_own_symbol_and_interval() -> None:
    market = a_market(candles=["a/ETHUSDT-1h.parquet", "BTCUSDT-1h.csv"])

    assert (market.symbols, market.interval) == ((), "")
    assert market.candles == (Path("a/ETHUSDT-1h.parquet"), Path("BTCUSDT-1h.csv"))


def test_speed_max_means_that_the_product_sets_the_pace() -> None:
    assert a_market(speed="max").speed is None


def test_a_date_is_taken_in_utc() -> None:
    assert a_market(start="2026-01-01").start_ms == 1_767_225_600_000
    assert a_market(start="2026-01-01T01:00+01:00").start_ms == 1_767_225_600_000


def test_settings_may_share_one_flag_or_have_one_each() -> None:
    files, pairs = spread(["max_daily_loss=1", "b.parquet"], candles=["a.parquet"], settings=["max_drawdown=1"])

    assert files == ["a.parquet", "b.parquet"]
    assert read_settings(pairs) == (("max_drawdown", "1"), ("max_daily_loss", "1"))
    assert read_settings(["a=1 b=2", "a=3"]) == (("a", "3"), ("b", "2"))


def test_kills_are_sorted_and_each_bar_counts_once() -> None:
    assert read_kills("300, 100,300", 2, 7) == KillOptions(at_bars=(100, 300), times=2, seed=7)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: a_market(speed="fast"), "--speed"),
        (lambda: a_market(speed="0"), "--speed"),
        (lambda: a_market(speed="nan"), "--speed"),
        (lambda: a_market(interval="7m"), "--interval"),
        (lambda: a_market(symbols="eth/usdt"), "--symbols"),
        (lambda: a_market(symbols="ETHUSDT,ethusdt"), "--symbols"),
        (lambda: a_market(symbols="ETHUSDT", candles=["a", "b"]), "--symbols"),
        (lambda: a_market(bars=0), "--bars"),
        (lambda: a_market(warmup=-1), "--warmup"),
        (lambda: a_market(seed=-1), "--seed"),
        (lambda: a_market(start="yesterday"), "--from"),
        (lambda: read_port(70_000), "--port"),
        (lambda: read_mode("always"), "--mode"),
        (lambda: read_settings(["threshold"]), "--set"),
        (lambda: read_kills("ten", 0, 0), "--kill-at"),
        (lambda: read_kills("", -1, 0), "--kills"),
        (lambda: spread(["stray"], candles=[], settings=["a=1"]), "stray"),
    ],
)
def test_a_wrong_option_is_refused_in_one_line_that_names_it(wrong: Callable[[], object], words: str) -> None:
    with pytest.raises(BadOption) as refused:
        wrong()

    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
