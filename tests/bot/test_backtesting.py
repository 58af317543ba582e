"""The `backtest` command from files to result, over a made-up walk and once over the compiled one."""

import csv
import json
import math
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest
from typer.testing import CliRunner

from bot import backtesting
from bot.backtest_wish import Wish
from bot.backtesting import backtest
from bot.commands import app
from bot.ground import Ground
from bot.histories import load_histories
from engine.backtest.history import Costs, Simulation, SymbolHistory
from engine.backtest.report import reported
from engine.backtest.result import Run
from engine.model.market import DAY_MS
from engine.params import TradingParams
from tests import builders, markets
from tests.engine.backtest.runs import HOUR_MS, a_closed, a_run, moved_to

WARMUP = 300


@pytest.fixture
def candles(tmp_path: Path) -> Path:
    """Forty days of hours that wander."""
    bars = builders.walk(40 * 24 + WARMUP, seed=5)
    names = ("open_time", "open", "high", "low", "close", "volume")
    path = tmp_path / "ETHUSDT-1h.parquet"
    parquet.write_table(arrow.table(dict(zip(names, map(list, zip(*bars, strict=True)), strict=True))), path)
    return path


def a_wish(*files: Path, **parts: Any) -> Wish:
    ground: dict[str, Any] = {
        "candles": files,
        "funding": (),
        "rules": None,
        "interval": None,
        "begin_ms": None,
        "end_ms": None,
        "params": TradingParams(),
        "simulation": Simulation(warmup_bars=WARMUP),
    }
    usual: dict[str, Any] = {"trades": None, "page": None, "as_json": True, "language": "en", "version": "0.1.0"}
    usual |= {"is_audited": False}
    walked = {name: parts.pop(name, value) for name, value in ground.items()}
    return Wish(ground=Ground(**walked), **{**usual, **parts})


def made_up(histories: Sequence[SymbolHistory], simulation: Simulation, params: TradingParams) -> Run:
    """A walk that won and lost in turn, whatever the candles were."""
    (history,) = histories
    begin = int(history.candles.open_time_ms[simulation.warmup_bars])
    trades = [moved_to(a_closed(at, (1.0, -0.5)[at % 2]), begin + (at + 1) * DAY_MS) for at in range(10)]
    days = begin + DAY_MS * np.arange(40, dtype=np.int64)
    return a_run(trades=trades, begin_ms=begin, end_ms=history.candles.end_ms, day_ms=days, day_equity=np.full(40, 1e4))


def test_json_stands_alone_on_the_output_and_what_is_wrong_with_the_data_beside_it(
    candles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = backtest(a_wish(candles), made_up)

    said = capsys.readouterr()
    books = json.loads(said.out)
    assert (code, books["result"]["trades"], books["sources"]) == (0, 10, ["ETHUSDT-1h.parquet"])
    assert books["data"] == said.err.splitlines()
    assert any("no rules are on record" in line for line in books["data"])


def test_trades_and_page_are_written_whole_and_named(candles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trades, page = tmp_path / "out" / "t.csv", tmp_path / "out" / "r.html"
    trades.parent.mkdir()
    page.write_text("an older page")

    code = backtest(a_wish(candles, trades=trades, page=page, as_json=False), made_up)

    said = capsys.readouterr().out
    assert code == 0
    assert len(list(csv.DictReader(trades.read_text().splitlines()))) == 10
    assert page.read_text().startswith("<!doctype html>")
    assert page.read_text().endswith("</html>\n")
    assert sorted(path.name for path in trades.parent.iterdir()) == ["r.html", "t.csv"]
    assert str(trades) in said
    assert "Net result" in said


def test_a_file_that_cannot_be_written_in_the_end_is_one_line(
    candles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = backtest(a_wish(candles, trades=tmp_path / "gone" / "t.csv"), made_up)

    said = capsys.readouterr()
    assert (code, said.out) == (1, "")
    assert [line[:7] for line in said.err.splitlines()] == ["Error: "]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "--candles"),
        (("--candles", "ETHUSDT-1h.csv"), "ETHUSDT-1h.csv"),
        (("--candles", "FILE", "--interval", "7h"), "--interval"),
        (("--candles", "FILE", "--interval", "15m"), "15m"),
        (("--candles", "FILE", "--from", "yesterday"), "--from"),
        (("--candles", "FILE", "--from", "2024-01-02", "--to", "2024-01-01"), "--from 2024-01-02 is not before"),
        (("--candles", "FILE", "--from", "2031-01-01"), "ETHUSDT"),
        (("--candles", "FILE", "--set", "treshold=1"), "unknown setting"),
        (("--candles", "FILE", "--set", "activation_threshold=2", "x=1"), "activation_threshold is 0.05 to 0.95"),
        (("--candles", "FILE", "--wallet", "0"), "--wallet"),
        (("--candles", "FILE", "--taker-bps", "-1"), "--taker-bps"),
        (("--candles", "FILE", "--sides", "up"), "--sides"),
        (("--candles", "FILE", "--warmup", "5000"), "warm-up"),
        (("--candles", "FILE", "--trades", "no/such/t.csv"), "--trades"),
        (("--candles", "FILE", "--report", "."), "--report"),
        (("--candles", "FILE", "--rules", "none.json"), "none.json"),
        (("--candles", "FILE", "--lang", "tlh"), "--lang"),
    ],
)
def test_bad_input_is_one_clear_line_and_code_2(
    candles: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], says: str
) -> None:
    monkeypatch.chdir(candles.parent)
    monkeypatch.setattr(backtesting, "walked", made_up)

    done = CliRunner().invoke(app, ["backtest", *(word.replace("FILE", candles.name) for word in words)])

    assert (done.exit_code, done.stdout) == (2, "")
    assert [says in line for line in done.stderr.splitlines()] == [True], done.stderr
    assert done.stderr.startswith("Error: ")


def test_settings_of_the_env_file_hold_below_those_of_the_command(candles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(candles.parent)
    monkeypatch.setattr(backtesting, "walked", made_up)
    (candles.parent / ".env").write_text("ACTIVATION_THRESHOLD=0.6\nLEVERAGE=3\nPAPER_WALLET=500\nWARMUP_BARS=200\n")

    words = ["backtest", "--candles", candles.name, "--set", "leverage=4", "stable_bars=2", "--json"]
    done = CliRunner().invoke(app, words)

    books = json.loads(done.stdout)
    changed = {name: one["value"] for name, one in books["changed"].items()}
    assert changed == {"activation_threshold": 0.6, "leverage": 4, "stable_bars": 2}
    assert (books["terms"]["wallet"], books["terms"]["warmup_bars"]) == ("500", 200)


def test_over_the_compiled_walk_the_books_are_those_of_its_trades(candles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    params = TradingParams(activation_threshold=0.3, stable_bars=0, max_drawdown=1.0, max_loss_streak=1_000)

    code = backtest(a_wish(candles, params=params))

    books = json.loads(capsys.readouterr().out)
    total, wallet = books["result"], Decimal(10_000)
    assert code == 0
    assert total["trades"] > 5
    assert books["judged"] == 40 * 24 + 1
    assert books["end_ms"] - books["begin_ms"] == 40 * 24 * HOUR_MS
    open_costs = Decimal(total["wallet_after"]) - wallet - Decimal(total["net"])
    assert bool(books["left_open"]) or open_costs == 0


def test_a_wallet_that_fees_ate_is_told_with_the_day_of_its_last_trade(
    candles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    params = TradingParams(activation_threshold=0.3, stable_bars=0, max_drawdown=1.0, max_daily_loss=1.0, max_loss_streak=1_000)
    small = Simulation(wallet=Decimal(6), warmup_bars=WARMUP, costs=Costs(taker_ppm=8_000))

    code = backtest(a_wish(candles, params=params._replace(risk_per_trade=0.02), simulation=small))

    books = json.loads(capsys.readouterr().out)
    assert code == 0
    assert books["result"]["trades"] > 0
    assert "ran_dry" in books["findings"]


def test_the_days_of_a_compiled_walk_end_where_its_sums_do(candles: Path) -> None:
    loaded = load_histories([candles], interval=None, begin_ms=None, end_ms=None, warmup_bars=WARMUP, rules=None, funding=())
    run = backtesting.walked(loaded.histories, Simulation(warmup_bars=WARMUP), TradingParams(activation_threshold=0.3))

    report = reported(run, [one.candles for one in loaded.histories])

    wallet = float(run.wallet_before)
    assert report.held_return == pytest.approx(report.held[-1] / wallet - 1)
    assert report.account.equity[-1] == pytest.approx(float(run.wallet_before + report.total.net + report.left_net))
    assert (report.account.end_ms[-1], len(report.account)) == (run.end_ms, 41)  # it begins within a day
    assert math.prod(1 + month.change for month in report.months) == pytest.approx(report.account.equity[-1] / wallet)
    assert report.fall.fraction <= run.drawdown + 1e-12


EAGER = ("--set", "activation_threshold=0.3", "stable_bars=0", "max_drawdown=1", "max_loss_streak=1000")


@pytest.mark.parametrize("seed", [1, 2])
def test_an_audited_run_is_compared_and_its_files_say_so(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    bars = markets.made_up(seed, 40 * 24 + WARMUP).candles  # on a grid of prices, as every exchange's are
    names = ("open", "high", "low", "close", "volume")
    columns = {"open_time": bars.open_time_ms} | {name: getattr(bars, name) for name in names}
    parquet.write_table(arrow.table(columns), "ETHUSDT-1h.parquet")

    words = ["--candles", "ETHUSDT-1h.parquet", "--warmup", str(WARMUP), *EAGER, "--audit", "--json", "--report", "r.html"]
    done = CliRunner().invoke(app, ["backtest", *words])

    books = json.loads(done.stdout)
    (indicators,), trader = books["audit"]["indicators"], books["audit"]["trader"]
    assert done.exit_code == 0
    assert (indicators["symbol"], indicators["agreed"], indicators["features"]) == ("ETHUSDT", True, 18)
    assert indicators["bars"] == 40 * 24 + WARMUP - indicators["burn_in"]
    assert trader["agreed"]
    assert trader["trades"] == trader["replayed"] == books["result"]["trades"] > 5
    assert trader["judged"] == books["judged"]
    assert "<h2>Audit</h2>" in Path("r.html").read_text()


@pytest.mark.parametrize("as_json", [True, False])
def test_a_run_that_the_trader_would_not_have_made_ends_with_1_and_is_told_all_the_same(
    candles: Path, monkeypatch: pytest.MonkeyPatch, as_json: bool
) -> None:
    monkeypatch.chdir(candles.parent)
    monkeypatch.setattr(backtesting, "walked", made_up)

    words = ["backtest", "--candles", candles.name, "--warmup", str(WARMUP), "--audit", *(["--json"] if as_json else [])]
    done = CliRunner().invoke(app, words)

    assert done.exit_code == 1
    if as_json:
        trader = json.loads(done.stdout)["audit"]["trader"]
        assert (trader["agreed"], trader["trades"], len(trader["first"])) == (False, 10, 5)
        assert trader["differences"] > 5
    else:
        assert "Net result" in done.stdout
        assert "The Trader itself over the same candles" in done.stdout.rpartition("Audit")[2]


def test_too_few_bars_for_the_indicators_are_told_and_no_failure(candles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slow = TradingParams(adx_period=100)  # known after 201 bars, and alike after 4,201

    code = backtest(a_wish(candles, params=slow, is_audited=True))

    (indicators,) = json.loads(capsys.readouterr().out)["audit"]["indicators"]
    assert code == 0
    assert (indicators["agreed"], indicators["bars"], indicators["burn_in"]) == (None, 0, 4_201)


def test_nothing_is_audited_unless_asked_for(candles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    backtest(a_wish(candles), made_up)

    assert json.loads(capsys.readouterr().out)["audit"] is None
