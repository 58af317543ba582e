"""A backtest on a terminal: what is wrong with the data first, then the verdict, then the figures. Fits 80 columns."""

from collections.abc import Sequence
from typing import IO, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from engine.backtest.audit.found import Audit
from engine.backtest.breakdowns import Results
from engine.backtest.report import Report
from handlers.ui import backtest_words as words
from handlers.ui.audit_words import audit_lines
from handlers.ui.backtest_words import Row, Setup
from handlers.ui.language import Texts
from handlers.ui.refusals import refusal_name

BAR_WIDTH: Final = 24
MOST_MONTHS: Final = 36


def show(texts: Texts, report: Report, setup: Setup, file: IO[str], *, width: int | None = None) -> None:
    """Write everything to a terminal, or to whatever stands for one."""
    console = Console(file=file, width=width, highlight=False, emoji=False)
    tell(console, texts, setup.told)
    console.print(f"[bold]{escape(words.title(texts, report))}[/bold]  {escape(words.span(texts, report))}")
    console.print(f"[bold]{escape(words.verdict(texts, report))}[/bold]")
    for remark in words.remarks(texts, report):
        console.print(f"- {escape(remark)}")
    console.print()
    tables = [_figures(heading, rows) for heading, rows in figures(texts, report, setup)]
    if report.total.trades:
        tables += [_groups(texts, heading, groups) for heading, groups in words.groups(texts, report)]
        tables.append(_months(texts, report))
    for table in (*tables, _funnel(texts, report)):
        console.print(table)
        console.print()
    if setup.audit is not None:
        tell_audit(console, texts, setup.audit)


def tell(console: Console, texts: Texts, told: Sequence[str]) -> None:
    """What is wrong with the data, or was assumed."""
    if told:
        console.print(f"[yellow]{escape(texts.label('About the data'))}:[/yellow]")
        for line in told:
            console.print(f"- {escape(line)}", style="yellow", soft_wrap=True)
        console.print()


def tell_audit(console: Console, texts: Texts, audit: Audit) -> None:
    """What came of the audit, in the colour of a warning where it found a difference."""
    console.print(f"[bold]{escape(texts.label('Audit'))}[/bold]")
    for line in audit_lines(texts, audit):
        console.print(f"- {escape(line)}", style="yellow" if audit.differs else None)
    console.print()


def figures(texts: Texts, report: Report, setup: Setup) -> list[tuple[str, list[Row]]]:
    """The lists of figures under their headings."""
    changed = words.settings_rows(texts, setup)
    none = [Row(texts.label("All at their default."), "")]
    return [
        (texts.label("Money"), words.money_rows(texts, report)),
        (texts.label("Trades"), words.trade_rows(texts, report)),
        (texts.label("Risk"), words.risk_rows(texts, report)),
        (texts.label("Settings that differ from the default"), changed or none),
        (texts.label("What was assumed"), words.terms_rows(texts, setup)),
    ]


def _figures(heading: str, rows: Sequence[Row]) -> Table:
    table = _table(heading, show_header=False)
    table.add_column(min_width=24)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim")
    for one in rows:
        table.add_row(escape(one.label), _toned(one.value), escape(one.note))
    return table


def _groups(texts: Texts, heading: str, groups: Sequence[tuple[str, Results]]) -> Table:
    table = _table(heading)
    table.add_column("", min_width=14)
    for name in words.group_head(texts):
        table.add_column(escape(name), justify="right")
    for name, results in groups:
        table.add_row(escape(name), *(_toned(cell) for cell in words.group_cells(texts, results)))
    return table


def _months(texts: Texts, report: Report) -> Table:
    """The newest months."""
    n = texts.numbers
    table = _table(texts.label("Months"))
    for name in ("", texts.label("account"), texts.label("Trades"), texts.label("Net result")):
        table.add_column(escape(name), justify="right" if name else "left")
    for one in report.months[-MOST_MONTHS:]:
        name = f"{n.month_name(one.month)} {one.year}"
        change, net = _toned(n.signed_percent(one.change)), _toned(n.gain(one.results.net))
        table.add_row(escape(name), change, n.fixed(one.results.trades, 0), net)
    return table


def _funnel(texts: Texts, report: Report) -> Table:
    """How many bars were judged, what stood in the way, how many became entries."""
    n, run = texts.numbers, report.run
    table = _table(texts.label("What stood in the way"), show_header=False)
    table.add_column(min_width=24)
    table.add_column(justify="right")
    table.add_column(justify="right")
    table.add_column(style="dim")
    rows = [(texts.label("judged bars"), run.judged)]
    rows += [(refusal_name(texts, code), count) for code, count in report.funnel]
    rows += words.entry_rows(texts, report)
    for name, count in rows:
        part = count / max(run.judged, 1)
        table.add_row(escape(name), n.fixed(count, 0), n.percent(part), "#" * round(part * BAR_WIDTH))
    return table


def _table(heading: str, *, show_header: bool = True) -> Table:
    return Table(
        title=f"[bold]{escape(heading)}[/bold]",
        title_justify="left",
        show_header=show_header,
        header_style="dim",
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )


def _toned(value: str) -> str:
    """A value in the colour of its sign."""
    tone = "green" if value.startswith("+") else "red" if value.startswith("−") else ""
    return f"[{tone}]{escape(value)}[/{tone}]" if tone else escape(value)
