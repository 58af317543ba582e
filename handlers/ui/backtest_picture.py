"""A backtest's one picture for the chat: as wide as a phone, dark, everything important readable without touching it.

Imports matplotlib: only a process that draws imports this file, never the live one.
"""

import textwrap
from io import BytesIO
from typing import Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from engine.backtest.report import Report
from handlers.ui import backtest_charts as charts
from handlers.ui import backtest_words as words
from handlers.ui.backtest_charts import Palette
from handlers.ui.backtest_words import Row
from handlers.ui.language import Texts

SIZE_IN: Final = (7.2, 9.0)
DOTS_PER_IN: Final = 150
PAPER: Final = "#12151a"
DARK: Final = Palette(
    ink="#e8eaee", muted="#98a1ae", grid="#2c323c", account="#6ea8ff", held="#8d95a1", gain="#4fb8a6", loss="#ec8560"
)
LEFT, WIDTH = 0.105, 0.845
TOP_OF_STATS: Final = 0.795
LINE_LENGTH: Final = 64
MOST_LINES: Final = 3
MOST_LETTERS: Final = 34  # of the title, in its size


def drawn(texts: Texts, report: Report) -> bytes:
    """The picture as a PNG."""
    with mpl.rc_context({"font.size": 11.0}):
        figure = Figure(figsize=SIZE_IN, dpi=DOTS_PER_IN, facecolor=PAPER)
        FigureCanvasAgg(figure)
        page = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        page.set_axis_off()
        _head(page, texts, report)
        _stats(page, texts, report)
        if len(report.account):
            _account(figure, page, texts, report)
        if report.total.trades:
            _results(figure, page, texts, report)
        _foot(page, texts, report)
        written = BytesIO()
        figure.savefig(written, format="png", metadata={"Software": None})
    return written.getvalue()


def _head(page: Axes, texts: Texts, report: Report) -> None:
    """What it is, and what it came to."""
    n, total = texts.numbers, report.total
    title = textwrap.shorten(f"{texts.label('Backtest')} {words.title(texts, report)}", MOST_LETTERS, placeholder="…")
    _say(page, 0.05, 0.952, title, size=19, weight="bold")
    _say(page, 0.05, 0.926, words.span(texts, report), colour=DARK.muted)
    _say(page, 0.05, 0.868, n.gain(total.net), size=30, weight="bold", colour=_tone(total.net >= 0))
    beside = f"{n.signed_percent(report.net_fraction)}\n{n.multiple(total.in_r)}"
    _say(page, 0.95, 0.868, beside, size=14, colour=DARK.muted, align="right")


def _stats(page: Axes, texts: Texts, report: Report) -> None:
    """Four figures beside each other, each with its uncertainty."""
    trades, risk = words.trade_rows(texts, report), words.risk_rows(texts, report)
    hold = words.money_rows(texts, report)[-1]
    shown = (trades[0], trades[1], trades[2], risk[0]._replace(note=f"{hold.label} {hold.value}"))
    for at, one in enumerate(shown):
        _stat(page, 0.05 + 0.9 * (0.0, 0.16, 0.425, 0.715)[at], one)


def _stat(page: Axes, left: float, one: Row) -> None:
    _say(page, left, TOP_OF_STATS + 0.022, one.label, size=10, colour=DARK.muted)
    _say(page, left, TOP_OF_STATS - 0.008, one.value, size=15, weight="bold")
    _say(page, left, TOP_OF_STATS - 0.032, one.note, size=8.5, colour=DARK.muted)


def _account(figure: Figure, page: Axes, texts: Texts, report: Report) -> None:
    """Equity above, drawdown below, one time under both."""
    equity = figure.add_axes((LEFT, 0.475, WIDTH, 0.215))
    drawdown = figure.add_axes((LEFT, 0.365, WIDTH, 0.09))
    with_held = bool(len(report.held)) and not charts.is_held_apart(report)
    name = texts.label("Equity") + (f" · {texts.label('buy and hold')} - -" if with_held else "")
    _say(page, 0.05, 0.706, name, size=10, colour=DARK.muted)
    charts.draw_equity(equity, texts, report, DARK, with_held=with_held)
    charts.draw_drawdown(drawdown, texts, report, DARK)
    charts.mark_days(drawdown, texts, report)
    equity.set_xlim(drawdown.get_xlim())
    equity.set_xticks([])


def _results(figure: Figure, page: Axes, texts: Texts, report: Report) -> None:
    """The trades by their result."""
    _say(page, 0.05, 0.303, texts.label("Trades by result"), size=10, colour=DARK.muted)
    charts.draw_results(figure.add_axes((LEFT, 0.165, WIDTH, 0.122)), texts, report, DARK)


def _foot(page: Axes, texts: Texts, report: Report) -> None:
    """The verdict, in whole words."""
    verdict = textwrap.wrap(words.verdict(texts, report), LINE_LENGTH, max_lines=MOST_LINES, placeholder=" …")
    page.plot([0.035, 0.035], [0.034, 0.112], color=DARK.account, linewidth=4, solid_capstyle="butt")
    page.set_xlim(0, 1)
    page.set_ylim(0, 1)
    _say(page, 0.055, 0.073, "\n".join(verdict), size=12.5, vertical="center")


def _say(
    page: Axes,
    left: float,
    bottom: float,
    text: str,
    *,
    size: float = 11.5,
    weight: str = "normal",
    colour: str = DARK.ink,
    align: str = "left",
    vertical: str = "bottom",
) -> None:
    page.text(
        left,
        bottom,
        text,
        fontsize=size,
        fontweight=weight,
        color=colour,
        ha=align,
        va=vertical,
        transform=page.transAxes,
        parse_math=False,
    )


def _tone(is_gain: bool) -> str:
    return DARK.gain if is_gain else DARK.loss
