"""A report held against the page: every difference is a line and an exit code, and a bar with both levels may go either way."""

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("talib")

from tests.audit.page_check import main
from tests.audit.page_compare import Comparison, compare
from tests.audit.page_files import read_bars, shared
from tests.audit.page_signals import Bars
from tests.audit.page_trades import Rules, Trade, page_trades

HOUR_MS = 3_600_000
CANDLES = Path(__file__).parents[3] / "shared" / "data" / "candles"
RULES = Rules(path="venue_path")


def recorded(name: str) -> Path:
    file = CANDLES / name
    if not file.exists():
        pytest.skip("the recorded candles are not here")
    return file


def hours() -> Bars:
    return read_bars(recorded("ETHUSDT-1h.parquet"))


def as_reported(trade: Trade, *, slippage: float = 0.0) -> dict[str, Any]:
    return {
        "symbol": trade.symbol,
        "side": "long" if trade.side > 0 else "short",
        "entry_time_ms": trade.entry_time_ms + 40,
        "entry_price": str(trade.entry_price * (1 + trade.side * slippage)),
        "quantity": "1",
        "exit_time_ms": trade.exit_time_ms + 40,
        "exit_price": str(trade.exit_price * (1 - trade.side * slippage)),
        "reason": trade.reason,
    }


def held_against_the_page(*changes: tuple[int, dict[str, Any]], without: int | None = None) -> Comparison:
    """The page's own trades of ETHUSDT-1h as a report, some of them changed, one left out."""
    report = [as_reported(trade) for trade in page_trades([hours()], RULES)]
    for place, change in changes:
        report[place] |= change
    if without is not None:
        del report[without]
    return compare([hours()], report, RULES, tolerance=5e-4)


def test_the_same_trades_are_equal() -> None:
    comparison = held_against_the_page()

    assert comparison.differences == []
    assert comparison.matched == len(comparison.page) > 20


def test_levels_follow_the_price_of_the_real_entry() -> None:
    page = page_trades([hours()], RULES)
    entered_late = [as_reported(trade, slippage=2e-4) for trade in page]
    fills = {(trade.symbol, trade.entry_time_ms): trade.entry_price * (1 + trade.side * 2e-4) for trade in page}
    expected = page_trades([hours()], RULES._replace(fills=fills))

    comparison = compare([hours()], entered_late, RULES, tolerance=5e-4)

    assert comparison.page == expected
    assert [trade.stop for trade in expected] != [trade.stop for trade in page]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"reason": "manual"}, "by manual"),
        ({"exit_price": "1"}, "left by"),
        ({"entry_price": "1"}, "the bar opened at"),
        ({"side": "long"}, "the other side"),
        ({"exit_time_ms": 0}, "1970-01-01"),
    ],
)
def test_one_wrong_fact_is_one_difference(change: dict[str, Any], words: str) -> None:
    comparison = held_against_the_page((2, change))

    assert len(comparison.differences) == 1
    assert words in comparison.differences[0]
    assert comparison.matched == len(comparison.page) - 1
    assert len(comparison.resumed) == 1


def test_a_missing_trade_and_one_too_many_are_differences() -> None:
    missing = held_against_the_page(without=3)
    invented = held_against_the_page((0, {"entry_time_ms": 0, "exit_time_ms": HOUR_MS}))

    assert ["missing in the run" in line for line in missing.differences] == [True]
    assert sum("the page has no such entry" in line for line in invented.differences) == 1
    assert sum("missing in the run" in line for line in invented.differences) == 1


def test_a_run_may_go_either_way_through_a_bar_with_both_levels_and_is_followed() -> None:
    candles = shared([read_bars(recorded("ETHUSDT-15m.parquet"))], warmup=1000, bars=60_000)
    history = page_trades(candles, Rules(path="stop_first"))
    assert page_trades(candles, RULES) != history

    comparison = compare(candles, [as_reported(trade) for trade in history], RULES, tolerance=5e-4)

    assert comparison.differences == []
    assert any("the run went the other way" in line for line in comparison.ambiguous)
    assert len(comparison.ambiguous) == sum(trade.ambiguous for trade in history)


@pytest.mark.parametrize(("wrong", "code"), [({}, 0), ({"reason": "panic"}, 1)])
def test_the_command_says_by_its_exit_code_whether_a_report_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: dict[str, Any], code: int
) -> None:
    trades = [as_reported(trade) for trade in page_trades([hours()], RULES)]
    trades[0] |= wrong
    file = tmp_path / "report.json"
    file.write_text(json.dumps({"bars": len(hours().close) - 1000, "symbols": ["ETHUSDT"], "trades": trades}))

    result = main(["--candles", str(recorded("ETHUSDT-1h.parquet")), "--report", str(file)])

    printed = capsys.readouterr().out.splitlines()
    assert result == code
    assert sum(line.startswith("difference: ") for line in printed) == code
    assert printed[-1].startswith(f"run: {len(trades)} trades; equal {len(trades) - code}, differences {code}")


def test_candles_that_are_not_given_are_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "report.json"
    file.write_text(json.dumps({"bars": 10, "symbols": ["BTCUSDT"], "trades": []}))

    result = main(["--candles", str(recorded("ETHUSDT-1h.parquet")), "--report", str(file)])

    assert result == 2
    assert "BTCUSDT" in capsys.readouterr().err
