"""Options of a backtest as people type them: several words, lists, and everything that may be wrong, in one line each."""

import os
from decimal import Decimal
from pathlib import Path

import pytest

from bot import backtest_options as options
from bot.backtest_options import BadOption
from engine.backtest.history import Costs
from engine.model.signals import Sides
from engine.params import TradingParams, read


def test_further_words_are_files_or_settings_and_lists_count_as_several() -> None:
    files, pairs = options.spread(["B.parquet", "c=3,d=4", "e=5"], [Path("A.parquet")], ["a=1 b=2"])

    assert files == [Path("A.parquet"), Path("B.parquet")]
    assert pairs == ["a=1", "b=2", "c=3", "d=4", "e=5"]


def test_settings_are_changed_by_name_weights_periods_and_switches_too() -> None:
    pairs = ["activation_threshold=0.5", "weight.macd.bull_trend=2", "EMA_SHORT=8", "adx_chop_filter=off"]

    params = options.changed(TradingParams(leverage=5), pairs)

    assert [read(params, name) for name in ("activation_threshold", "weight.macd.bull_trend", "ema_short")] == [0.5, 2, 8]
    assert (params.adx_chop_filter, params.leverage, params.macd_fast) == (0, 5, 12)


@pytest.mark.parametrize(
    ("pair", "says"),
    [
        ("treshold=1", "--set: unknown setting 'treshold'"),
        ("activation_treshold=1", "did you mean activation_threshold?"),
        ("activation_threshold=2", "activation_threshold is 0.05 to 0.95 confidence, not 2"),
        ("activation_threshold=high", "activation_threshold is a number, not 'high'"),
        ("activation_threshold=nan", "0.05 to 0.95"),
        ("ema_short=2.5", "whole number"),
        ("ema_short=50", "must be shorter than ema_long"),
        ("weight.macd.nowhere=1", "unknown setting"),
        ("threshold", "name=value"),
        ("=1", "name=value"),
    ],
)
def test_a_setting_that_is_wrong_is_told_in_one_line(pair: str, says: str) -> None:
    with pytest.raises(BadOption, match=r"^--set") as wrong:
        options.changed(TradingParams(), [pair])

    assert says in str(wrong.value)
    assert "\n" not in str(wrong.value)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "ten", "1e12", "0.000000001"])
def test_a_wallet_is_an_amount(text: str) -> None:
    with pytest.raises(BadOption, match=r"^--wallet"):
        options.read_wallet(text, Decimal(1))


def test_a_wallet_that_is_not_named_is_the_settings_own() -> None:
    assert options.read_wallet("", Decimal(7)) == 7
    assert options.read_wallet("2500.50", Decimal(7)) == Decimal("2500.50")


def test_costs_are_basis_points_and_half_of_the_spread_is_paid() -> None:
    costs = options.read_costs(taker_bps=4.5, spread_bps=3, slippage_bps=0)

    assert costs == Costs(taker_ppm=450, half_spread_ppm=150, slippage_ppm=0)
    assert options.read_costs(taker_bps=None, spread_bps=None, slippage_bps=None) == Costs()


@pytest.mark.parametrize(
    ("spread_bps", "half_ppm"), [(0.0, 0), (0.0001, 1), (0.01, 1), (0.02, 1), (0.03, 2), (0.05, 3), (0.29, 15), (2.01, 101)]
)
def test_half_a_spread_is_rounded_up_at_the_half_and_none_costs_nothing(spread_bps: float, half_ppm: int) -> None:
    costs = options.read_costs(taker_bps=None, spread_bps=spread_bps, slippage_bps=None)

    assert costs.half_spread_ppm == half_ppm


def test_no_cost_above_nothing_is_rounded_to_nothing() -> None:
    assert options.read_costs(taker_bps=0.001, spread_bps=0.001, slippage_bps=0.001) == Costs(1, 1, 1)
    assert options.read_costs(taker_bps=0, spread_bps=0, slippage_bps=0) == Costs(0, 0, 0)


@pytest.mark.parametrize("bps", [-1.0, 1_001.0, float("nan"), float("inf")])
def test_costs_have_a_range(bps: float) -> None:
    with pytest.raises(BadOption, match=r"^--slippage-bps"):
        options.read_costs(taker_bps=None, spread_bps=None, slippage_bps=bps)


def test_other_options_are_checked_too() -> None:
    assert (options.read_interval(""), options.read_interval("15m"), options.read_sides("Long")) == (None, "15m", Sides.LONG)
    with pytest.raises(BadOption, match=r"^--interval"):
        options.read_interval("7h")
    with pytest.raises(BadOption, match=r"^--sides"):
        options.read_sides("up")
    with pytest.raises(BadOption, match=r"^--warmup"):
        options.read_warmup(-1)


def test_a_file_that_cannot_be_written_is_found_out_before_the_work(tmp_path: Path) -> None:
    assert options.read_target("--trades", tmp_path / "t.csv", others=()) == tmp_path / "t.csv"
    assert list(tmp_path.iterdir()) == []
    for path in (tmp_path, tmp_path / "no" / "t.csv", Path("/proc/t.csv"), tmp_path / ("t" * 300), tmp_path / ("t" * 253)):
        with pytest.raises(BadOption, match=r"^--trades: .*(directory|written)"):
            options.read_target("--trades", path, others=())


def test_a_result_takes_the_place_of_no_device_and_of_nothing_that_the_run_needs(tmp_path: Path) -> None:
    pipe, candles = tmp_path / "pipe", tmp_path / "ETHUSDT-1h.csv"
    link = tmp_path / "stdout"
    os.mkfifo(pipe)
    link.symlink_to(tmp_path / "where-the-output-goes")
    candles.write_text("bars")

    for path in (pipe, link):
        with pytest.raises(BadOption, match=r"^--trades: .*no plain file"):
            options.read_target("--trades", path, others=())
    with pytest.raises(BadOption, match=r"^--trades: .*needed"):
        options.read_target("--trades", tmp_path / "." / "ETHUSDT-1h.csv", others=(candles,))
    assert candles.read_text() == "bars"
