"""The tear sheet's tables: rows of figures, months as a heat map, the funnel of refusals, trades by group."""

import math
from collections.abc import Iterable, Sequence
from typing import Final

from engine.backtest.breakdowns import Month, Results
from engine.backtest.report import Report
from handlers.ui import backtest_words as words
from handlers.ui.backtest_words import Row
from handlers.ui.language import Texts
from handlers.ui.markup import safe
from handlers.ui.refusals import refusal_name

MOST_REFUSALS: Final = 14
STRONGEST_PERCENT: Final = 45  # how much of its colour the best or worst month takes


def figures(heading: str, rows: Iterable[Row]) -> str:
    """Figures under each other, each with what puts it in its place."""
    body = "".join(
        f'<tr><th scope="row">{safe(one.label)}</th><td>{toned(one.value)}{small(one.note)}</td></tr>' for one in rows
    )
    return f"<section><h2>{safe(heading)}</h2><table><tbody>{body}</tbody></table></section>"


def grouped(texts: Texts, heading: str, rows: Sequence[tuple[str, Results]]) -> str:
    """Trades that share something."""
    columns = words.group_head(texts)
    head = "".join(f"<th{_class(at)}>{safe(name)}</th>" for at, name in enumerate(("", *columns)))
    body = "".join(
        f'<tr><th scope="row">{safe(name)}</th>'
        + "".join(f"<td{_class(at + 1)}>{toned(cell)}</td>" for at, cell in enumerate(words.group_cells(texts, results)))
        + "</tr>"
        for name, results in rows
    )
    table = f'<table class="grouped"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f'<section><h2>{safe(heading)}</h2><div class="scroll">{table}</div></section>'


def months(texts: Texts, report: Report) -> str:
    """What the account became in each month, and how many trades ended in it. Months down, years across."""
    n = texts.numbers
    years = sorted({one.year for one in report.months})
    known = {(one.year, one.month): one for one in report.months}
    most = max((abs(one.change) for one in report.months), default=0.0) or 1.0
    head = "".join(f'<th scope="col">{year}</th>' for year in years)
    body = ""
    for month in sorted({one.month for one in report.months}):
        cells = "".join(_month(texts, known.get((year, month)), most) for year in years)
        body += f'<tr><th scope="row">{safe(n.month_name(month))}</th>{cells}</tr>'
    total = "".join(f"<td>{safe(n.signed_percent(_year(report, year), 1))}</td>" for year in years)
    foot = f'<tfoot><tr><th scope="row">{safe(texts.label("Year"))}</th>{total}</tr></tfoot>'
    table = f'<table class="heat"><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody>{foot}</table>'
    note = texts.label("change of the account; trades that ended in the month")
    return (
        f"<section><h2>{safe(texts.label('Months'))}</h2><p class=note>{safe(note)}</p>"
        f'<div class="scroll">{table}</div></section>'
    )


def funnel(texts: Texts, report: Report) -> str:
    """From the bars that were judged to those that became entries, and what stood in the way of the others."""
    n, run = texts.numbers, report.run
    judged = max(run.judged, 1)
    rows = [(texts.label("judged bars"), run.judged, "bar")]
    rows += [(refusal_name(texts, code), count, "bar") for code, count in report.funnel[:MOST_REFUSALS]]
    rows += [(name, count, "bar entered") for name, count in words.entry_rows(texts, report)]
    body = "".join(
        f'<tr><th scope="row">{safe(name)}</th><td><span class="{kind}" style="width:{100 * count / judged:.2f}%"></span></td>'
        f"<td>{n.fixed(count, 0)}{small(n.percent(count / judged))}</td></tr>"
        for name, count, kind in rows
    )
    note = texts.label("A bar may be refused for several reasons at once.")
    return (
        f"<section><h2>{safe(texts.label('What stood in the way'))}</h2><p class=note>{safe(note)}</p>"
        f'<table class="funnel"><tbody>{body}</tbody></table></section>'
    )


def toned(value: str) -> str:
    """A value in the colour of its sign; the sign itself stays."""
    tone = "gain" if value.startswith("+") else "loss" if value.startswith("−") else ""
    return f'<span class="{tone}">{safe(value)}</span>' if tone else str(safe(value))


def small(note: str) -> str:
    return f"<small>{safe(note)}</small>" if note else ""


def _month(texts: Texts, month: Month | None, most: float) -> str:
    if month is None:
        return "<td></td>"
    if not month.change and not month.results.trades:
        return "<td>–</td>"
    strength = STRONGEST_PERCENT * abs(month.change) / most
    colour = "--gain" if month.change > 0 else "--loss"
    n = texts.numbers
    count = small(n.fixed(month.results.trades, 0))
    paint = f"color-mix(in srgb,var({colour}) {strength:.0f}%,transparent)"
    return f'<td style="background:{paint}">{safe(n.signed_percent(month.change, 1))}{count}</td>'


def _year(report: Report, year: int) -> float:
    """What the account became in a year."""
    return math.prod(1 + one.change for one in report.months if one.year == year) - 1


def _class(column: int) -> str:
    """The profit factor gives way on a phone."""
    return ' class="optional"' if column == 4 else ""
