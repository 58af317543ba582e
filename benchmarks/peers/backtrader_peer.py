"""backtrader: signals from TA-Lib as lines of its feed, bracket orders in `next`."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

import backtrader as bt
import contest
import numpy as np


class Prepared(NamedTuple):
    """The candles, and their times as it counts them."""

    year: contest.Year
    times: Any


class Arrays(bt.feed.DataBase):  # type: ignore[misc]
    """A feed that reads arrays."""

    lines = ("up", "down", "adx", "atr")
    params = (("columns", ()), ("timeframe", bt.TimeFrame.Minutes))

    def start(self) -> None:
        """Begin."""
        super().start()
        self._rows = zip(*(column.tolist() for column in self.p.columns), strict=True)

    def _load(self) -> bool:
        row = next(self._rows, None)
        if row is None:
            return False
        lines = self.lines
        lines.datetime[0], lines.open[0], lines.high[0], lines.low[0], lines.close[0], lines.volume[0] = row[:6]
        lines.up[0], lines.down[0], lines.adx[0], lines.atr[0] = row[6:]
        lines.openinterest[0] = 0.0
        return True


class Crossing(bt.Strategy):  # type: ignore[misc]
    """One decision a bar. Orders fill at the next open."""

    params = (("settings", contest.Settings()),)

    def __init__(self) -> None:
        self.closed, self.net, self.waiting = 0, 0.0, False

    def notify_trade(self, trade: Any) -> None:
        """Count."""
        if trade.isclosed:
            self.closed, self.net = self.closed + 1, self.net + trade.pnlcomm

    def notify_order(self, order: Any) -> None:
        """An entry is on its way until it is filled."""
        if order.parent is None and order.status in (order.Completed, order.Canceled, order.Margin, order.Rejected):
            self.waiting = False

    def next(self) -> None:
        """Enter while flat."""
        data, settings = self.data, self.p.settings
        if not (data.up[0] or data.down[0]) or self.position or self.waiting or not data.adx[0] >= settings.adx_gate:
            return
        close, distance = data.close[0], settings.stop_atr * data.atr[0]
        sign, enter = (1.0, self.buy_bracket) if data.up[0] else (-1.0, self.sell_bracket)
        stop, target = close - sign * distance, close + sign * distance * settings.target_r
        self.waiting = True
        enter(size=contest.QUANTITY, exectype=bt.Order.Market, stopprice=stop, limitprice=target)


def prepare(year: contest.Year) -> Prepared:
    """Days as floats."""
    epoch = bt.date2num(datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None))
    return Prepared(year, year.open_time_ms / 86_400_000.0 + epoch)


def once(prepared: Prepared, settings: contest.Settings) -> contest.Result:
    """A new engine, one run, without observers and statistics."""
    year, times = prepared
    signals = [np.asarray(column, dtype=np.float64) for column in contest.signals(year)]
    engine = bt.Cerebro(stdstats=False)
    engine.adddata(Arrays(columns=(times, *year[1:], *signals)))
    engine.addstrategy(Crossing, settings=settings)
    engine.broker.setcash(contest.CASH)
    engine.broker.setcommission(commission=contest.FEE)
    engine.broker.set_slippage_perc(contest.SLIPPAGE)
    walked = engine.run()[0]
    return contest.Result(walked.closed, walked.net)


if __name__ == "__main__":
    contest.compete(
        name="backtrader",
        version=bt.__version__,
        prepare=prepare,
        once=once,
        many=None,
        counted="arrays -> TA-Lib -> run -> closed trades",
    )
