"""Errands at Binance: reads and cancels, each answered with events. Any of them may be repeated at will.

A read that failed says so (`ErrandFailed`): what it would have told stays unknown.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from engine.adapters.binance_account import AccountReader
from engine.adapters.binance_account_messages import funding_id
from engine.adapters.binance_answers import AlgoId, AlgoOrder, Order, decoded
from engine.adapters.binance_budget import Need
from engine.adapters.binance_client import Call
from engine.adapters.binance_errors import NOTHING_TO_CANCEL, ExchangeFailed, Refused, code_of
from engine.adapters.binance_messages import BadMessage
from engine.adapters.binance_orders import ALGO_PATH, ORDER_PATH
from engine.adapters.binance_rest import BinanceRest
from engine.adapters.binance_values import TERMINAL, executed_of, stop_status, whole_number
from engine.model.events import (
    AccountSynced,
    CancelRefused,
    ErrandFailed,
    FillsListed,
    FundingPaid,
    OrderAccepted,
    OrderGone,
    OrderNotFound,
    OrdersListed,
    SetupSeen,
    StopChanged,
    StopsListed,
)
from engine.model.messages import (
    CancelOrder,
    Errand,
    FetchBars,
    FetchFills,
    FetchFunding,
    FetchRules,
    FindOrder,
    FindStop,
    ListOrders,
    ListStops,
    SetUpSymbol,
    SyncAccount,
)
from engine.model.orders import StopStatus
from engine.ports import Event

PAYMENTS_WITHIN_S: Final = 2.0  # wire; where executions are waited for


class Errands:
    """Carries out errands. `market_ms` gives the newest market time known: answers to requests carry none."""

    def __init__(self, rest: BinanceRest, reader: AccountReader, *, interval: str, market_ms: Callable[[], int]) -> None:
        self._rest = rest
        self._reader = reader
        self._interval = interval
        self._market_ms = market_ms

    async def run(self, errand: Errand) -> Sequence[Event]:
        """Carry out one errand. Raises nothing for what the exchange or the network did."""
        name, symbol = type(errand).__name__, getattr(errand, "symbol", "")
        try:
            return await self._run(errand)
        except ExchangeFailed as failure:
            return (self._failed(name, symbol, failure.detail, failure),)
        except BadMessage as bad:
            return (self._failed(name, symbol, f"not understood: {bad}"),)
        except LookupError as missing:
            return (self._failed(name, symbol, str(missing)),)

    async def _run(self, errand: Errand) -> Sequence[Event]:
        match errand:
            case CancelOrder():
                return (await self._cancel(errand),)
            case FindOrder():
                return (await self._find_order(errand),)
            case FindStop():
                return (await self._find_stop(errand),)
            case SyncAccount():
                return (AccountSynced(await self._reader.snapshot(), *self._times()),)
            case ListStops():
                asked_ms = self._rest.clock.now_ms()
                return (StopsListed(errand.symbol, await self._reader.stops(errand.symbol), asked_ms, *self._times()),)
            case FetchFills():
                return await self._executions(errand)
            case ListOrders():
                asked_ms = self._rest.clock.now_ms()
                names = await self._reader.order_names(errand.symbol, errand.since_ms)
                return (OrdersListed(errand.symbol, names, asked_ms, *self._times()),)
            case FetchFunding():
                return await self._paid(errand.symbol, errand.since_ms)
            case FetchBars():
                return await self._rest.closed_bars(errand.symbol, self._interval, 0, errand.since_ms)
            case FetchRules():
                return await self._rest.rules((errand.symbol,))
            case SetUpSymbol():
                return await self._set_up(errand)

    async def _executions(self, errand: FetchFills) -> Sequence[Event]:
        """What was executed, behind what was paid. A position may wait for it: no list of payments keeps it back."""
        asked_ms = self._rest.clock.now_ms()
        paid = await self._paid_soon(errand.symbol, errand.paid_since_ms) if errand.paid_since_ms else ()
        fills = await self._reader.fills(errand.symbol, errand.since_ms)
        return (*paid, FillsListed(errand.symbol, fills, *self._times(), asked_ms))

    async def _paid_soon(self, symbol: str, since_ms: int) -> Sequence[Event]:
        """What was paid, or that it could not be read in time: then it is asked for again by itself."""
        name = FetchFunding.__name__
        try:
            async with asyncio.timeout(PAYMENTS_WITHIN_S):
                return await self._paid(symbol, since_ms)
        except TimeoutError:
            return (self._failed(name, symbol, f"no answer within {PAYMENTS_WITHIN_S:g} s"),)
        except ExchangeFailed as failure:
            return (self._failed(name, symbol, failure.detail, failure),)
        except BadMessage as bad:
            return (self._failed(name, symbol, f"not understood: {bad}"),)

    async def _paid(self, symbol: str, since_ms: int) -> Sequence[Event]:
        rows = await self._reader.funding(symbol, since_ms)
        return [FundingPaid(symbol, amount, funding_id(symbol, paid_ms), *self._times(), paid_ms) for paid_ms, amount in rows]

    async def setup_seen(self, symbol: str) -> Event:
        """Read how a symbol is set up now."""
        try:
            return SetupSeen(await self._reader.setup(symbol), *self._times())
        except ExchangeFailed as failure:
            return self._failed(SetUpSymbol.__name__, symbol, failure.detail, failure)

    async def _cancel(self, errand: CancelOrder) -> Event:
        try:
            return await (self._cancel_stop(errand) if errand.is_stop else self._cancel_order(errand))
        except Refused as refused:
            found_nothing = refused.code in NOTHING_TO_CANCEL
            return CancelRefused(errand.symbol, errand.client_id, not found_nothing, *self._times())
        except ExchangeFailed:
            return CancelRefused(errand.symbol, errand.client_id, True, *self._times())

    async def _cancel_stop(self, errand: CancelOrder) -> Event:
        call, params = Call("DELETE", ALGO_PATH, Need.EXIT, is_signed=True), {"clientAlgoId": errand.client_id}
        answer = decoded(await self._rest.once(call, params), AlgoId)
        return StopChanged(errand.symbol, errand.client_id, answer.algo_id, StopStatus.CANCELED, 0, "", *self._times())

    async def _cancel_order(self, errand: CancelOrder) -> Event:
        call = Call("DELETE", ORDER_PATH, Need.EXIT, is_signed=True)
        params = {"symbol": errand.symbol, "origClientOrderId": errand.client_id}
        return self._order_news(decoded(await self._rest.once(call, params), Order), errand.client_id)

    async def _find_order(self, errand: FindOrder) -> Event:
        found = await self._reader.order(errand.symbol, errand.client_id)
        if found is None:
            return OrderNotFound(errand.symbol, errand.client_id, *self._times())
        return self._order_news(found, errand.client_id)

    async def _find_stop(self, errand: FindStop) -> Event:
        found = await self._reader.stop(errand.client_id)
        if found is None:
            return OrderNotFound(errand.symbol, errand.client_id, *self._times())
        return self._stop_news(found, errand.client_id)

    async def _set_up(self, errand: SetUpSymbol) -> Sequence[Event]:
        refusals = await self._reader.set_up(errand.symbol, errand.leverage)
        told = [self._failed(SetUpSymbol.__name__, errand.symbol, refusal.detail, refusal) for refusal in refusals]
        return (*told, await self.setup_seen(errand.symbol))

    def _order_news(self, order: Order, client_id: str) -> Event:
        executed = executed_of(order.status, order.executed_qty)
        if order.status in TERMINAL:
            return OrderGone(order.symbol, client_id, order.order_id, order.status, executed, *self._times())
        return OrderAccepted(order.symbol, client_id, order.order_id, executed, False, *self._times())

    def _stop_news(self, stop: AlgoOrder, client_id: str) -> Event:
        child, status = whole_number(stop.actual_order_id or ""), stop_status(stop.algo_status)
        return StopChanged(stop.symbol, client_id, stop.algo_id, status, child, "", *self._times())

    def _failed(self, errand: str, symbol: str, detail: str, failure: ExchangeFailed | None = None) -> ErrandFailed:
        code = code_of(failure) if failure is not None else 0
        return ErrandFailed(errand, symbol, detail, *self._times(), code)

    def _times(self) -> tuple[int, int]:
        return self._market_ms(), self._rest.clock.now_ms()
