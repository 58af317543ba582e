"""A backtest for machines: JSON with stable keys (`docs/backtest.md`), trades as CSV. Money is text: no digit is lost."""

import csv
import io
import json
import math
from typing import Any, Final

from bot.export import EMPTY_ROW, row
from engine.backtest.audit.found import Audit, IndicatorsCompared
from engine.backtest.breakdowns import Group, Results
from engine.backtest.figures import Fall, Interval
from engine.backtest.history import PPM_A_BP, Simulation
from engine.backtest.report import Report
from engine.backtest.result import Closed, LeftOpen
from engine.model.market import INTERVAL_NAME
from engine.params import TUNABLES, TradingParams, read
from handlers.ui.audit_words import MOST_SHOWN
from handlers.ui.backtest_words import Setup

FORMAT: Final = 1
MORE_COLUMNS: Final = ("regime", "confidence", "bars_held")


def as_json_text(report: Report, setup: Setup, verdict: str) -> str:
    """Everything that the report knows, and how it came about."""
    run = report.run
    books = {
        "format": FORMAT,
        "version": setup.version,
        "symbols": list(run.symbols),
        "interval": INTERVAL_NAME[run.interval_ms],
        "begin_ms": run.begin_ms,
        "end_ms": run.end_ms,
        "days": report.days,
        "sources": list(setup.sources),
        "data": list(setup.told),
        "settings": {one.name: read(setup.params, one.name) for one in TUNABLES},
        "changed": changed(setup.params),
        "terms": terms(setup.simulation),
        "verdict": verdict,
        "findings": [finding.value for finding in report.findings],
        "result": result(report),
        "by_side": [grouped(one, one.key.name) for one in report.by_side],
        "by_symbol": [grouped(one, one.key) for one in report.by_symbol],
        "by_reason": [grouped(one, one.key.name) for one in report.by_reason],
        "by_regime": [grouped(one, one.key.name) for one in report.by_regime],
        "months": [
            {"month": f"{one.year}-{one.month:02d}", "change": one.change, **results(one.results)} for one in report.months
        ],
        "bars": run.bars,
        "judged": run.judged,
        "entered": run.entered,
        "rejected": {one.value: count for one, count in run.rejected.items()},
        "refusals": {code.name: count for code, count in report.funnel},
        "buy_and_hold": {"return": report.held_return, "by_symbol": run.held_return},
        "left_open": [left(one) for one in run.left_open],
        "latched_ms": run.latched_ms or None,
        "audit": None if setup.audit is None else audit(setup.audit),
    }
    return json.dumps(books, indent=2, allow_nan=False) + "\n"


def as_csv_text(trades: tuple[Closed, ...]) -> str:
    """One trade a line, in the columns of `autobot export` and what history knows beside."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=(*EMPTY_ROW, *MORE_COLUMNS), lineterminator="\n")
    writer.writeheader()
    for one in trades:
        more = {"regime": one.regime.name, "confidence": round(one.confidence, 6), "bars_held": one.bars_held}
        writer.writerow(row(one.trade) | more)
    return text.getvalue()


def changed(params: TradingParams) -> dict[str, dict[str, float]]:
    """Settings that differ from their default."""
    default = TradingParams()
    return {
        one.name: {"value": read(params, one.name), "default": read(default, one.name)}
        for one in TUNABLES
        if read(params, one.name) != read(default, one.name)
    }


def terms(simulation: Simulation) -> dict[str, Any]:
    """The terms of the simulation, costs in basis points."""
    costs = simulation.costs
    return {
        "wallet": str(simulation.wallet),
        "taker_bps": costs.taker_ppm / PPM_A_BP,
        "half_spread_bps": costs.half_spread_ppm / PPM_A_BP,
        "slippage_bps": costs.slippage_ppm / PPM_A_BP,
        "liquidation_bps": costs.liquidation_ppm / PPM_A_BP,
        "warmup_bars": simulation.warmup_bars,
        "sides": simulation.sides.name,
        "from_ms": simulation.from_ms or None,
    }


def result(report: Report) -> dict[str, Any]:
    """The figures of the whole run."""
    run = report.run
    return {
        **results(report.total),
        "net_fraction": report.net_fraction,
        "wallet_before": str(run.wallet_before),
        "wallet_after": str(run.wallet_after),
        "win_rate_90": interval(report.win_rate),
        "expectancy_r_90": interval(report.expectancy),
        "trades_needed": report.trades_needed,
        "sharpe": report.ratios.sharpe,
        "sortino": report.ratios.sortino,
        "drawdown": run.drawdown,
        "fall": fall(report.fall),
        "losing_streak": report.losing_streak,
        "exposure": report.exposure,
    }


def results(of: Results) -> dict[str, Any]:
    """Some trades added up."""
    return {
        "trades": of.trades,
        "wins": of.wins,
        "win_rate": of.win_rate,
        "gross": str(of.gross),
        "fees": str(of.fees),
        "funding": str(of.funding),
        "net": str(of.net),
        "net_r": of.in_r,
        "expectancy_r": of.expectancy,
        "profit_factor": of.profit_factor,
        "mean_bars_held": of.mean_bars_held,
    }


def grouped(group: Group[Any], key: str) -> dict[str, Any]:
    """A row of a breakdown."""
    return {"key": key, **results(group.results)}


def fall(of: Fall) -> dict[str, Any]:
    """The deepest fall between day ends."""
    return {
        "fraction": of.fraction,
        "money": of.money,
        "peak_ms": of.peak_ms or None,
        "low_ms": of.low_ms or None,
        "back_ms": of.back_ms or None,
        "longest_days": of.longest_days,
    }


def audit(of: Audit) -> dict[str, Any]:
    """What the audit compared, and what differs."""
    trader = of.trader
    return {
        "indicators": [indicators(one) for one in of.indicators],
        "trader": {
            "agreed": not trader.differences,
            "trades": trader.trades,
            "replayed": trader.replayed,
            "judged": trader.judged,
            "differences": len(trader.differences),
            "first": list(trader.differences[:MOST_SHOWN]),
        },
    }


def indicators(of: IndicatorsCompared) -> dict[str, Any]:
    """One symbol's indicators. Without a bar to compare nothing agreed, nor differed."""
    return {
        "symbol": of.symbol,
        "agreed": not of.differs if of.bars else None,
        "bars": of.bars,
        "burn_in": of.burn_in,
        "features": of.features,
        "unknown": of.unknown,
        "largest": of.largest if of.bars and math.isfinite(of.largest) else None,
        "feature": of.feature or None,
        "time_ms": of.at_ms or None,
    }


def interval(of: Interval | None) -> list[float] | None:
    """What a figure may truly be, with 90 % confidence."""
    return None if of is None else list(of)


def left(one: LeftOpen) -> dict[str, Any]:
    """A position that the run ended with."""
    return {
        "symbol": one.symbol,
        "side": one.side.name,
        "entry_time_ms": one.entry_time_ms,
        "entry_price": str(one.entry_price),
        "quantity": str(one.quantity),
        "unrealised": str(one.unrealised),
        "fees": str(one.fees),
        "funding": str(one.funding),
    }
