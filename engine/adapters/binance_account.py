"""Reading the account from Binance: the whole of it, single orders, executions, funding, a symbol's set-up.

Everything raises `ExchangeFailed` or `BadMessage`: a failed read is never an empty account.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import Final

from engine.adapters.binance_answers import (
    AccountConfig,
    AccountTrade,
    AlgoOrder,
    Balance,
    Income,
    Order,
    Position,
    SymbolConfig,
    fill,
    positions,
    quote_balance,
    resting_order,
    resting_stop,
    setup,
)
from engine.adapters.binance_budget import Need
from engine.adapters.binance_client import Call
from engine.adapters.binance_errors import NO_SUCH_ORDER, NO_SUCH_SYMBOL, NOTHING_TO_CHANGE, NoAnswer, Refused
from engine.adapters.binance_messages import MAX_TIME_MS
from engine.adapters.binance_orders import ALGO_PATH, ORDER_PATH
from engine.adapters.binance_rest import NO_PARAMS, BinanceRest
from engine.adapters.binance_values import money
from engine.market.believed import MOST_LEAP_MS
from engine.model.account import AccountSnapshot, StopSeen, SymbolSetup
from engine.model.market import DAY_MS
from engine.model.orders import Fill

WINDOW_MS: Final = 7 * DAY_MS - 1  # the longest period that one question may span
HISTORY_MS: Final = 89 * DAY_MS  # older orders and executions are not kept
ROWS_PER_PAGE: Final = 1_000
NAMES_KEPT: Final = 2_000
NAMES_AT_ONCE: Final = 5
ONE_BY_ONE: Final = 10  # so many symbols are asked for one by one
BUSY: Final = 0.5  # of the minute's weight
SPACED_S: Final = 3.0


class AccountReader:
    """Reads of one account. `market_ms` gives the newest market time known, 0 before there is one."""

    def __init__(self, rest: BinanceRest, *, symbols: Sequence[str], market_ms: Callable[[], int]) -> None:
        self._rest = rest
        self._symbols = frozenset(symbols)
        self._market_ms = market_ms
        self._names = OrderedDict[int, str]()  # order id -> client id
        self._looked_s = 0.0

    async def snapshot(self) -> AccountSnapshot:
        """Everything at once. A part that cannot be read fails the whole."""
        await self._spaced()
        asked_ms = self._rest.clock.now_ms()
        config, balances, held, orders, stops, setups = await asyncio.gather(
            self._read("/fapi/v1/accountConfig", AccountConfig),
            self._read("/fapi/v3/balance", list[Balance]),
            self._read("/fapi/v3/positionRisk", list[Position]),
            self._open("/fapi/v1/openOrders", list[Order]),
            self._open("/fapi/v1/openAlgoOrders", list[AlgoOrder]),
            self._read("/fapi/v1/symbolConfig", list[SymbolConfig]),
        )
        wallet, available = quote_balance(balances)
        return AccountSnapshot(
            asked_ms=asked_ms,
            wallet=wallet,
            available=available,
            is_one_way=not config.dual_side_position,
            can_trade=config.can_trade,
            positions=positions(held, self.latest_ms()),
            orders=tuple(resting_order(row) for row in orders),
            stops=tuple(resting_stop(row) for row in stops),
            setups=tuple(setup(row) for row in setups if row.symbol in self._symbols),
            is_multi_assets=config.multi_assets_margin,
        )

    async def _spaced(self) -> None:
        """While the minute's weight runs out, looks keep a distance, so that there always is another one."""
        loop = asyncio.get_running_loop()
        if self._rest.used() >= BUSY:
            await asyncio.sleep(max(0.0, self._looked_s + SPACED_S - loop.time()))
        self._looked_s = loop.time()

    async def _open[T](self, path: str, shape: type[list[T]]) -> list[T]:
        """What rests. One symbol weighs 1, all of them at once 40.

        A symbol that the exchange does not know, mistyped or delisted, must not hide what rests in the others.
        """
        if len(self._symbols) > ONE_BY_ONE:
            return await self._read(path, shape)
        try:
            found = await asyncio.gather(*(self._read(path, shape, symbol=symbol) for symbol in sorted(self._symbols)))
        except Refused as refused:
            if refused.code != NO_SUCH_SYMBOL:
                raise
            return await self._read(path, shape)
        return [row for rows in found for row in rows]

    async def setup(self, symbol: str) -> SymbolSetup:
        """How a symbol is set up."""
        rows = await self._read("/fapi/v1/symbolConfig", list[SymbolConfig], symbol=symbol)
        for row in rows:
            if row.symbol == symbol:
                return setup(row)
        raise NoAnswer(f"no set-up of {symbol} in the answer")

    async def set_up(self, symbol: str, leverage: int) -> Sequence[Refused]:
        """Ask for isolated margin and a leverage. What the exchange refused is returned; what was so already is no refusal."""
        refusals = list[Refused]()
        wishes = (("/fapi/v1/marginType", {"marginType": "ISOLATED"}), ("/fapi/v1/leverage", {"leverage": str(leverage)}))
        for path, wish in wishes:
            try:
                await self._rest.once(Call("POST", path, Need.RECONCILE, is_signed=True), {"symbol": symbol, **wish})
            except Refused as refused:
                if refused.code not in NOTHING_TO_CHANGE:
                    refusals.append(refused)
        return refusals

    async def stops(self, symbol: str) -> tuple[StopSeen, ...]:
        """All conditional orders of a symbol."""
        rows = await self._read("/fapi/v1/openAlgoOrders", list[AlgoOrder], symbol=symbol)
        return tuple(resting_stop(row) for row in rows)

    async def order(self, symbol: str, client_id: str) -> Order | None:
        """An order of the regular book by our id, or None where the exchange does not know it now."""
        return await _known(self._read(ORDER_PATH, Order, symbol=symbol, origClientOrderId=client_id))

    async def stop(self, client_id: str) -> AlgoOrder | None:
        """A conditional order by our id, or None where the exchange does not know it now."""
        return await _known(self._read(ALGO_PATH, AlgoOrder, clientAlgoId=client_id))

    async def fills(self, symbol: str, since_ms: int) -> tuple[Fill, ...]:
        """The executions of a symbol since a moment of market time, oldest first."""
        rows = dict[int, AccountTrade]()
        for start in await self._windows(symbol, since_ms):
            for row in await self._trades_of_window(symbol, start):
                rows[row.id] = row
        trades = [rows[key] for key in sorted(rows)]
        names = await self._names_of(symbol, list(dict.fromkeys(row.order_id for row in trades)))
        latest_ms = self.latest_ms()
        return tuple(fill(row, names[row.order_id], latest_ms) for row in trades)

    async def order_names(self, symbol: str, since_ms: int) -> frozenset[str]:
        """The client ids of all orders of a symbol since a moment of market time, in whatever state."""
        path, size, names = "/fapi/v1/allOrders", str(ROWS_PER_PAGE), set[str]()
        for start in await self._windows(symbol, since_ms):
            times = {"startTime": str(start), "endTime": str(start + WINDOW_MS)}
            page = await self._read(path, list[Order], symbol=symbol, limit=size, **times)
            names.update(row.client_order_id for row in page)
            while len(page) == ROWS_PER_PAGE:
                following = str(max(row.order_id for row in page) + 1)
                page = await self._read(path, list[Order], symbol=symbol, limit=size, orderId=following)
                names.update(row.client_order_id for row in page)
        return frozenset(names)

    async def funding(self, symbol: str, since_ms: int) -> list[tuple[int, Decimal]]:
        """The funding payments of a symbol since a moment of market time: when, and how much."""
        rows, start = list[Income](), since_ms
        while True:
            page = await self._read(
                "/fapi/v1/income",
                list[Income],
                symbol=symbol,
                incomeType="FUNDING_FEE",
                startTime=str(start),
                limit=str(ROWS_PER_PAGE),
            )
            rows.extend(row for row in page if row.time >= start)
            if len(page) < ROWS_PER_PAGE or page[-1].time < start:
                return [(row.time, money(row.income)) for row in rows]
            start = page[-1].time + 1

    def latest_ms(self) -> int:
        """What is of a later market time than this is not believed. The feed may be away for long: its newest may be old."""
        market_ms = self._market_ms()
        return max(market_ms, self._rest.clock.now_ms()) + MOST_LEAP_MS if market_ms else MAX_TIME_MS

    def remember(self, order_id: int, client_id: str) -> None:
        """Note an order's name that was seen elsewhere: executions are listed without it."""
        self._names[order_id] = client_id
        if len(self._names) > NAMES_KEPT:
            self._names.popitem(last=False)

    async def _windows(self, symbol: str, since_ms: int) -> range:
        """Where the windows begin that reach from a moment of market time up to now.

        Before the feed runs no market time is known: at a start the exchange itself is asked for it.
        """
        market_ms = self._market_ms() or (await self._rest.premium(symbol)).time
        until_ms = max(market_ms, since_ms)
        return range(max(since_ms, until_ms - HISTORY_MS), until_ms + 1, WINDOW_MS + 1)

    async def _trades_of_window(self, symbol: str, start: int) -> list[AccountTrade]:
        """One window of executions. A full page goes on by id, for ids and times exclude each other."""
        path, size = "/fapi/v1/userTrades", str(ROWS_PER_PAGE)
        times = {"startTime": str(start), "endTime": str(start + WINDOW_MS)}
        page = await self._read(path, list[AccountTrade], symbol=symbol, limit=size, **times)
        rows = list(page)
        while len(page) == ROWS_PER_PAGE:
            following = str(max(row.id for row in page) + 1)
            page = await self._read(path, list[AccountTrade], symbol=symbol, limit=size, fromId=following)
            rows.extend(page)
        return rows

    async def _names_of(self, symbol: str, order_ids: Sequence[int]) -> dict[int, str]:
        """The client ids of orders, "" where the exchange no longer knows the order."""
        room = asyncio.Semaphore(NAMES_AT_ONCE)

        async def name_of(order_id: int) -> str:
            if order_id in self._names:
                return self._names[order_id]
            async with room:
                found = await _known(self._read(ORDER_PATH, Order, symbol=symbol, orderId=str(order_id)))
            if found is None:
                return ""
            self.remember(order_id, found.client_order_id)
            return found.client_order_id

        names = await asyncio.gather(*(name_of(order_id) for order_id in order_ids))
        return dict(zip(order_ids, names, strict=True))

    async def _read[T](self, path: str, shape: type[T], **params: str) -> T:
        return await self._rest.read(Call("GET", path, Need.RECONCILE, is_signed=True), params or NO_PARAMS, shape)


async def _known[T](reading: Awaitable[T]) -> T | None:
    try:
        return await reading
    except Refused as refused:
        if refused.code != NO_SUCH_ORDER:
            raise
    return None
