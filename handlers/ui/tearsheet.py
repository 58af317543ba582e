"""A backtest as one page that needs nothing else: no network, no script; readable on a phone, in light and in dark.

The verdict and what is wrong with the data stand above every figure. Draws: only a process that may be busy imports it.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from engine.backtest.audit.found import Audit
from engine.backtest.report import Report
from handlers.ui import backtest_words as words
from handlers.ui import tearsheet_pictures as pictures
from handlers.ui import tearsheet_tables as tables
from handlers.ui.audit_words import audit_lines
from handlers.ui.backtest_words import Setup
from handlers.ui.language import Texts
from handlers.ui.markup import safe
from handlers.ui.tearsheet_style import STYLE

LINES_SHOWN: Final = 4


def tearsheet(texts: Texts, report: Report, setup: Setup) -> str:
    """The whole page."""
    title = words.title(texts, report)
    body = "".join((_head(texts, report, setup), _figures(texts, report, setup), _foundations(texts, setup)))
    return (
        f'<!doctype html><html lang="{texts.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{safe(title)} · AUTOBOT</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>\n"
    )


def _head(texts: Texts, report: Report, setup: Setup) -> str:
    """What it is, what it says, what is wrong with it."""
    remarks = words.remarks(texts, report)
    return (
        f'<header><div class="kicker">AUTOBOT · {safe(texts.label("Backtest"))}</div>'
        f"<h1>{safe(words.title(texts, report))}</h1>"
        f'<div class="span">{safe(words.span(texts, report))}</div></header>'
        f'<p class="verdict">{safe(words.verdict(texts, report))}</p>'
        f"{_list(remarks, kind='remarks') if remarks else ''}{_told(texts, setup.told)}{_tiles(texts, report)}"
    )


def _told(texts: Texts, told: Sequence[str]) -> str:
    """What is wrong with the data, or was assumed. A long list begins, and goes on at a tap."""
    if not told:
        return ""
    first, more = told[:LINES_SHOWN], told[LINES_SHOWN:]
    folded = ""
    if more:
        words_of_more = texts.plural("{count} more line", "{count} more lines", len(more))
        folded = f"<details><summary>{words_of_more}</summary>{_list(more)}</details>"
    return f'<div class="warn"><b>{safe(texts.label("About the data"))}</b>{_list(first)}{folded}</div>'


def _tiles(texts: Texts, report: Report) -> str:
    """The figures that are looked for first, each with its uncertainty."""
    money, trades, risk = words.money_rows(texts, report), words.trade_rows(texts, report), words.risk_rows(texts, report)
    shown = (money[0], trades[2], trades[1], trades[0], risk[0], money[4])
    tiles = "".join(
        f'<div class="tile"><span>{safe(one.label)}</span><b>{tables.toned(one.value)}</b><span>{safe(one.note)}</span></div>'
        for one in shown
    )
    return f'<section class="tiles">{tiles}</section>'


def _figures(texts: Texts, report: Report, setup: Setup) -> str:
    """Pictures and tables."""
    three = (
        tables.figures(texts.label("Money"), words.money_rows(texts, report)),
        tables.figures(texts.label("Trades"), words.trade_rows(texts, report)),
        tables.figures(texts.label("Risk"), words.risk_rows(texts, report)),
    )
    parts = [_equity(texts, report), f'<div class="three">{"".join(three)}</div>']
    if report.total.trades:
        parts.append(f'<div class="pair">{_results(texts, report)}{_confidence(texts, report, setup)}</div>')
    if report.months:
        parts.append(tables.months(texts, report))
    parts.append(tables.funnel(texts, report))
    if report.total.trades:
        grouped = "".join(tables.grouped(texts, heading, rows) for heading, rows in words.groups(texts, report))
        parts.append(f'<div class="pair">{grouped}</div>')
    return "".join(parts)


def _equity(texts: Texts, report: Report) -> str:
    if not len(report.account):
        return ""
    legend = _legend(
        (("account", "", texts.label("account")), ("held", "dashed", texts.label("buy and hold")))
        if len(report.held)
        else (("account", "", texts.label("account")),),
        (("loss", "block", texts.label("under its peak")),),
    )
    wide, narrow = (pictures.equity(texts, report, is_wide=is_wide) for is_wide in (True, False))
    return (
        f"<section><h2>{safe(texts.label('Equity'))}</h2>{legend}"
        f'<div class="wide">{wide}</div><div class="narrow">{narrow}</div></section>'
    )


def _results(texts: Texts, report: Report) -> str:
    legend = _legend(
        (
            ("ink", "", texts.label("mean, with what it may truly be")),
            ("gain", "block", texts.label("won")),
            ("loss", "block", texts.label("lost")),
        )
    )
    return f"<section><h2>{safe(texts.label('Trades by result'))}</h2>{legend}{pictures.results(texts, report)}</section>"


def _confidence(texts: Texts, report: Report, setup: Setup) -> str:
    threshold = setup.params.activation_threshold
    legend = _legend(
        (
            ("ink", "dashed", texts.label("threshold {value}", value=texts.numbers.fixed(threshold, 2))),
            ("gain", "block", texts.label("won")),
            ("loss", "block", texts.label("lost")),
        )
    )
    picture = pictures.confidence(texts, report, threshold)
    return f"<section><h2>{safe(texts.label('Entries by confidence'))}</h2>{legend}{picture}</section>"


def _foundations(texts: Texts, setup: Setup) -> str:
    """What the figures stand on, and what they cannot know."""
    changed = words.settings_rows(texts, setup)
    settings = (
        tables.figures(texts.label("Settings that differ from the default"), changed)
        if changed
        else f"<section><h2>{safe(texts.label('Settings'))}</h2><p>{safe(texts.label('All at their default.'))}</p></section>"
    )
    limits = _list(texts.label(one) for one in words.LIMITS)
    sources = f"<p class=note>{safe(', '.join(setup.sources))}</p>" if setup.sources else ""
    return (
        f'<div class="pair">{settings}{tables.figures(texts.label("What was assumed"), words.terms_rows(texts, setup))}</div>'
        f"{'' if setup.audit is None else _audit(texts, setup.audit)}"
        f"<section><h2>{safe(texts.label('What a backtest cannot know'))}</h2>{limits}</section>"
        f"<footer>{sources}<p class=note>AUTOBOT {safe(setup.version)}</p></footer>"
    )


def _audit(texts: Texts, audit: Audit) -> str:
    """What came of the audit; a warning where it found a difference."""
    lines = _list(audit_lines(texts, audit))
    said = f'<div class="warn">{lines}</div>' if audit.differs else lines
    return f"<section><h2>{safe(texts.label('Audit'))}</h2>{said}</section>"


def _legend(*kinds: Iterable[tuple[str, str, str]]) -> str:
    keys = "".join(
        f'<span><i class="key {form}" style="{"background" if form == "block" else "border-color"}:var(--{colour})"></i>'
        f"{safe(name)}</span>"
        for kind in kinds
        for colour, form, name in kind
    )
    return f'<div class="legend">{keys}</div>'


def _list(sentences: Iterable[str], kind: str = "") -> str:
    shown = f' class="{kind}"' if kind else ""
    return f"<ul{shown}>{''.join(f'<li>{safe(one)}</li>' for one in sentences)}</ul>"
