"""vectorbt: signals from TA-Lib over whole arrays, then `Portfolio.from_signals` with stops as fractions of the fill.

The variants name its compiled code, and "own" AUTOBOT's own rules instead of the small strategy, with a stop that trails
and exits by regime. Settings are walked one after another over shared indicators: faster here
than as columns of one call.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import contest
import numpy as np
import pandas as pd
import vectorbt as vbt

VARIANT: Final = contest.variant("rust", "numba", "rust-own", "numba-own")
ENGINE: Final = VARIANT.split("-")[0]
OWN_RULES: Final = VARIANT.endswith("own")


type Prepared = tuple[contest.Year, pd.Series]


class Seen(NamedTuple):
    """What the grid's settings share, moved to the next bar, where fills are."""

    longs: Any
    shorts: Any
    exits: Any
    short_exits: Any
    adx: Any
    reach: Any


def prepare(year: contest.Year) -> Prepared:
    """The series that it takes."""
    return year, pd.Series(year.close)


def next_bar(values: Any, fill: Any) -> Any:
    """What was decided on a bar is done on the next."""
    moved = np.empty_like(values)
    moved[0], moved[1:] = fill, values[:-1]
    return moved


def look(year: contest.Year) -> Seen:
    """Indicators and signals."""
    if OWN_RULES:
        import rules_in_arrays

        own = rules_in_arrays.seen(year)
        longs, shorts, adx, atr = own.longs, own.shorts, own.adx, own.atr
        exits, short_exits = next_bar(own.is_bear, False), next_bar(own.is_bull, False)
    else:
        longs, shorts, adx, atr = contest.signals(year)
        exits = short_exits = False
    moved = (next_bar(longs, False), next_bar(shorts, False), exits, short_exits)
    return Seen(*moved, next_bar(adx, np.nan), next_bar(atr / year.close, np.nan))


def walked(prepared: Prepared, seen: Seen, settings: contest.Settings) -> contest.Result:
    """One setting over what was seen."""
    year, close = prepared
    is_open = seen.adx >= settings.adx_gate
    stop = seen.reach * settings.stop_atr
    portfolio = vbt.Portfolio.from_signals(
        close=close,
        open=year.open,
        high=year.high,
        low=year.low,
        price=year.open,
        entries=seen.longs & is_open,
        short_entries=seen.shorts & is_open,
        exits=seen.exits,
        short_exits=seen.short_exits,
        sl_stop=stop,
        sl_trail=OWN_RULES,
        tp_stop=stop * settings.target_r,
        stop_entry_price="fillprice",
        stop_exit_price="stopmarket",
        upon_opposite_entry="ignore",
        size=contest.QUANTITY,
        fees=contest.FEE,
        slippage=contest.SLIPPAGE,
        init_cash=contest.CASH,
        freq="1min",
        engine=ENGINE,
    )
    trades = portfolio.trades.closed.values
    return contest.Result(len(trades), float(trades["pnl"].sum()))


def once(prepared: Prepared, settings: contest.Settings) -> contest.Result:
    """One setting."""
    return walked(prepared, look(prepared[0]), settings)


def many(prepared: Prepared, grid: Sequence[contest.Settings]) -> list[contest.Result]:
    """Indicators once, then setting by setting."""
    seen = look(prepared[0])
    return [walked(prepared, seen, settings) for settings in grid]


if __name__ == "__main__":
    contest.compete(
        name=f"vectorbt {ENGINE}{', our rules' if OWN_RULES else ''}",
        version=vbt.__version__,
        prepare=prepare,
        once=once,
        many=many,
        counted="arrays -> TA-Lib -> from_signals -> trade records",
    )
