"""The tear sheet's pictures as SVG that lives in the page: its colours are the page's, so it follows light and dark.

Text stays text, sizes are the page's; the same report gives the same bytes.
"""

import re
from collections.abc import Callable
from io import StringIO
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from engine.backtest.report import Report
from handlers.ui import backtest_charts as charts
from handlers.ui.backtest_charts import Palette
from handlers.ui.language import Texts

# Stand-ins that matplotlib takes for colours; the page's variables take their place.
STAND_INS: Final = Palette("#010203", "#010204", "#010205", "#010206", "#010207", "#010208", "#010209")
VARIABLES: Final = {getattr(STAND_INS, name): f"var(--{name})" for name in Palette._fields}
WIDE: Final = (10.0, 5.2)
NARROW: Final = (5.0, 5.2)
SMALL: Final = (5.0, 2.7)
FEWER_TICKS: Final = 4
STYLE: Final[dict[Any, Any]] = {"svg.fonttype": "none", "font.family": "sans-serif", "font.size": 10.5}


def equity(texts: Texts, report: Report, *, is_wide: bool) -> str:
    """Equity, buy and hold, and drawdown below."""
    apart = charts.is_held_apart(report)

    def drawn(figure: Figure) -> None:
        heights = [3, 1.4, 1.2] if apart else [3, 1.2]
        panels = figure.subplots(len(heights), 1, sharex=True, gridspec_kw={"height_ratios": heights, "hspace": 0.12})
        charts.draw_equity(panels[0], texts, report, STAND_INS, with_held=not apart)
        if apart:
            charts.draw_held(panels[1], texts, report, STAND_INS)
        charts.draw_drawdown(panels[-1], texts, report, STAND_INS)
        charts.mark_days(panels[-1], texts, report, most=charts.MOST_TICKS if is_wide else FEWER_TICKS)

    return _svg(drawn, WIDE if is_wide else NARROW, salt=f"equity{is_wide}")


def results(texts: Texts, report: Report) -> str:
    """The trades by their result in R."""
    return _svg(_alone(lambda axes: charts.draw_results(axes, texts, report, STAND_INS)), SMALL, salt="results")


def confidence(texts: Texts, report: Report, threshold: float) -> str:
    """The entries by their confidence."""
    return _svg(
        _alone(lambda axes: charts.draw_confidence(axes, texts, report, STAND_INS, threshold)), SMALL, salt="confidence"
    )


def _alone(draw: Callable[[Axes], None]) -> Callable[[Figure], None]:
    return lambda figure: draw(figure.subplots())


def _svg(draw: Callable[[Figure], None], size: tuple[float, float], *, salt: str) -> str:
    """A picture as an element: no header, no size of its own, the page's colours."""
    with mpl.rc_context({**STYLE, "svg.hashsalt": salt}):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        figure.patch.set_alpha(0.0)
        draw(figure)
        written = StringIO()
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    svg = written.getvalue()
    svg = svg[svg.index("<svg ") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r'(<svg [^>]*?)width="[^"]*"', r'\1aria-hidden="true"', svg, count=1)
    svg = re.sub(r'(<svg [^>]*?)height="[^"]*" ', r"\1", svg, count=1)
    svg = re.sub(r" font-family: [^;\"]*;", "", svg)  # the page's letters
    svg = re.sub(r"<defs>\s*<style.*?</defs>", "", svg, count=1, flags=re.DOTALL)  # it would rule the whole page
    for stand_in, variable in VARIABLES.items():
        svg = svg.replace(stand_in, variable)
    return re.sub(r"\bid=\"|url\(#|xlink:href=\"#", lambda found: f"{found.group()}{salt}-", svg)
