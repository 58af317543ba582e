"""Our side of the contest: `engine.backtest.kernel.Walker` with the rules that trade, as they are.

What is asked for is more than the peers are asked for: 16 indicators, seven votes, prices and lots on the exchange's grid,
margin, liquidation, funding and the account's limits. `trades` gives arrays, as a search takes them; `run` rules on every
bar for the funnel, and books each trade in the Decimal ledger.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from importlib.metadata import version
from typing import Final

import numpy as np
from peers import contest

from engine.backtest.history import Candles, Simulation, SymbolHistory, assumed_funding
from engine.backtest.kernel import Walker
from engine.model.market import Bracket, SymbolRules
from engine.params import TradingParams

VARIANT: Final = contest.variant("trades", "run", "threads")
THREADS: Final = 2
MINUTE_MS: Final = 60_000
WALLET: Final = Decimal(1_000_000)
SMALL: Final = 0.001  # of the wallet as margin: a year of losing trades does not end the account, nor the contest
RULES: Final = SymbolRules(
    symbol="ETHUSDT",
    tick_size=Decimal("0.01"),
    step_size=Decimal("0.001"),
    min_quantity=Decimal("0.001"),
    max_market_quantity=Decimal(2_000),
    min_notional=Decimal(20),
    is_trading=True,
    brackets=(Bracket(50_000.0, 125, 0.004, 0.0), Bracket(600_000.0, 100, 0.005, 50.0), Bracket(1e9, 50, 0.01, 3_050.0)),
)


def params_of(settings: contest.Settings) -> TradingParams:
    """One of the grid's settings, its losses limited by nothing but the wallet."""
    return TradingParams(
        adx_minimum=settings.adx_gate,
        stop_atr_multiplier=settings.stop_atr,
        take_profit_multiplier=settings.target_r,
        max_position_value_ratio=SMALL,
        max_drawdown=1.0,
        max_daily_loss=1.0,
        max_loss_streak=1_000,
    )


def history(year: contest.Year, symbol: str) -> SymbolHistory:
    """The arrays as a backtest is given them."""
    candles = Candles(symbol, MINUTE_MS, *year)
    return SymbolHistory(candles, RULES, assumed_funding(int(year.open_time_ms[0]), candles.end_ms))


def walker(year: contest.Year) -> Walker:
    """A new one, with nothing kept from a run before."""
    return Walker([history(year, "ETHUSDT")], Simulation(wallet=WALLET))


def trades_of(walking: Walker, settings: contest.Settings) -> contest.Result:
    """Arrays only. Their money is in units of 1e-8."""
    found = walking.trades(params_of(settings))
    net = int(np.sum(found.gross) - np.sum(found.fees) + np.sum(found.funding))
    return contest.Result(len(found.gross), net / 1e8)


def once(year: contest.Year, settings: contest.Settings) -> contest.Result:
    """From arrays."""
    if VARIANT != "run":
        return trades_of(walker(year), settings)
    run = walker(year).run(params_of(settings))
    return contest.Result(len(run.trades), float(run.wallet_after - run.wallet_before))


def many(year: contest.Year, grid: Sequence[contest.Settings]) -> list[contest.Result]:
    """One Walker, setting by setting."""
    walking = walker(year)
    if VARIANT != "threads":
        return [trades_of(walking, settings) for settings in grid]
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(partial(trades_of, walking), grid))


if __name__ == "__main__":
    does = {"trades": "trade records", "run": "rulings, ledger, funnel", "threads": "trade records, 2 threads"}[VARIANT]
    contest.compete(
        name=f"AUTOBOT {VARIANT}",
        version=version("autobot"),
        prepare=lambda year: year,
        once=once,
        many=None if VARIANT == "run" else many,
        counted=f"arrays -> new Walker -> {does}",
    )
