"""What `calibrate` and `worker` are asked for: checked before anything heavy is read or begun."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from bot import backtest_options as read
from bot.moments import span_ms
from bot.settings import Settings
from engine.backtest.calibrate.space import batches_of
from engine.backtest.history import Simulation
from engine.params import TradingParams

FEWEST_STEP_DAYS, MOST_STEP_DAYS = 13, 364
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Typed(NamedTuple):
    """The options of `calibrate` as they were typed."""

    words: list[str]
    candles: list[Path]
    interval: str
    start: str
    end: str
    sets: list[str]
    trials: int
    seed: int
    step_days: int
    window: int
    rules: Path | None
    funding: list[Path]
    warmup: int
    sides: str
    wallet: str
    costs_bps: tuple[float | None, float | None, float | None]  # taker, spread, slippage


class Refused(Exception):
    """It cannot be done as it was asked for; the text is one line."""


class Stopped(Exception):
    """It was stopped before it was complete; `walked` settings of `all_` are kept, if anything is."""

    def __init__(self, walked: int, all_: int) -> None:
        super().__init__(f"{walked} of {all_}")
        self.walked = walked
        self.all = all_


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is searched, checked. `step_days` 0 = as long as the history allows, `window_steps` 0 = all of the past."""

    candles: tuple[Path, ...]
    funding: tuple[Path, ...]
    rules: Path | None
    interval: str | None
    begin_ms: int | None
    end_ms: int | None
    params: TradingParams
    simulation: Simulation
    step_days: int
    window_steps: int
    batches: int
    seed: int


def wish_of(owner: Settings, typed: Typed) -> Wish:
    """Check what was typed. Raises `BadOption`, `BadMoment`."""
    files, pairs = read.spread(typed.words, typed.candles, typed.sets)
    if not files:
        raise read.BadOption("--candles: name at least one file of candles")
    first, last = span_ms(typed.start, typed.end)
    if typed.step_days and not FEWEST_STEP_DAYS <= typed.step_days <= MOST_STEP_DAYS:
        raise read.BadOption(f"--step-days is {FEWEST_STEP_DAYS} to {MOST_STEP_DAYS}, not {typed.step_days}")
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
        step_days=typed.step_days,
        window_steps=typed.window,
        batches=batches_of(typed.trials),
        seed=typed.seed,
    )


def check_name(study: str) -> None:
    """Refuse what is no name of a study. Raises `Refused`."""
    if not NAME.fullmatch(study):
        raise Refused(f"--study is a name of letters, digits, dots and dashes, at most 64, not {study!r}")
