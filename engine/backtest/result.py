"""What a run over history came to: closed trades from the ledger, the account day by day, and why nothing was entered."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from engine.backtest.history import Floats, Ints
from engine.backtest.records import Records
from engine.model.orders import Trade
from engine.model.signals import Code, Regime, Side


class RawTrades(NamedTuple):
    """Closed trades as columns, in the order of their ends. Money in whole units of 1e-8 of the quote asset.

    `symbol` counts in the order of the histories, `reason` and `regime` are numbers of `ExitReason` and `Regime`, `risk`
    is what lies between entry and first stop; net = gross - fees + funding, R = net / risk.
    """

    symbol: Ints
    side: Ints
    lots: Ints
    entry_ms: Ints
    exit_ms: Ints
    entry_ticks: Ints
    stop_ticks: Ints  # where the first stop was
    exit_ticks: Ints
    reason: Ints
    regime: Ints
    confidence: Floats
    bars_held: Ints
    gross: Ints
    fees: Ints
    funding: Ints
    risk: Ints


class Walked(NamedTuple):
    """What one walk left behind: the account's record, the places, trades, days and how often each check did not hold."""

    account: Records
    places: Records
    trades: RawTrades
    days: Records
    funnel: Ints


class Rejection(StrEnum):
    """Why the exchange said no to an entry at the open: between decision and fill lie the gap, the spread and the fee."""

    BELOW_MINIMUM = "below_minimum"
    OVER_LEVERAGE = "over_leverage"
    NO_MARGIN = "no_margin"


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed trade and what history knows beside it. Bars are counted from the first candle of its symbol."""

    trade: Trade
    regime: Regime  # of the bar on which the entry was decided
    confidence: float
    bars_held: int


@dataclass(frozen=True, slots=True)
class LeftOpen:
    """A position that history ended with. It is not among the trades: nobody knows how it would have ended."""

    symbol: str
    side: Side
    entry_time_ms: int
    entry_price: Decimal
    quantity: Decimal
    unrealised: Decimal  # at the last close, before the costs of leaving
    fees: Decimal  # of the entry; the wallet has paid them, as it has the funding
    funding: Decimal

    @property
    def net(self) -> Decimal:
        """What it has come to by the end."""
        return self.unrealised - self.fees + self.funding


@dataclass(frozen=True, slots=True)
class Run:
    """One walk. `bars` were walked over all symbols, `judged` of them ruled on after the warm-up.

    `day_ms` and `day_equity` are the account at the end of each UTC day: what the next one began with, after the orders that
    went out at its first open; the last day stands at the last close. `wallet_after` is `wallet_before`, the net of all
    trades, and the fees and funding of what is left open, to the last digit. `funnel` counts, over the judged bars, how
    often each check did not hold (a bar may count for many); `entered` how many bars became entries, `rejected` how many of
    those the exchange said no to at the open. `drawdown` is the largest fall of equity under its peak, as a fraction.
    `latched_ms` is when the latch ended all entries; 0 = it did not.
    """

    symbols: tuple[str, ...]
    interval_ms: int
    begin_ms: int
    end_ms: int
    wallet_before: Decimal
    wallet_after: Decimal
    trades: tuple[Closed, ...]
    left_open: tuple[LeftOpen, ...]
    day_ms: Ints
    day_equity: Floats
    bars: int
    judged: int
    entered: int
    rejected: dict[Rejection, int]
    bars_in_position: int
    drawdown: float
    latched_ms: int
    funnel: dict[Code, int]
    held_return: dict[str, float]  # buy and hold of each symbol over the judged time, as a fraction
