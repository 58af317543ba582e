"""backtesting.py: signals from TA-Lib over whole arrays, orders with a stop and a target in `next`."""

import warnings
from typing import Any

import contest
import pandas as pd
from backtesting import Backtest, Strategy, __version__

warnings.simplefilter("ignore")  # it warns of positions left open at the end


def prepare(year: contest.Year) -> tuple[contest.Year, pd.DataFrame]:
    """The frame that it takes."""
    columns = {"Open": year.open, "High": year.high, "Low": year.low, "Close": year.close, "Volume": year.volume}
    return year, pd.DataFrame(columns, index=pd.to_datetime(year.open_time_ms, unit="ms"))


class Crossing(Strategy):  # type: ignore[misc]
    """One decision a bar. Orders fill at the next open."""

    year: contest.Year | None = None
    settings: contest.Settings | None = None

    def init(self) -> None:
        """Take the arrays."""
        up, down, adx, atr = contest.signals(self.year)
        is_open = adx >= self.settings.adx_gate
        self.longs = self.I(lambda: up & is_open, plot=False)
        self.shorts = self.I(lambda: down & is_open, plot=False)
        self.atr = self.I(lambda: atr, plot=False)

    def next(self) -> None:
        """Enter while flat."""
        if self.position or not (self.longs[-1] or self.shorts[-1]):
            return
        close, distance = self.data.Close[-1], self.settings.stop_atr * self.atr[-1]
        if self.longs[-1]:
            self.buy(size=contest.QUANTITY, sl=close - distance, tp=close + distance * self.settings.target_r)
        else:
            self.sell(size=contest.QUANTITY, sl=close + distance, tp=close - distance * self.settings.target_r)


def once(prepared: tuple[contest.Year, pd.DataFrame], settings: contest.Settings) -> contest.Result:
    """One run, statistics included: it has no way around them."""
    year, frame = prepared
    test = Backtest(frame, Crossing, cash=contest.CASH, commission=contest.FEE, spread=contest.SLIPPAGE, finalize_trades=False)
    trades: Any = test.run(year=year, settings=settings)["_trades"]
    return contest.Result(len(trades), float(trades["PnL"].sum()))


if __name__ == "__main__":
    contest.compete(
        name="backtesting.py",
        version=__version__,
        prepare=prepare,
        once=once,
        many=None,
        counted="DataFrame -> TA-Lib -> run -> trades and statistics; prepared: the DataFrame",
    )
