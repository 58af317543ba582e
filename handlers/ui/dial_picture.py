"""The threshold's dial as a picture: how sure the bot was, where the line lies, and how many trades a week each place gives.

Imports matplotlib: only a process that draws imports this file, never the live one.
"""

from io import BytesIO
from itertools import pairwise
from typing import Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from engine.model.past import Dial
from handlers.ui.backtest_picture import DARK, DOTS_PER_IN, PAPER
from handlers.ui.language import Texts

SIZE_IN: Final = (7.2, 5.4)
LEFT: Final = 0.09
WIDTH: Final = 0.87
STEP: Final = 0.05
LOCK_SIZE: Final = 150.0
HEADROOM: Final = 1.18  # for the label of the line


def drawn(texts: Texts, dial: Dial, now: float, wanted: float) -> bytes:
    """The picture as a PNG. `wanted` is the line; where it is another than `now`, both are drawn."""
    with mpl.rc_context({"font.size": 12.0}):
        figure = Figure(figsize=SIZE_IN, dpi=DOTS_PER_IN, facecolor=PAPER)
        FigureCanvasAgg(figure)
        upper = figure.add_axes((LEFT, 0.50, WIDTH, 0.37))
        lower = figure.add_axes((LEFT, 0.09, WIDTH, 0.26), sharex=upper)
        _confidences(upper, texts, dial, wanted)
        _trades(lower, texts, dial, wanted)
        for axes in (upper, lower):
            _dressed(axes, texts)
            axes.axvline(now, color=DARK.muted, linewidth=1.4, linestyle=(0, (3, 2)))
            if wanted != now:
                axes.axvline(wanted, color=DARK.ink, linewidth=2.0)
        _label(upper, texts, wanted)
        written = BytesIO()
        figure.savefig(written, format="png", metadata={"Software": None})
    return written.getvalue()


def _confidences(axes: Axes, texts: Texts, dial: Dial, wanted: float) -> None:
    """How many bars were as sure as this: the difference between two thresholds."""
    signals = [*(step.signals for step in dial.steps), 0]
    counts = [here - above for here, above in pairwise(signals)]
    centres = [step.threshold + STEP / 2 for step in dial.steps]
    colours = [DARK.account if step.threshold >= wanted - 1e-9 else DARK.held for step in dial.steps]
    axes.bar(centres, counts, width=STEP * 0.86, color=colours)
    axes.set_ylim(0, max(1, *counts) * HEADROOM)
    _title(axes, texts.label("Bars by confidence, last {days} days", days=texts.numbers.fixed(dial.days, 0)))


def _trades(axes: Axes, texts: Texts, dial: Dial, wanted: float) -> None:
    """Trades a week at each threshold."""
    heights = [dial.per_week(step) for step in dial.steps]
    thresholds = [step.threshold for step in dial.steps]
    axes.plot(thresholds, heights, color=DARK.account, linewidth=2.0, marker="o", markersize=4)
    axes.set_ylim(0, max(0.5, *heights) * HEADROOM)
    latched = [at for at in zip(thresholds, heights, dial.steps, strict=True) if at[2].is_latched]
    if not latched:
        _title(axes, texts.label("Trades a week at each threshold"))
        return
    places, counts, _ = zip(*latched, strict=True)
    axes.scatter(places, counts, s=LOCK_SIZE, marker=_lock(), color=DARK.loss, linewidths=0.0, zorder=3)
    _title(axes, texts.label("Trades a week at each threshold (lock: up to the latch)"))


def _lock() -> Path:
    """A padlock as a marker: no font that matplotlib brings has one."""
    turn = np.linspace(0.0, np.pi, 13)
    arc = np.column_stack((np.cos(turn), np.sin(turn)))
    rise = np.array((0.0, 0.3))
    shackle = np.concatenate(
        (arc * 0.42 + rise, [(-0.42, 0.0), (-0.22, 0.0)], arc[::-1] * 0.22 + rise, [(0.22, 0.0), (0.42, 0.0)])
    )
    body = np.array([(-0.6, -0.8), (0.6, -0.8), (0.6, 0.1), (-0.6, 0.1)])
    outlines = (np.concatenate((part, part[:1])) for part in (shackle, body))
    return Path.make_compound_path(*(Path(outline, closed=True) for outline in outlines))


def _label(axes: Axes, texts: Texts, wanted: float) -> None:
    at_right = wanted <= 0.8
    axes.annotate(
        texts.numbers.fixed(wanted, 2),
        (wanted, axes.get_ylim()[1]),
        xytext=(6 if at_right else -6, -4),
        textcoords="offset points",
        ha="left" if at_right else "right",
        va="top",
        color=DARK.ink,
        fontsize=15,
        fontweight="bold",
    )


def _title(axes: Axes, words: str) -> None:
    axes.set_title(words, loc="left", color=DARK.muted, fontsize=12, pad=8)


def _dressed(axes: Axes, texts: Texts) -> None:
    axes.set_facecolor("none")
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=DARK.grid, linewidth=0.7)
    axes.tick_params(colors=DARK.muted, length=0, pad=5)
    axes.set_xlim(0.0, 1.0)
    axes.xaxis.set_major_locator(MultipleLocator(0.2))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: texts.numbers.short(value, 2)))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: texts.numbers.short(value, 1)))
    for place in ("top", "right", "left"):
        axes.spines[place].set_visible(False)
    axes.spines["bottom"].set_color(DARK.grid)
