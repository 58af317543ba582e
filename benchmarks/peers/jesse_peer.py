"""jesse: `research.backtest` in its fast mode, with its own (rust) indicators over a strategy's candles."""

from importlib.metadata import version
from typing import Any

import contest
import numpy as np
from jesse import indicators, research, strategies

EXCHANGE = "Binance Perpetual Futures"
SYMBOL = "ETH-USDT"
WARM_UP = 240
CONFIG: dict[str, Any] = {
    "starting_balance": contest.CASH,
    "fee": contest.FEE + contest.SLIPPAGE,
    "type": "futures",
    "futures_leverage": 5,
    "futures_leverage_mode": "cross",
    "exchange": EXCHANGE,
    "warm_up_candles": WARM_UP,
}


class Crossing(strategies.Strategy):  # type: ignore[misc]
    """One decision a bar; the levels are placed when the position opens."""

    settings = contest.Settings()

    def before(self) -> None:
        """Look at the bar, if there is anything to decide."""
        self.vars["side"] = 0
        if self.position.is_close:
            self.vars["side"] = self.looked()

    def looked(self) -> int:
        """The side of a fresh cross that passes the gate."""
        candles = self.candles[-WARM_UP:]
        short = indicators.ema(candles, contest.EMA_SHORT, sequential=True)
        long = indicators.ema(candles, contest.EMA_LONG, sequential=True)
        is_up, is_down = short[-1] > long[-1] and short[-2] <= long[-2], short[-1] < long[-1] and short[-2] >= long[-2]
        if not (is_up or is_down) or indicators.adx(candles, contest.PERIOD) < self.settings.adx_gate:
            return 0
        rsi = indicators.rsi(candles, contest.PERIOD)
        self.vars["distance"] = self.settings.stop_atr * indicators.atr(candles, contest.PERIOD)
        if is_up:
            return 1 if rsi > contest.RSI_MIDDLE else 0
        return -1 if rsi < contest.RSI_MIDDLE else 0

    def should_long(self) -> bool:
        """The look."""
        return bool(self.vars["side"] > 0)

    def should_short(self) -> bool:
        """The look."""
        return bool(self.vars["side"] < 0)

    def go_long(self) -> None:
        """At the market."""
        self.buy = contest.QUANTITY, self.price

    def go_short(self) -> None:
        """At the market."""
        self.sell = contest.QUANTITY, self.price

    def on_open_position(self, order: Any) -> None:
        """Stop and target."""
        sign = 1.0 if self.is_long else -1.0
        distance = sign * self.vars["distance"]
        self.stop_loss = contest.QUANTITY, self.position.entry_price - distance
        self.take_profit = contest.QUANTITY, self.position.entry_price + distance * self.settings.target_r

    def should_cancel_entry(self) -> bool:
        """Market orders do not wait."""
        return True


def prepare(year: contest.Year) -> np.ndarray[Any, Any]:
    """Its table: time, open, close, high, low, volume."""
    return np.column_stack([year.open_time_ms, year.open, year.close, year.high, year.low, year.volume]).astype(np.float64)


def once(table: np.ndarray[Any, Any], settings: contest.Settings) -> contest.Result:
    """One run, its statistics included."""
    Crossing.settings = settings
    route = {"exchange": EXCHANGE, "strategy": Crossing, "symbol": SYMBOL, "timeframe": "1m"}
    key = f"{EXCHANGE}-{SYMBOL}"
    warm_up = {key: {"exchange": EXCHANGE, "symbol": SYMBOL, "candles": table[:WARM_UP]}}
    candles = {key: {"exchange": EXCHANGE, "symbol": SYMBOL, "candles": table[WARM_UP:]}}
    answer = research.backtest(CONFIG, [route], [], candles, warmup_candles=warm_up, fast_mode=True)
    metrics = answer["metrics"]
    return contest.Result(int(metrics["total"]), float(metrics.get("net_profit", 0.0)))


if __name__ == "__main__":
    contest.compete(
        name="jesse",
        version=version("jesse"),
        prepare=prepare,
        once=once,
        many=None,
        counted="table -> research.backtest in fast mode -> metrics; prepared: the table",
    )
