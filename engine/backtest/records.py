"""The memory of a compiled walk: record arrays. A record passes through functions as one pointer, a tuple of arrays as hundreds
of numbers. Money in whole units of 1e-8 of the quote asset.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from engine.execution.fills import UNITS
from engine.execution.lot_rules import lot_rules
from engine.model.market import SymbolRules
from engine.params import TradingParams

type Record = Any  # one row of an array below
type Records = Any  # an array of them; compiled code reads its columns as attributes

FLAT: Final = 0
ENTERING: Final = 1  # an entry goes out at the next open
HELD: Final = 2
LEAVING: Final = 3  # an exit goes out at the next open

NEVER_BAR: Final = -1_000_000_000


def _dtype(ints: str, floats: str) -> np.dtype[np.void]:
    return np.dtype([*((name, np.int64) for name in ints.split()), *((name, np.float64) for name in floats.split())])


ROW: Final = np.dtype(
    [
        *((name, np.float64) for name in ("open", "high", "low", "close", "atr", "adx", "confidence")),
        ("age", np.int32),
        ("regime", np.int8),
        ("side", np.int8),
    ],
    align=True,
)
"""A bar, what it looks like and what the rules say: one line of the processor's cache. `side` is the proposal's sign."""

SYMBOL: Final = _dtype(
    "begin count first payments_from payments_to candidates_from candidates_to"
    " tick_units price_scale step_units quantity_scale min_lots max_lots least_worth",
    "min_notional",
)
"""Where a symbol's rows, payments and candidates lie (`first`: the step of its first bar), and its grid."""

BRACKET: Final = np.dtype(
    [
        ("notional_cap", np.float64),
        ("max_leverage", np.int64),
        ("maintenance_rate", np.float64),
        ("maintenance_amount", np.float64),
    ]
)
PAYMENT: Final = _dtype("time_ms rate_e8", "")
CANDIDATE: Final = np.dtype(
    [
        *((name, np.float64) for name in ("confidence", "adx", "adx_before")),
        *((name, np.int32) for name in ("step", "age")),
        *((name, np.int8) for name in ("regime", "side")),
    ]
)
"""A bar on which a symbol's rules propose the side of its regime, with what the gate reads of it: nothing else can be entered,
whatever the settings."""

TERMS: Final = _dtype(
    "first_ms interval_ms steps taker_ppm liquidation_ppm warmup_bars sides from_ms is_counted", "half_spread slippage"
)
PLACE: Final = _dtype(
    "stage side lots entry_ticks entry_ms entry_bar exit_bar fees funding margin reason regime next_payment opened_ms",
    "confidence atr mark first_stop resting_stop liquidation entry risk_distance stop target wide_stop best_close",
)
"""A symbol's position, what waits for the next open, and the levels of its plan. `resting_stop` is what the exchange has: a
stop that the price was beyond when it was to move is refused, and the position is left at market."""

ACCOUNT: Final = _dtype(
    "wallet bound open streak locked_until_ms latched_ms day_ms trades days entered judged bars_in_position"
    " below_minimum over_leverage no_margin",
    "peak day_start drawdown",
)
"""The last three count the entries that the exchange rejected at the open, by `Rejection`."""
TRADE: Final = _dtype(
    "symbol side lots entry_ms exit_ms entry_ticks stop_ticks exit_ticks reason regime bars_held gross fees funding risk",
    "confidence",
)
DAY: Final = _dtype("day_ms", "equity")
PARAMS: Final = np.dtype(
    [
        (name, np.int64 if isinstance(default, int) else np.float64)
        for name, default in TradingParams()._asdict().items()
        if name != "weights"
    ]
)


def params_record(params: TradingParams) -> Records:
    """The settings that a walk reads, as one record. The weights are not among them: the rules were asked before."""
    made = np.zeros(1, PARAMS)
    for name in PARAMS.names or ():
        made[name] = getattr(params, name)
    return made


def symbol_records(rules: Sequence[SymbolRules]) -> Records:
    """The grids; where everything lies is filled in by whoever lays it out."""
    made = np.zeros(len(rules), SYMBOL)
    for record, one in zip(made, rules, strict=True):
        for name, value in lot_rules(one)._asdict().items():
            record[name] = value
        record["least_worth"] = int(one.min_notional * UNITS)
    return made


def bracket_records(rules: Sequence[SymbolRules]) -> Records:
    """Symbols by rows. A shorter table repeats its last row, which changes nothing."""
    rows = max(len(one.brackets) for one in rules)
    made = np.zeros((len(rules), rows), BRACKET)
    for at, one in enumerate(rules):
        made[at] = [tuple(row) for row in (*one.brackets, *[one.brackets[-1]] * (rows - len(one.brackets)))]
    return made


def new_account(wallet: int, day_ms: int) -> Records:
    """An account with nothing but money."""
    made = np.zeros(1, ACCOUNT)
    made["wallet"], made["day_ms"] = wallet, day_ms
    made["peak"] = made["day_start"] = wallet / UNITS
    return made


def new_places(symbols: int) -> Records:
    """Nothing held, nothing awaited."""
    made = np.zeros(symbols, PLACE)
    made["exit_bar"], made["mark"] = NEVER_BAR, np.nan
    return made
