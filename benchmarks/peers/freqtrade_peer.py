"""freqtrade: `Backtesting.backtest` with signals from TA-Lib in the data frame, ATR stop and target by its callbacks.

Its exchange object is made without a connection: one market, one leverage tier. Positions are a fixed stake, 1 at a time.
"""

import logging
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Final, NamedTuple

import contest
import freqtrade
import pandas as pd
from freqtrade.enums import CandleType, RunMode
from freqtrade.exchange.binance import Binance
from freqtrade.optimize.backtesting import Backtesting
from freqtrade.persistence import Trade
from freqtrade.strategy import IStrategy

PAIR: Final = "ETH/USDT:USDT"
STAKE: Final = 2_000.0
MARKET: Final = {
    "id": "ETHUSDT",
    "symbol": PAIR,
    "base": "ETH",
    "quote": "USDT",
    "settle": "USDT",
    "active": True,
    "spot": False,
    "swap": True,
    "future": False,
    "linear": True,
    "contract": True,
    "contractSize": 1.0,
    "type": "swap",
    "precision": {"amount": 0.001, "price": 0.01},
    "limits": {
        "amount": {"min": 0.001, "max": 10_000.0},
        "price": {"min": 0.01, "max": 1e6},
        "cost": {"min": 5.0, "max": None},
        "leverage": {"min": 1.0, "max": 125.0},
    },
    "taker": contest.FEE,
    "maker": contest.FEE,
    "info": {},
}
TIER: Final = {"minNotional": 0.0, "maxNotional": 1e12, "maintenanceMarginRate": 0.005, "maxLeverage": 20.0, "maintAmt": 0.0}


class Crossing(IStrategy):
    """Signals in the frame; the two levels are remembered at the entry and asked for on every bar of a trade."""

    INTERFACE_VERSION = 3
    timeframe = "1m"
    can_short = True
    stoploss = -0.5
    use_custom_stoploss = True
    use_exit_signal = True
    minimal_roi: ClassVar[dict[str, float]] = {}
    use_custom_roi = True
    process_only_new_candles = True
    startup_candle_count = 0
    order_types: ClassVar[dict[str, Any]] = {
        "entry": "market",
        "exit": "market",
        "stoploss": "market",
        "stoploss_on_exchange": False,
    }

    settings = contest.Settings()

    def populate_indicators(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:
        """All of them."""
        up, down, dataframe["adx"], dataframe["atr"] = contest.signals(as_year(dataframe))
        dataframe["up"], dataframe["down"] = up, down
        return dataframe

    def populate_entry_trend(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:
        """The gate. The distance in fractions of the close travels as the entry's tag."""
        is_open = dataframe["adx"] >= self.settings.adx_gate
        dataframe["enter_long"] = (dataframe["up"] & is_open).astype(int)
        dataframe["enter_short"] = (dataframe["down"] & is_open).astype(int)
        dataframe["enter_tag"] = (self.settings.stop_atr * dataframe["atr"] / dataframe["close"]).astype(str)
        return dataframe

    def populate_exit_trend(self, dataframe: pd.DataFrame, metadata: dict[str, Any]) -> pd.DataFrame:
        """None: levels end trades."""
        return dataframe

    def custom_stoploss(
        self, pair: str, trade: Trade, current_time: datetime, current_rate: float, current_profit: float, **_: Any
    ) -> float | None:
        """Set once: it takes distances from the present price, and moves the stop only towards it."""
        if trade.stop_loss_pct is not None and trade.stop_loss_pct > -0.4:
            return None
        sign = -1.0 if trade.is_short else 1.0
        stop = trade.open_rate * (1.0 - sign * float(trade.enter_tag or 0.0))
        return max(1e-6, sign * (current_rate - stop) / current_rate)

    def custom_roi(
        self, pair: str, trade: Trade, current_time: datetime, trade_duration: int, entry_tag: str | None, side: str, **_: Any
    ) -> float:
        """The target, as the profit that it is without fees."""
        return float(entry_tag or 0.0) * self.settings.target_r


class Prepared(NamedTuple):
    """A backtesting object with its exchange, and the frame."""

    backtesting: Backtesting
    frame: pd.DataFrame


def as_year(frame: pd.DataFrame) -> contest.Year:
    """The arrays of a frame."""
    return contest.Year(None, *(frame[name].to_numpy() for name in contest.Year._fields[1:]))


def prepare(year: contest.Year) -> Prepared:
    """Configuration, exchange and frame."""
    logging.disable(logging.CRITICAL)
    folder = Path(tempfile.mkdtemp())
    config: dict[str, Any] = {
        "runmode": RunMode.BACKTEST,
        "dry_run": True,
        "dry_run_wallet": contest.CASH,
        "stake_currency": "USDT",
        "stake_amount": STAKE,
        "max_open_trades": 1,
        "timeframe": "1m",
        "trading_mode": "futures",
        "margin_mode": "isolated",
        "candle_type_def": CandleType.FUTURES,
        "exchange": {"name": "binance", "pair_whitelist": [PAIR], "pair_blacklist": [], "enable_ws": False},
        "pairlists": [{"method": "StaticPairList"}],
        "entry_pricing": {"price_side": "other", "use_order_book": False},
        "exit_pricing": {"price_side": "other", "use_order_book": False},
        "fee": contest.FEE + contest.SLIPPAGE,
        "dataformat_ohlcv": "feather",
        "datadir": folder,
        "user_data_dir": folder,
        "strategy": "Crossing",
        "strategy_path": str(Path(__file__).parent),
        "export": "none",
    }
    exchange = Binance(config, validate=False)
    exchange._markets = {PAIR: MARKET}
    exchange._api.markets = exchange._markets
    exchange._leverage_tiers = {PAIR: [TIER]}
    backtesting = Backtesting(config, exchange)
    backtesting.futures_data = {PAIR: pd.DataFrame(columns=["date", "open_fund", "open_mark"])}
    backtesting.funding_fee_timeframe_secs = 8 * 3_600
    frame = pd.DataFrame({name: getattr(year, name) for name in contest.Year._fields[1:]})
    frame.insert(0, "date", pd.to_datetime(year.open_time_ms, unit="ms", utc=True))
    return Prepared(backtesting, frame)


def once(prepared: Prepared, settings: contest.Settings) -> contest.Result:
    """Indicators, signals, walk."""
    backtesting, frame = prepared
    strategy = backtesting.strategylist[0]
    strategy.settings = settings
    backtesting._set_strategy(strategy)
    processed = strategy.advise_all_indicators({PAIR: frame.copy()})
    ended = backtesting.backtest(processed, frame["date"].iloc[0].to_pydatetime(), frame["date"].iloc[-1].to_pydatetime())
    trades = ended["results"]
    return contest.Result(len(trades), float(trades["profit_abs"].sum()) if len(trades) else 0.0)


if __name__ == "__main__":
    contest.compete(
        name="freqtrade",
        version=freqtrade.__version__,
        prepare=prepare,
        once=once,
        many=None,
        counted="DataFrame -> TA-Lib -> signals -> backtest -> trades; prepared: configuration, exchange object, DataFrame",
    )
