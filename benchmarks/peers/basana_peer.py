"""basana: signals from TA-Lib, its event loop and simulated exchange with a market, a stop and a limit order a signal."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.metadata import version
from typing import Any, NamedTuple

import basana as bs
import contest
from basana.backtesting import exchange as simulated
from basana.backtesting import fees, liquidity

PAIR = bs.Pair("ETH", "USDT")
MINUTE = timedelta(minutes=1)
QUANTITY = Decimal(str(contest.QUANTITY))
CENT = Decimal("0.01")


class Prepared(NamedTuple):
    """The candles, and its events, one a bar."""

    year: contest.Year
    events: list[bs.BarEvent]


class Bars(bs.EventSource):  # type: ignore[misc]
    """Events from a list."""

    def __init__(self, events: list[bs.BarEvent]) -> None:
        super().__init__()
        self._events: Iterator[bs.BarEvent] = iter(events)

    def pop(self) -> bs.BarEvent | None:
        """The next."""
        return next(self._events, None)


def prepare(year: contest.Year) -> Prepared:
    """Its own objects, prices as Decimal."""
    columns = [[Decimal(f"{value:.2f}") for value in column.tolist()] for column in year[1:5]]
    volumes = [Decimal(f"{value:.3f}") for value in year.volume.tolist()]
    events = []
    for time_ms, open_, high, low, close, volume in zip(year.open_time_ms.tolist(), *columns, volumes, strict=True):
        begin = datetime.fromtimestamp(time_ms / 1_000, tz=UTC)
        bar = bs.Bar(begin, PAIR, open_, high, low, close, volume, MINUTE)
        events.append(bs.BarEvent(begin + MINUTE, bar))
    return Prepared(year, events)


class Crossing:
    """One decision a bar. Shorts sell from a balance; whichever of stop and target fills, the other is cancelled."""

    def __init__(self, exchange: simulated.Exchange, year: contest.Year, settings: contest.Settings) -> None:
        up, down, adx, self._atr = contest.signals(year)
        is_open = adx >= settings.adx_gate
        self._sides = ((up & is_open).astype(int) - (down & is_open).astype(int)).tolist()
        self._exchange, self._settings, self._bar = exchange, settings, -1
        self._exits: tuple[str, str] | None = None
        self.closed = 0

    async def on_bar(self, event: bs.BarEvent) -> None:
        """Look after a position, or enter."""
        self._bar += 1
        if self._exits is not None and not await self._is_over(self._exits):
            return
        side = self._sides[self._bar]
        if side != 0:
            await self._enter(side, event.bar.close)

    async def _is_over(self, exits: tuple[str, str]) -> bool:
        orders = [await self._exchange.get_order_info(order) for order in exits]
        if all(order.is_open for order in orders):
            return False
        for order in orders:
            if order.is_open:
                await self._exchange.cancel_order(order.id)
        self._exits, self.closed = None, self.closed + 1
        return True

    async def _enter(self, side: int, close: Decimal) -> None:
        distance = side * Decimal(self._settings.stop_atr * float(self._atr[self._bar]))
        stop = (close - distance).quantize(CENT)
        target = (close + distance * Decimal(self._settings.target_r)).quantize(CENT)
        enter, leave = (bs.OrderOperation.BUY, bs.OrderOperation.SELL)[::side]
        await self._exchange.create_market_order(enter, PAIR, QUANTITY)
        stopping = await self._exchange.create_stop_order(leave, PAIR, QUANTITY, stop)
        limit = await self._exchange.create_limit_order(leave, PAIR, QUANTITY, target)
        self._exits = stopping.id, limit.id


def once(prepared: Prepared, settings: contest.Settings) -> contest.Result:
    """A new dispatcher and exchange, one run. Net: what both balances changed by, at the last close."""
    start = {"ETH": Decimal(1_000), "USDT": Decimal(contest.CASH)}
    last = float(prepared.year.close[-1])

    async def run() -> tuple[int, dict[str, Any]]:
        dispatcher = bs.backtesting_dispatcher()
        exchange = simulated.Exchange(
            dispatcher,
            start,
            liquidity_strategy_factory=liquidity.InfiniteLiquidity,
            fee_strategy=fees.Percentage(Decimal(str(100 * (contest.FEE + contest.SLIPPAGE)))),
            default_pair_info=bs.PairInfo(base_precision=3, quote_precision=2),
        )
        crossing = Crossing(exchange, prepared.year, settings)
        exchange.add_bar_source(Bars(prepared.events))
        exchange.subscribe_to_bar_events(PAIR, crossing.on_bar)
        await dispatcher.run()
        return crossing.closed, await exchange.get_balances()

    closed, balances = asyncio.run(run())
    change = {name: float(balances[name].total - start[name]) if name in balances else 0.0 for name in start}
    return contest.Result(closed, change["USDT"] + change["ETH"] * last)


if __name__ == "__main__":
    contest.compete(
        name="basana",
        version=version("basana"),
        prepare=prepare,
        once=once,
        many=None,
        counted="BarEvents -> TA-Lib -> new dispatcher and exchange -> run -> balances; prepared: the BarEvents",
    )
