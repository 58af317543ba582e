"""A backtest audited: our indicators against pandas-ta, and the Trader itself over the same candles, on the paper exchange."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from engine.adapters.paper_books import PaperBooks
from engine.adapters.paper_counter import PaperCounter
from engine.adapters.paper_exchange import PaperExchange
from engine.adapters.paper_fills import Costs
from engine.adapters.paper_intake import BELOW_NOTIONAL, LEVERAGE_LIMIT, NO_MARGIN
from engine.backtest.audit.found import Audit
from engine.backtest.audit.trader import Exchange, trader_compared
from engine.backtest.history import Simulation, SymbolHistory
from engine.backtest.replay import ReplayClock
from engine.backtest.result import Rejection, Run
from engine.execution.fills import MILLION
from engine.params import TradingParams

REJECTIONS: Final = {
    BELOW_NOTIONAL[0]: Rejection.BELOW_MINIMUM,
    LEVERAGE_LIMIT[0]: Rejection.OVER_LEVERAGE,
    NO_MARGIN[0]: Rejection.NO_MARGIN,
}


def audited(
    run: Run,
    histories: Sequence[SymbolHistory],
    simulation: Simulation,
    params: TradingParams,
    begin: Callable[[str], None],
) -> Audit:
    """Audit a run; `begin` is told of each step."""
    begin("auditing: the indicators against pandas-ta")
    from engine.backtest.audit.indicators import indicators_compared

    indicators = tuple(indicators_compared(one.candles, params) for one in histories)
    begin("auditing: the Trader itself walks the same candles, slow")
    return Audit(indicators, trader_compared(run, histories, simulation, params, paper(histories, simulation)))


def paper(histories: Sequence[SymbolHistory], simulation: Simulation) -> Exchange:
    """The paper exchange for a replay, with the money and the costs of the simulation."""

    def opened(clock: ReplayClock) -> PaperCounter:
        costs = simulation.costs
        ppm = (costs.taker_ppm, costs.slippage_ppm, costs.half_spread_ppm, costs.liquidation_ppm)
        exchange = PaperExchange(PaperBooks(simulation.wallet), Costs(*(Decimal(one) / MILLION for one in ppm)))
        return PaperCounter(exchange, symbols=[one.candles.symbol for one in histories], clock=clock)

    return Exchange(opened, REJECTIONS)
