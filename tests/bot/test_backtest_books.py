"""A backtest for machines: stable keys, money without a lost digit, and parts that make the whole."""

import csv
import io
import json
import math
from dataclasses import replace
from decimal import Decimal

import numpy as np

from bot.backtest_books import as_csv_text, as_json_text
from bot.export import EMPTY_ROW
from engine.backtest.audit.found import Audit, IndicatorsCompared, TraderCompared
from engine.backtest.history import Simulation
from engine.backtest.report import Report, reported
from engine.backtest.result import Rejection
from engine.params import TradingParams
from handlers.ui.backtest_words import Setup
from tests.engine.backtest.runs import a_run, left_open

SETUP = Setup(TradingParams(leverage=5), Simulation(), ("ETHUSDT-1h.parquet",), ("a hole",), "0.1.0")
KEYS = (
    *("format", "version", "symbols", "interval", "begin_ms", "end_ms", "days", "sources", "data", "settings", "changed"),
    *("terms", "verdict", "findings", "result", "by_side", "by_symbol", "by_reason", "by_regime", "months"),
    *("bars", "judged", "entered", "rejected", "refusals", "buy_and_hold", "left_open", "latched_ms", "audit"),
)


def a_report(results: list[float]) -> Report:
    return reported(a_run(results, left_open=(left_open(),)))


def test_the_keys_are_those_that_the_documents_name() -> None:
    books = json.loads(as_json_text(a_report([1.0, -0.5]), SETUP, "Too few."))

    assert tuple(books) == KEYS
    assert (books["format"], books["interval"], books["verdict"]) == (1, "1h", "Too few.")
    assert books["changed"] == {"leverage": {"value": 5.0, "default": 10.0}}
    assert books["terms"]["taker_bps"] == 5.0
    assert books["findings"] == ["few_trades", "one_trade_carries", "holding_won", "left_open"]
    assert books["left_open"][0]["unrealised"] == "-12.30"


def test_money_is_text_and_the_parts_make_the_whole() -> None:
    books = json.loads(as_json_text(a_report([1.0, -0.5, 0.25]), SETUP, ""))

    total = books["result"]
    assert Decimal(total["net"]) == Decimal(total["gross"]) - Decimal(total["fees"]) + Decimal(total["funding"])
    for kind in ("by_side", "by_symbol", "by_reason", "by_regime", "months"):
        assert sum(Decimal(one["net"]) for one in books[kind]) == Decimal(total["net"])
    assert total["win_rate_90"][0] < total["win_rate"] < total["win_rate_90"][1]


def test_what_is_not_known_is_null_and_never_nan() -> None:
    run = a_run([], days=0, day_ms=np.empty(0, np.int64), day_equity=np.empty(0), held_return={}, judged=0)

    books = json.loads(as_json_text(reported(run), SETUP, ""))

    assert books["buy_and_hold"]["return"] is None
    assert (books["result"]["sharpe"], books["result"]["win_rate_90"], books["latched_ms"]) == (None, None, None)
    assert books["audit"] is None


def test_entries_that_the_exchange_rejected_are_counted_by_reason() -> None:
    run = a_run([1.0], entered=4, rejected={Rejection.NO_MARGIN: 3})

    books = json.loads(as_json_text(reported(run), SETUP, ""))

    assert (books["entered"], books["rejected"]) == (4, {"no_margin": 3})


def test_each_trade_is_a_line_of_csv_in_the_columns_of_the_export() -> None:
    report = a_report([1.0, -0.5])

    lines = list(csv.DictReader(io.StringIO(as_csv_text(report.run.trades))))

    assert tuple(lines[0]) == (*EMPTY_ROW, "regime", "confidence", "bars_held")
    assert [line["net"] for line in lines] == [str(one.trade.net) for one in report.run.trades]
    assert (lines[0]["regime"], lines[0]["confidence"], lines[0]["bars_held"]) == ("BULL_TREND", "0.7", "5")


def test_without_trades_only_the_names_are_written() -> None:
    assert as_csv_text(()).count("\n") == 1


def test_an_audit_says_what_was_compared_and_what_differs() -> None:
    seen = (
        IndicatorsCompared("ETHUSDT", 4_240, 760, 18, 0, 3e-13, "adx", 5_000),
        IndicatorsCompared("BTCUSDT", 4_240, 760, 18, 2, math.inf, "rsi", 6_000),
        IndicatorsCompared("SOLUSDT", 0, 760),
    )
    audit = Audit(seen, TraderCompared(2, 3, 900, tuple(f"trade {at}" for at in range(9))))

    books = json.loads(as_json_text(a_report([1.0]), replace(SETUP, audit=audit), ""))["audit"]

    names = ("symbol", "agreed", "bars", "burn_in", "features", "unknown", "largest", "feature", "time_ms")
    assert [tuple(one) for one in books["indicators"]] == [names] * 3
    assert [(one["agreed"], one["largest"], one["feature"]) for one in books["indicators"]] == [
        (True, 3e-13, "adx"),
        (False, None, "rsi"),
        (None, None, None),
    ]
    first = [f"trade {at}" for at in range(5)]
    assert books["trader"] == {"agreed": False, "trades": 2, "replayed": 3, "judged": 900, "differences": 9, "first": first}
