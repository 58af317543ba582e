"""The history that a command walks, and on which terms: as they were typed, and checked before anything heavy is read."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bot import backtest_options as read
from bot.moments import span_ms
from bot.settings import Settings
from engine.backtest.history import Simulation
from engine.params import TradingParams


class Typed(NamedTuple):
    """The options that `backtest` and `calibrate` share, as they were typed; None = not at all."""

    words: list[str]
    candles: list[Path] | None
    interval: str
    start: str
    end: str
    sets: list[str] | None
    funding: list[Path] | None
    rules: Path | None
    wallet: str
    warmup: int | None
    sides: str
    costs_bps: tuple[float | None, float | None, float | None]  # taker, spread, slippage


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What is walked, checked."""

    candles: tuple[Path, ...]
    funding: tuple[Path, ...]
    rules: Path | None
    interval: str | None
    begin_ms: int | None
    end_ms: int | None
    params: TradingParams
    simulation: Simulation


def ground_of(owner: Settings, typed: Typed) -> Ground:
    """Check what was typed. Raises `BadOption`, `BadMoment`."""
    files, pairs = read.spread(typed.words, typed.candles or (), typed.sets or ())
    if not files:
        raise read.BadOption("--candles: name at least one file of candles")
    first, last = span_ms(typed.start, typed.end)
    taker_bps, spread_bps, slippage_bps = typed.costs_bps
    simulation = read.terms(
        wallet=read.read_wallet(typed.wallet, owner.paper_wallet),
        costs=read.read_costs(taker_bps=taker_bps, spread_bps=spread_bps, slippage_bps=slippage_bps),
        warmup_bars=read.read_warmup(owner.warmup_bars if typed.warmup is None else typed.warmup),
        sides=read.read_sides(typed.sides),
        begin_ms=first,
    )
    return Ground(
        candles=tuple(files),
        funding=tuple(typed.funding or ()),
        rules=typed.rules,
        interval=read.read_interval(typed.interval),
        begin_ms=first,
        end_ms=last,
        params=read.changed(owner.params, pairs),
        simulation=simulation,
    )
