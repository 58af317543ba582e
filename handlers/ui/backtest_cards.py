"""A backtest for the chat: one card short enough to stand under its picture, and that picture, as wide as a phone, dark."""

from typing import Final

from engine.backtest.report import Report
from handlers.ui import backtest_words as words
from handlers.ui.backtest_words import Row
from handlers.ui.cards import parts_of_net
from handlers.ui.language import Texts
from handlers.ui.markup import Html, bold, italic, lines, row
from handlers.ui.past import known_only
from handlers.ui.refusals import refusal_name

LONGEST_CARD: Final = 1_000  # a caption holds 1,024 characters
MOST_REFUSALS: Final = 3


def result_card(texts: Texts, report: Report, asked_days: int) -> Html:
    """Verdict, figures with their uncertainty, what stood in the way. Remarks that do not fit are left to the page."""
    n, total = texts.numbers, report.total
    card = [
        row(texts.tag, bold(f"{texts.label('Backtest')} {words.title(texts, report)}")),
        words.span(texts, report),
        _known(texts, report, asked_days),
        row(bold(n.gain(total.net)), n.signed_percent(report.net_fraction), n.multiple(total.in_r)),
        parts_of_net(texts, total.gross, total.fees, total.funding),
        "",
        *(_line(one) for one in _chosen(texts, report)),
        "",
        bold(words.verdict(texts, report)),
    ]
    for more in (_refusals(texts, report), *(italic(one) for one in words.remarks(texts, report))):
        if more is not None and len(lines(*card, more)) <= LONGEST_CARD:
            card.append(more)
    return lines(*card)


def result_picture(texts: Texts, report: Report) -> bytes:
    """The account, its drawdown and the trades as a PNG. Draws: not for the live process."""
    from handlers.ui.backtest_picture import drawn

    return drawn(texts, report)


def _known(texts: Texts, report: Report, asked_days: int) -> Html | None:
    """Of how much of the asked time anything is known, where that is clearly less than all."""
    known = known_only(texts, asked_days, report.run.end_ms - report.run.begin_ms)
    return None if known is None else row(texts.plural("Last {count} day", "Last {count} days", asked_days), known)


def _chosen(texts: Texts, report: Report) -> list[Row]:
    """The figures that are worth a line in a chat."""
    trades, risk = words.trade_rows(texts, report), words.risk_rows(texts, report)
    hold = words.money_rows(texts, report)[-1]
    return [*trades[:4], risk[0], risk[-2], hold]


def _line(one: Row) -> Html:
    return row(f"{one.label} {one.value}", one.note)


def _refusals(texts: Texts, report: Report) -> Html | None:
    """What stood in the way most often."""
    n = texts.numbers
    most = [
        texts.say("{count} × {reason}", count=n.fixed(count, 0), reason=refusal_name(texts, code))
        for code, count in report.funnel[:MOST_REFUSALS]
    ]
    return row(*most) if most else None
