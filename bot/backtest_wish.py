"""What `backtest` is asked for: checked before anything heavy is read or begun."""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from bot import backtest_options as read
from bot.moments import span_ms
from bot.settings import Settings
from engine.backtest.history import Simulation
from engine.params import TradingParams


class Typed(NamedTuple):
    """The options of `backtest` as they were typed."""

    words: list[str]
    candles: list[Path]
    interval: str
    start: str
    end: str
    sets: list[str]
    trades: Path | None
    report: Path | None
    funding: list[Path]
    rules: Path | None
    wallet: str
    warmup: int
    sides: str
    costs_bps: tuple[float | None, float | None, float | None]  # taker, spread, slippage


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for, checked. `trades` and `page` are files to write."""

    candles: tuple[Path, ...]
    funding: tuple[Path, ...]
    rules: Path | None
    interval: str | None
    begin_ms: int | None
    end_ms: int | None
    params: TradingParams
    simulation: Simulation
    trades: Path | None
    page: Path | None
    as_json: bool
    language: str
    version: str


def wish_of(owner: Settings, typed: Typed, *, as_json: bool, language: str) -> Wish:
    """Check what was typed. Raises `BadOption`, `BadMoment`."""
    files, pairs = read.spread(typed.words, typed.candles, typed.sets)
    if not files:
        raise read.BadOption("--candles: name at least one file of candles")
    first, last = span_ms(typed.start, typed.end)
    inputs = [*files, *typed.funding, *([typed.rules] if typed.rules is not None else [])]
    page = read.read_target("--report", typed.report, others=inputs)
    taker_bps, spread_bps, slippage_bps = typed.costs_bps
    simulation = read.terms(
        wallet=read.read_wallet(typed.wallet, owner.paper_wallet),
        costs=read.read_costs(taker_bps=taker_bps, spread_bps=spread_bps, slippage_bps=slippage_bps),
        warmup_bars=read.read_warmup(typed.warmup),
        sides=read.read_sides(typed.sides),
        begin_ms=first,
    )
    return Wish(
        candles=tuple(files),
        funding=tuple(typed.funding),
        rules=typed.rules,
        interval=read.read_interval(typed.interval),
        begin_ms=first,
        end_ms=last,
        params=read.changed(owner.params, pairs),
        simulation=simulation,
        trades=read.read_target("--trades", typed.trades, others=[*inputs, *([page] if page is not None else [])]),
        page=page,
        as_json=as_json,
        language=language,
        version=_version(),
    )


def _version() -> str:
    try:
        return version("autobot")
    except PackageNotFoundError:
        return ""
