"""NautilusTrader: its own indicators, a bracket order a signal, bars matched by its exchange; no logging, no analysis."""

from decimal import Decimal
from typing import Any, NamedTuple

import contest
import nautilus_trader
import numpy as np
import pandas as pd
from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.backtest.models import FillModel
from nautilus_trader.config import LoggingConfig, RiskEngineConfig
from nautilus_trader.indicators import (
    AverageTrueRange,
    DirectionalMovement,
    ExponentialMovingAverage,
    MovingAverageType,
    RelativeStrengthIndex,
    WilderMovingAverage,
)
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import Venue
from nautilus_trader.model.instruments import CryptoPerpetual
from nautilus_trader.model.objects import Money
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy

BAR_TYPE = BarType.from_str("ETHUSDT-PERP.BINANCE-1-MINUTE-LAST-EXTERNAL")


class Prepared(NamedTuple):
    """The contract with our fee, and its bars."""

    instrument: CryptoPerpetual
    bars: list[Bar]


def prepare(year: contest.Year) -> Prepared:
    """Its own objects, one a bar."""
    given = CryptoPerpetual.to_dict(TestInstrumentProvider.ethusdt_perp_binance())
    fee = str(contest.FEE)
    instrument = CryptoPerpetual.from_dict(
        given | {"maker_fee": fee, "taker_fee": fee, "margin_init": "0.05", "margin_maint": "0.02"}
    )
    frame = pd.DataFrame(
        {name: getattr(year, name) for name in contest.Year._fields[1:]},
        index=pd.to_datetime(year.open_time_ms + 60_000, unit="ms", utc=True),
    )
    return Prepared(instrument, BarDataWrangler(BAR_TYPE, instrument).process(frame))


class Crossing(Strategy):  # type: ignore[misc]
    """One decision a bar. Market orders fill on the close that they were decided on."""

    def __init__(self, instrument: CryptoPerpetual, settings: contest.Settings) -> None:
        super().__init__()
        self.instrument, self.settings = instrument, settings
        self.quantity = instrument.make_qty(contest.QUANTITY)
        self.short, self.long = ExponentialMovingAverage(contest.EMA_SHORT), ExponentialMovingAverage(contest.EMA_LONG)
        self.rsi = RelativeStrengthIndex(contest.PERIOD, MovingAverageType.WILDER)
        self.atr = AverageTrueRange(contest.PERIOD, MovingAverageType.WILDER)
        self.moves = DirectionalMovement(contest.PERIOD, MovingAverageType.WILDER)
        self.adx = WilderMovingAverage(contest.PERIOD)
        self.was_above = self.was_below = True

    def on_start(self) -> None:
        """Ask for bars; it steps the indicators itself."""
        for indicator in (self.short, self.long, self.rsi, self.atr, self.moves):
            self.register_indicator_for_bars(BAR_TYPE, indicator)
        self.subscribe_bars(BAR_TYPE)

    def on_bar(self, bar: Bar) -> None:
        """Enter while flat."""
        plus, minus = self.moves.pos, self.moves.neg
        self.adx.update_raw(100.0 * abs(plus - minus) / (plus + minus) if plus + minus > 0.0 else 0.0)
        is_above, is_below = self.short.value > self.long.value, self.short.value < self.long.value
        is_fresh_up, is_fresh_down = is_above and not self.was_above, is_below and not self.was_below
        self.was_above, self.was_below = is_above, is_below
        if not (is_fresh_up or is_fresh_down) or self.adx.value < self.settings.adx_gate or not self.indicators_initialized():
            return
        middle = contest.RSI_MIDDLE / 100.0
        if not (self.rsi.value > middle if is_fresh_up else self.rsi.value < middle):
            return
        if self.portfolio.is_flat(BAR_TYPE.instrument_id) and not self.cache.orders_open_count(strategy_id=self.id):
            self._enter(OrderSide.BUY if is_fresh_up else OrderSide.SELL, float(bar.close))

    def _enter(self, side: OrderSide, close: float) -> None:
        sign = 1.0 if side == OrderSide.BUY else -1.0
        distance = sign * self.settings.stop_atr * self.atr.value
        self.submit_order_list(
            self.order_factory.bracket(
                instrument_id=BAR_TYPE.instrument_id,
                order_side=side,
                quantity=self.quantity,
                sl_trigger_price=self.instrument.make_price(close - distance),
                tp_price=self.instrument.make_price(close + distance * self.settings.target_r),
                tp_post_only=False,
            )
        )


def once(prepared: Prepared, settings: contest.Settings) -> contest.Result:
    """A new engine, the bars, one run."""
    config = BacktestEngineConfig(
        logging=LoggingConfig(bypass_logging=True), risk_engine=RiskEngineConfig(bypass=True), run_analysis=False
    )
    engine = BacktestEngine(config=config)
    engine.add_venue(
        venue=Venue("BINANCE"),
        oms_type=OmsType.HEDGING,
        account_type=AccountType.MARGIN,
        base_currency=USDT,
        starting_balances=[Money(contest.CASH, USDT)],
        default_leverage=Decimal(10),
        fill_model=FillModel(prob_slippage=1.0),
    )
    engine.add_instrument(prepared.instrument)
    engine.add_data(prepared.bars)
    engine.add_strategy(Crossing(prepared.instrument, settings))
    engine.run()
    closed: list[Any] = engine.cache.positions_closed()
    net = float(np.sum([position.realized_pnl.as_double() for position in closed]))
    engine.dispose()
    return contest.Result(len(closed), net)


if __name__ == "__main__":
    contest.compete(
        name="NautilusTrader",
        version=nautilus_trader.__version__,
        prepare=prepare,
        once=once,
        many=None,
        counted="Bar objects -> new engine -> run -> closed positions; prepared: the Bar objects",
    )
