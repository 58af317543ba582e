"""Results: sums over a period with fees and funding kept apart, the last trades, and the day's report."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from engine.model.daily_report import DailyReport
from engine.model.market import DAY_MS
from engine.model.orders import ExitReason, Trade
from engine.model.signals import Side
from engine.model.view import EngineView
from handlers.ui import keyboards as keys
from handlers.ui.callbacks import View
from handlers.ui.cards import parts_of_net
from handlers.ui.language import Texts, marked
from handlers.ui.markup import Html, bold, lines, row
from handlers.ui.names import REASON, REASON_ICON, SIDE
from handlers.ui.refusals import refusal_name
from handlers.ui.screen import Button, Screen, arranged

MOST_TRADES: Final = 10
MOST_SYMBOLS: Final = 10
FEW_TRADES: Final = 30


class Period(StrEnum):
    """Over which time results are added up."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    ALL = "all"


PERIOD: Final = {
    Period.DAY: marked("today"),
    Period.WEEK: marked("7 days"),
    Period.MONTH: marked("30 days"),
    Period.ALL: marked("all time"),
}
DAYS: Final = {Period.WEEK: 7, Period.MONTH: 30}


class Sums(NamedTuple):
    """Some trades added up. `in_r` is the sum of their results in units of what was risked."""

    trades: int
    wins: int
    gross: Decimal
    fees: Decimal
    funding: Decimal
    in_r: float

    @property
    def net(self) -> Decimal:
        return self.gross - self.fees + self.funding


def since(period: Period, time_ms: int) -> int:
    """When a period began: today at midnight UTC, the others so many days ago."""
    if period is Period.ALL:
        return 0
    return time_ms - time_ms % DAY_MS if period is Period.DAY else time_ms - DAYS[period] * DAY_MS


def added(trades: Iterable[Trade]) -> Sums:
    """Add trades up."""
    chosen = list(trades)
    return Sums(
        trades=len(chosen),
        wins=sum(trade.net > 0 for trade in chosen),
        gross=sum((trade.gross for trade in chosen), Decimal(0)),
        fees=sum((trade.fees for trade in chosen), Decimal(0)),
        funding=sum((trade.funding for trade in chosen), Decimal(0)),
        in_r=sum(trade.result_in_r for trade in chosen),
    )


def pnl(texts: Texts, view: EngineView, period: Period, trades: Sequence[Trade]) -> Screen:
    """The result of a period: net, what it is made of, and by side, symbol and reason of exit."""
    total = added(trades)
    n = texts.numbers
    text = lines(
        row(texts.tag, bold(texts.say("Result, {period}", period=texts.label(PERIOD[period])))),
        row(bold(n.gain(total.net)), n.multiple(total.in_r), _won(texts, total)),
        parts_of_net(texts, total.gross, total.fees, total.funding),
        "",
        *(
            _line(texts, texts.label(SIDE[side]), added(t for t in trades if t.side is side))
            for side in (Side.LONG, Side.SHORT)
        ),
        *_by_symbol(texts, trades),
        *_by_reason(texts, trades),
        "",
        texts.say("Open positions {money}", money=n.gain(view.equity - view.wallet)),
        texts.say("Equity {equity}, wallet {wallet}", equity=n.money(view.equity), wallet=n.money(view.wallet)),
        texts.say("Too few trades to tell skill from luck.") if 0 < total.trades < FEW_TRADES else None,
    )
    buttons = [
        keys.go(texts, PERIOD[each], View.PNL, each.value)
        if each is not period
        else Button("✅ " + texts.label(PERIOD[each]), keys.refresh(View.PNL, each.value).data)
        for each in Period
    ]
    trades_button = keys.go(texts, marked("📜 Trades"), View.TRADES)
    return Screen(text, arranged(buttons[:2], buttons[2:], [trades_button], [keys.back(texts)]))


def last_trades(texts: Texts, trades: Sequence[Trade]) -> Screen:
    """The newest trades, one line each."""
    shown = [_trade(texts, trade) for trade in trades[:MOST_TRADES]]
    text = lines(
        row(texts.tag, bold(texts.say("Last trades"))),
        *(shown or [texts.say("None yet.")]),
        texts.plural("{count} trade in all", "{count} trades in all", len(trades)) if len(trades) > MOST_TRADES else None,
    )
    return Screen(text, arranged([keys.go(texts, marked("💰 P&L"), View.PNL)], [keys.back(texts), keys.refresh(View.TRADES)]))


def daily(texts: Texts, report: DailyReport) -> Html:
    """The day that ended."""
    n = texts.numbers
    total = Sums(report.trades, report.wins, report.gross, report.fees, report.funding, 0.0)
    refusals = [
        texts.say("{count} × {reason}", count=n.fixed(count, 0), reason=refusal_name(texts, code))
        for code, count in report.top_refusals
    ]
    return lines(
        row(texts.tag, bold(texts.say("Day {day}", day=report.day)), bold(n.gain(total.net))),
        _won(texts, total),
        parts_of_net(texts, report.gross, report.fees, report.funding),
        texts.say("Equity {equity}", equity=n.money(report.equity)),
        texts.plural(
            "{count} bar judged. What stood in the way:", "{count} bars judged. What stood in the way:", report.rulings
        ),
        *refusals,
    )


def _won(texts: Texts, total: Sums) -> Html:
    return texts.plural("{count} trade, {wins} won", "{count} trades, {wins} won", total.trades, wins=total.wins)


def _line(texts: Texts, name: str, total: Sums) -> Html | None:
    if not total.trades:
        return None
    return row(row(name, texts.numbers.gain(total.net), gap=": "), _won(texts, total))


def _by_symbol(texts: Texts, trades: Sequence[Trade]) -> Iterator[Html | None]:
    symbols = [symbol for symbol, _ in Counter(trade.symbol for trade in trades).most_common(MOST_SYMBOLS)]
    if len(symbols) > 1:
        yield from (_line(texts, symbol, added(t for t in trades if t.symbol == symbol)) for symbol in symbols)


def _by_reason(texts: Texts, trades: Sequence[Trade]) -> Iterator[Html | None]:
    for reason in ExitReason:
        chosen = [trade for trade in trades if trade.reason is reason]
        yield _line(texts, f"{REASON_ICON[reason]} {texts.label(REASON[reason])}", added(chosen))


def _trade(texts: Texts, trade: Trade) -> Html:
    n = texts.numbers
    icon = REASON_ICON[trade.reason] if trade.reason is not None else "●"
    head = f"{icon} #T{trade.number} {texts.label(SIDE[trade.side])} {trade.symbol}"
    return row(head, bold(n.gain(trade.net)), n.multiple(trade.result_in_r), texts.on(trade.exit_time_ms))
