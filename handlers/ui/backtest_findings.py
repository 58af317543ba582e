"""What must be said beside a backtest's figures, one sentence each: how little the sample says, and what limits it."""

from collections.abc import Callable
from typing import Final

from engine.backtest.figures import Interval
from engine.backtest.report import FEW_TRADES, Finding, Report, best_net
from engine.model.orders import ExitReason
from engine.model.past import EndCause
from handlers.ui.language import Texts
from handlers.ui.markup import plain


def finding(texts: Texts, report: Report, one: Finding) -> str:
    """One finding as a sentence."""
    return SENTENCES[one](texts, report)


def _no_trades(texts: Texts, report: Report) -> str:
    return texts.label("No trade was made. What stood in the way is counted below.")


def _few_trades(texts: Texts, report: Report) -> str:
    return plain(
        texts.plural(
            "{count} trade cannot tell skill from luck: below {least} the figures are anecdotes.",
            "{count} trades cannot tell skill from luck: below {least} the figures are anecdotes.",
            report.total.trades,
            least=FEW_TRADES,
        )
    )


def _spans_zero(texts: Texts, report: Report) -> str:
    low, high = _between(texts, report.expectancy)
    words = texts.label(
        "Not to be told from chance: the true mean of a trade lies between {low} and {high} R.", low=low, high=high
    )
    if report.trades_needed is None or report.trades_needed <= report.total.trades:
        return words
    needed = texts.numbers.fixed(report.trades_needed, 0)
    return f"{words} {texts.label('A mean of this size would show after about {needed} trades.', needed=needed)}"


def _loses(texts: Texts, report: Report) -> str:
    low, high = _between(texts, report.expectancy)
    return texts.label("These settings lost here, and not by chance alone: {low} to {high} R a trade.", low=low, high=high)


def _gains(texts: Texts, report: Report) -> str:
    low, high = _between(texts, report.expectancy)
    return texts.label(
        "More than chance in this one past: {low} to {high} R a trade. It says nothing yet of a time these settings were not "
        "chosen on.",
        low=low,
        high=high,
    )


def _costs_take_all(texts: Texts, report: Report) -> str:
    n, total = texts.numbers, report.total
    return texts.label(
        "The price alone gave {gross}; fees and funding of {costs} took all of it.",
        gross=n.gain(total.gross),
        costs=n.money(total.fees - total.funding),
    )


def _one_trade_carries(texts: Texts, report: Report) -> str:
    best = texts.numbers.gain(best_net(report.run.trades))
    return texts.label("Without its best trade ({best}) the run would not have gained.", best=best)


def _holding_won(texts: Texts, report: Report) -> str:
    n = texts.numbers
    return texts.label(
        "Buying and holding made {held}, the trader {net}.",
        held=n.signed_percent(report.held_return or 0.0),
        net=n.signed_percent(report.net_fraction),
    )


def _short_time(texts: Texts, report: Report) -> str:
    return plain(
        texts.plural(
            "{count} day shows one kind of market; others were not seen.",
            "{count} days show one kind of market; others were not seen.",
            report.days,
        )
    )


def _latched(texts: Texts, report: Report) -> str:
    day = texts.numbers.date(_ended_ms(report))
    if report.ended is not None and report.ended.cause is EndCause.LIQUIDATION:
        return texts.label("A liquidation set the latch on {day}: it ended all entries, later bars were not traded.", day=day)
    return texts.label("The drawdown latch ended all entries on {day}: later bars were not traded.", day=day)


def _ran_dry(texts: Texts, report: Report) -> str:
    day = texts.numbers.date(_ended_ms(report))
    return texts.label("Nothing was entered after {day}: the wallet was too small for the smallest order.", day=day)


def _ended_ms(report: Report) -> int:
    return report.ended.time_ms if report.ended is not None else report.run.end_ms


def _liquidated(texts: Texts, report: Report) -> str:
    count = sum(one.trade.reason is ExitReason.LIQUIDATED for one in report.run.trades)
    return plain(texts.plural("{count} position was liquidated.", "{count} positions were liquidated.", count))


def _left_open(texts: Texts, report: Report) -> str:
    return plain(
        texts.plural(
            "{count} position was still open at the end ({money}); it is not among the trades.",
            "{count} positions were still open at the end ({money}); they are not among the trades.",
            len(report.run.left_open),
            money=texts.numbers.gain(report.left_net),
        )
    )


def _between(texts: Texts, interval: Interval | None) -> tuple[str, str]:
    assert interval is not None, "a verdict on the mean needs its interval"
    return texts.numbers.signed(interval.low, 2), texts.numbers.signed(interval.high, 2)


SENTENCES: Final[dict[Finding, Callable[[Texts, Report], str]]] = {
    Finding.NO_TRADES: _no_trades,
    Finding.FEW_TRADES: _few_trades,
    Finding.SPANS_ZERO: _spans_zero,
    Finding.LOSES: _loses,
    Finding.GAINS: _gains,
    Finding.COSTS_TAKE_ALL: _costs_take_all,
    Finding.ONE_TRADE_CARRIES: _one_trade_carries,
    Finding.HOLDING_WON: _holding_won,
    Finding.SHORT_TIME: _short_time,
    Finding.LATCHED: _latched,
    Finding.LIQUIDATED: _liquidated,
    Finding.RAN_DRY: _ran_dry,
    Finding.LEFT_OPEN: _left_open,
}
