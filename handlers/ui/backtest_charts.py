"""The pictures' parts, each drawn into given axes: equity, drawdown, results in R, confidence. Colours come from outside.

Imports matplotlib: only a process that draws imports this file, never the live one.
"""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from engine.backtest.breakdowns import month_of
from engine.backtest.history import Floats, Ints
from engine.backtest.report import Report
from engine.model.market import DAY_MS
from handlers.ui.language import Texts

MOST_TICKS: Final = 6  # where there is the width of a phone for them; a narrow picture has fewer
R_BIN: Final = 0.25
R_REACH: Final = 5.0  # further results are counted in the last bins
CONFIDENCE_BIN: Final = 0.05
SAME_SCALE: Final = 4.0  # beyond this ratio buy and hold would press the account's line flat
MONTH_STEPS: Final = (1, 2, 3, 4, 6, 12, 24, 60)
DAY_STEPS: Final = (1, 2, 5, 7, 14, 28)
LONGEST_BY_DAY: Final = 100


class Palette(NamedTuple):
    """The colours of a picture."""

    ink: str
    muted: str
    grid: str
    account: str
    held: str
    gain: str
    loss: str


def is_held_apart(report: Report) -> bool:
    """Whether buy and hold moved so much further that it needs a scale of its own."""
    if not len(report.held):
        return False
    wallet = float(report.run.wallet_before)
    held = max(report.held.max(), wallet) - min(report.held.min(), wallet)
    account = max(report.account.equity.max(), wallet) - min(report.account.equity.min(), wallet)
    return bool(held > SAME_SCALE * max(account, 1e-9))


def draw_equity(axes: Axes, texts: Texts, report: Report, palette: Palette, *, with_held: bool) -> None:
    """The account at day ends, from what it began with."""
    days, account = _from_beginning(report, report.account.equity)
    if with_held and len(report.held):
        axes.plot(*_from_beginning(report, report.held), color=palette.held, linewidth=1.2, linestyle=(0, (4, 2)))
    axes.axhline(float(report.run.wallet_before), color=palette.muted, linewidth=0.8)
    axes.plot(days, account, color=palette.account, linewidth=1.8, solid_joinstyle="round")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: texts.numbers.fixed(value, 0)))
    _dressed(axes, palette)


def draw_held(axes: Axes, texts: Texts, report: Report, palette: Palette) -> None:
    """Buy and hold on its own scale."""
    axes.plot(*_from_beginning(report, report.held), color=palette.held, linewidth=1.2, linestyle=(0, (4, 2)))
    axes.axhline(float(report.run.wallet_before), color=palette.muted, linewidth=0.8)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: texts.numbers.fixed(value, 0)))
    axes.locator_params(axis="y", nbins=4)
    _dressed(axes, palette)


def draw_drawdown(axes: Axes, texts: Texts, report: Report, palette: Palette) -> None:
    """How far the account was under its peak."""
    days, account = _from_beginning(report, report.account.equity)
    peaks = np.maximum.accumulate(account)
    depth = np.where(peaks > 0, account / np.where(peaks > 0, peaks, 1.0) - 1.0, 0.0)
    axes.fill_between(days, depth, 0.0, color=palette.loss, alpha=0.35, linewidth=0)
    axes.plot(days, depth, color=palette.loss, linewidth=1.0)
    lowest = float(depth.min())
    axes.set_ylim(min(lowest * 1.15, -0.001), 0.0)
    digits = 1 if lowest < -0.02 else 2
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: texts.numbers.percent(value, digits)))
    axes.locator_params(axis="y", nbins=4)
    _dressed(axes, palette)


def draw_results(axes: Axes, texts: Texts, report: Report, palette: Palette) -> None:
    """How often trades came to so many R; their mean with its interval."""
    in_r = np.clip([one.trade.result_in_r for one in report.run.trades], -R_REACH, R_REACH)
    low, high = math.floor(min(in_r.min(), -1.0) / R_BIN), math.ceil(max(in_r.max(), 1.0) / R_BIN)
    places = np.clip(np.floor(in_r / R_BIN).astype(int), low, high - 1)
    counts = np.bincount(places - low, minlength=high - low)
    centres = (np.arange(low, high) + 0.5) * R_BIN
    colours = [palette.loss if centre < 0 else palette.gain for centre in centres]
    axes.bar(centres, counts, width=R_BIN * 0.86, color=colours)
    if report.expectancy is not None:
        axes.axvspan(*report.expectancy, color=palette.ink, alpha=0.12, linewidth=0, zorder=0)
    axes.axvline(report.total.expectancy or 0.0, color=palette.ink, linewidth=1.4)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{texts.numbers.short(value, 1)} R"))
    _counted(axes, texts)
    _dressed(axes, palette)


def draw_confidence(axes: Axes, texts: Texts, report: Report, palette: Palette, threshold: float) -> None:
    """How sure the engine was when it entered, winners over losers, and from where on it acts."""
    bins = round(1 / CONFIDENCE_BIN)
    won = _binned([one.confidence for one in report.run.trades if one.trade.net > 0], bins)
    lost = _binned([one.confidence for one in report.run.trades if one.trade.net <= 0], bins)
    centres = (np.arange(bins) + 0.5) * CONFIDENCE_BIN
    axes.bar(centres, lost, width=CONFIDENCE_BIN * 0.86, color=palette.loss)
    axes.bar(centres, won, width=CONFIDENCE_BIN * 0.86, bottom=lost, color=palette.gain)
    axes.axvline(threshold, color=palette.ink, linewidth=1.4, linestyle=(0, (3, 2)))
    first = np.flatnonzero(won + lost)
    left = min(threshold, first[0] * CONFIDENCE_BIN) if len(first) else threshold
    axes.set_xlim(max(0.0, left - 2 * CONFIDENCE_BIN), 1.0)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: texts.numbers.short(value, 2)))
    _counted(axes, texts)
    _dressed(axes, palette)


def mark_days(axes: Axes, texts: Texts, report: Report, *, most: int = MOST_TICKS) -> None:
    """Dates under the lowest axes: months where there are enough of them, else days."""
    run = report.run
    begin, end = run.begin_ms / DAY_MS, max(run.end_ms, run.begin_ms + DAY_MS) / DAY_MS
    is_by_month = end - begin > LONGEST_BY_DAY
    ticks = _months(run.begin_ms, run.end_ms, most)
    if not is_by_month:
        step = next((step for step in DAY_STEPS if (end - begin) / step <= most), DAY_STEPS[-1])
        ticks = [float(day) for day in np.arange(math.ceil(begin), end, step)]
    n = texts.numbers
    named = [int(tick * DAY_MS) for tick in ticks]
    axes.set_xticks(ticks, [n.month(at) if is_by_month else n.day(at) for at in named])
    span = end - begin
    axes.set_xlim(begin - 0.01 * span, end + 0.01 * span)


def _months(begin_ms: int, end_ms: int, most: int) -> list[float]:
    """Beginnings of months, thinned until they fit."""
    (year, month), (last_year, last_month) = month_of(begin_ms), month_of(end_ms)
    first, last = year * 12 + month, last_year * 12 + last_month - 1
    step = next((step for step in MONTH_STEPS if (last - first) / step < most), MONTH_STEPS[-1])
    first = -(-first // step) * step
    begun = (datetime(at // 12, at % 12 + 1, 1, tzinfo=UTC) for at in range(first, last + 1, step))
    return [at.timestamp() * 1_000 / DAY_MS for at in begun]


def _from_beginning(report: Report, equity: Floats) -> tuple[Floats, Floats]:
    run = report.run
    return (
        np.concatenate(([run.begin_ms], report.account.end_ms)) / DAY_MS,
        np.concatenate(([float(run.wallet_before)], equity)),
    )


def _binned(values: Sequence[float], bins: int) -> Ints:
    places = np.clip((np.asarray(values, dtype=np.float64) * bins + 1e-9).astype(int), 0, bins - 1)
    return np.bincount(places, minlength=bins)


def _counted(axes: Axes, texts: Texts) -> None:
    """Whole numbers on the axis of counts."""
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: texts.numbers.fixed(value, 0)))


def _dressed(axes: Axes, palette: Palette) -> None:
    """Quiet axes: a grid behind, no box."""
    axes.set_facecolor("none")
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=palette.grid, linewidth=0.7)
    axes.tick_params(colors=palette.muted, length=0, pad=5)
    for place in ("top", "right", "left"):
        axes.spines[place].set_visible(False)
    axes.spines["bottom"].set_color(palette.grid)
