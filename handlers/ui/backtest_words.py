"""A backtest in words: its figures row by row, what must be said beside them, and what no backtest can know.

The page, the card, the picture and the terminal all take their words from here, so that none of them says more than another.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from engine.backtest.audit.found import Audit
from engine.backtest.breakdowns import Results
from engine.backtest.figures import Interval
from engine.backtest.history import PPM_A_BP, Simulation
from engine.backtest.report import Report
from engine.backtest.result import Rejection
from engine.model.market import DAY_MS, INTERVAL_NAME
from engine.params import TUNABLES, TradingParams, read
from handlers.ui import tunables
from handlers.ui.backtest_findings import finding
from handlers.ui.language import Texts, marked
from handlers.ui.markup import plain
from handlers.ui.names import REASON, REGIME, SIDE, SIDES

WEEK_MS: Final = 7 * DAY_MS
LIMITS: Final = (
    marked("Inside a bar only open, high, low and close are known. Where stop and target both lie in it, the stop is taken."),
    marked(
        "Orders fill at the next open, or at their level, plus half the spread and slippage. Depth of the book is not known."
    ),
    marked("Latency and outages of the exchange and of this machine do not happen in history."),
    marked("Tick, lot and leverage rules are those of today; the exchange had others before."),
    marked("The past is one draw. Settings that were chosen by looking at it will do worse than it says."),
)

REJECTED: Final = {
    Rejection.BELOW_MINIMUM: marked("the order had become smaller than the exchange takes"),
    Rejection.OVER_LEVERAGE: marked("the exchange allows less leverage for that size"),
    Rejection.NO_MARGIN: marked("too little free margin for the price, the fee and the slippage"),
}


class Row(NamedTuple):
    """A figure: what it is, its value, and what puts it in its place."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Setup:
    """How a run came about. `told` is what was wrong with the data, line by line; `audit` is None where none was asked for."""

    params: TradingParams
    simulation: Simulation
    sources: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    version: str = ""
    audit: Audit | None = None


def title(texts: Texts, report: Report) -> str:
    """Symbols and interval: ETHUSDT, BTCUSDT · 1h."""
    symbols = report.run.symbols
    shown = ", ".join(symbols) if len(symbols) <= 3 else f"{', '.join(symbols[:2])} +{len(symbols) - 2}"
    return f"{shown} · {INTERVAL_NAME.get(report.run.interval_ms, '')}"


def span(texts: Texts, report: Report) -> str:
    """The judged time."""
    n, run = texts.numbers, report.run
    is_short = 0 < run.end_ms - run.begin_ms < DAY_MS
    days = plain(texts.plural("{count} day", "{count} days", report.days))
    long = n.duration(run.end_ms - run.begin_ms) if is_short else days
    return f"{n.date(run.begin_ms)} – {n.date(max(run.begin_ms, _last_moment(run.end_ms)))}, {long}"


def verdict(texts: Texts, report: Report) -> str:
    """How much, or how little, the sample says."""
    return finding(texts, report, report.verdict)


def remarks(texts: Texts, report: Report) -> list[str]:
    """What else must be said beside the figures."""
    rejected = [_rejected(texts, one, count) for one, count in report.run.rejected.items()]
    return rejected + [finding(texts, report, one) for one in report.findings[1:]]


def entry_rows(texts: Texts, report: Report) -> list[tuple[str, int]]:
    """How many bars became entries, and what the exchange said no to."""
    rows, rejected = [(texts.label("entries"), report.run.entered)], sum(report.run.rejected.values())
    return [*rows, (texts.label("rejected at the open"), rejected)] if rejected else rows


def money_rows(texts: Texts, report: Report) -> list[Row]:
    """What was gained or lost, and what it is made of."""
    n, total = texts.numbers, report.total
    return [
        Row(
            texts.label("Net result"),
            n.gain(total.net),
            f"{n.signed_percent(report.net_fraction)} · {n.multiple(total.in_r)}",
        ),
        Row(texts.label("Price"), n.gain(total.gross)),
        Row(texts.label("Fees"), n.gain(-total.fees)),
        Row(texts.label("Funding"), n.gain(total.funding)),
        Row(
            texts.label("Buy and hold"),
            "–" if report.held_return is None else n.signed_percent(report.held_return),
            texts.label("the same money, no leverage, no costs"),
        ),
    ]


def trade_rows(texts: Texts, report: Report) -> list[Row]:
    """How the trades went."""
    n, total = texts.numbers, report.total
    span_ms = report.run.end_ms - report.run.begin_ms
    a_week = total.trades * WEEK_MS / max(span_ms, DAY_MS)  # less than a day is no pace
    often = texts.label("{count} a week", count=n.fixed(a_week, 1)) if span_ms > 0 else ""
    return [
        Row(texts.label("Trades"), n.fixed(total.trades, 0), often),
        Row(texts.label("Won"), _share(texts, total), between_percent(texts, report.win_rate)),
        Row(texts.label("Mean of a trade"), r(texts, total.expectancy), between_r(texts, report.expectancy)),
        Row(texts.label("Profit factor"), _factor(texts, total), texts.label("won over lost")),
        Row(texts.label("Longest losing streak"), n.fixed(report.losing_streak, 0)),
        Row(texts.label("Bars held, mean"), _number(texts, total.mean_bars_held, 1)),
        Row(texts.label("Time in a position"), n.percent(report.exposure)),
    ]


def risk_rows(texts: Texts, report: Report) -> list[Row]:
    """What it would have felt like."""
    n, fall = texts.numbers, report.fall
    sample = texts.label(
        "from {days} days and {trades} trades", days=n.fixed(report.days, 0), trades=n.fixed(report.total.trades, 0)
    )
    few = texts.label("needs 30 days and 2 trades")
    seen = texts.label("of equity, at opens, closes and fills")
    rows = [Row(texts.label("Largest drawdown"), n.percent(report.run.drawdown), seen)]
    if fall.money > 0:
        is_from_beginning = fall.peak_ms <= report.run.begin_ms
        peak = n.date(fall.peak_ms if is_from_beginning else _last_moment(fall.peak_ms))
        back = n.date(_last_moment(fall.back_ms)) if fall.back_ms else texts.label("not back by the end")
        dates = f"{peak} → {n.date(_last_moment(fall.low_ms))} → {back}"
        rows.append(Row(texts.label("Deepest fall of day ends"), n.money(-fall.money), dates))
        longest = plain(texts.plural("{count} day", "{count} days", fall.longest_days))
        rows.append(Row(texts.label("Longest below a peak"), longest))
    for name, ratio in (("Sharpe", report.ratios.sharpe), ("Sortino", report.ratios.sortino)):
        rows.append(Row(name, _number(texts, ratio, 2), few if ratio is None else sample))
    return rows


def groups(texts: Texts, report: Report) -> Iterator[tuple[str, list[tuple[str, Results]]]]:
    """The tables: by side, symbol, exit, regime."""
    yield texts.label("By side"), [(texts.label(SIDE[one.key]), one.results) for one in report.by_side]
    if len(report.run.symbols) > 1:
        yield texts.label("By symbol"), [(one.key, one.results) for one in report.by_symbol]
    yield texts.label("By exit"), [(texts.label(REASON[one.key]), one.results) for one in report.by_reason]
    yield texts.label("By regime at entry"), [(texts.label(REGIME[one.key]), one.results) for one in report.by_regime]


def group_head(texts: Texts) -> tuple[str, ...]:
    """The columns of such a table."""
    return tuple(
        texts.label(name)
        for name in (
            marked("Trades"),
            marked("Won"),
            marked("Mean of a trade"),
            marked("Profit factor"),
            marked("Net result"),
        )
    )


def group_cells(texts: Texts, results: Results) -> tuple[str, ...]:
    """One row of it."""
    return (
        texts.numbers.fixed(results.trades, 0),
        _share(texts, results),
        r(texts, results.expectancy),
        _factor(texts, results),
        texts.numbers.gain(results.net),
    )


def settings_rows(texts: Texts, setup: Setup) -> list[Row]:
    """Every setting that differs from its default."""
    default = TradingParams()
    return [
        Row(
            tunables.title(texts, one.name),
            tunables.value(texts, one.name, read(setup.params, one.name)),
            texts.label("default {value}", value=tunables.value(texts, one.name, read(default, one.name))),
        )
        for one in TUNABLES
        if read(setup.params, one.name) != read(default, one.name)
    ]


def terms_rows(texts: Texts, setup: Setup) -> list[Row]:
    """What the simulation assumed."""
    n, terms, costs = texts.numbers, setup.simulation, setup.simulation.costs
    return [
        Row(texts.label("Wallet at the beginning"), n.money(terms.wallet)),
        Row(texts.label("Taker fee"), _bps(texts, costs.taker_ppm)),
        Row(texts.label("Half the spread"), _bps(texts, costs.half_spread_ppm)),
        Row(texts.label("Slippage"), _bps(texts, costs.slippage_ppm)),
        Row(texts.label("Liquidation fee"), _bps(texts, costs.liquidation_ppm)),
        Row(texts.label("Warm-up bars"), n.fixed(terms.warmup_bars, 0)),
        Row(texts.label("Sides"), texts.label(SIDES[terms.sides])),
    ]


def r(texts: Texts, value: float | None) -> str:
    """A result in R with the digits that a mean needs."""
    return "–" if value is None else f"{texts.numbers.signed(value, 2)} R"


def between_r(texts: Texts, interval: Interval | None) -> str:
    """A mean's interval."""
    if interval is None:
        return ""
    n = texts.numbers
    return texts.label("90%: {low} to {high}", low=n.signed(interval.low, 2), high=f"{n.signed(interval.high, 2)} R")


def between_percent(texts: Texts, interval: Interval | None) -> str:
    """A rate's interval."""
    if interval is None:
        return ""
    n = texts.numbers
    return texts.label("90%: {low} to {high}", low=n.percent(interval.low, 0), high=n.percent(interval.high, 0))


def _last_moment(end_ms: int) -> int:
    """The last moment before an end: a day that ends at midnight is named by its own date, not the next one's."""
    return end_ms - 1


def _rejected(texts: Texts, why: Rejection, count: int) -> str:
    return plain(
        texts.plural(
            "{count} entry was rejected at the open: {why}.",
            "{count} entries were rejected at the open: {why}.",
            count,
            why=texts.label(REJECTED[why]),
        )
    )


def _share(texts: Texts, results: Results) -> str:
    return "–" if results.win_rate is None else texts.numbers.percent(results.win_rate, 0)


def _factor(texts: Texts, results: Results) -> str:
    if results.trades and results.profit_factor is None:
        return "∞" if results.wins else "–"
    return _number(texts, results.profit_factor, 2)


def _number(texts: Texts, value: float | None, digits: int) -> str:
    return "–" if value is None else texts.numbers.fixed(value, digits)


def _bps(texts: Texts, ppm: int) -> str:
    return f"{texts.numbers.short(ppm / PPM_A_BP, 2)} {texts.label('bps')}"
