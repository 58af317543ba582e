"""Orders at Binance, by the order life cycle's rules: sign, journal, send once; exits and stops at once and again.

Every answer and every silence is classified by `binance_errors.verdict`. A request that is on its way is not torn down
when its caller is: it finishes by itself, so that no order is cut off between leaving and being answered.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from decimal import Decimal
from typing import Final

from engine.adapters.binance_account import AccountReader
from engine.adapters.binance_answers import AlgoId, Order, decoded
from engine.adapters.binance_client import LEASE_MS, Call, is_clock_fault
from engine.adapters.binance_errands import Errands
from engine.adapters.binance_errors import CLOCK_UNKNOWN, LEASE_OVER, ExchangeFailed, Refused, Verdict, code_of, verdict
from engine.adapters.binance_messages import BadMessage
from engine.adapters.binance_orders import placing, trying
from engine.adapters.binance_rest import BinanceRest
from engine.adapters.binance_socket import Patience
from engine.adapters.binance_user_stream import UserStream
from engine.adapters.binance_values import TERMINAL, executed_of
from engine.model.events import OrderAccepted, OrderRejected, OrderUnanswered
from engine.model.messages import Errand
from engine.model.orders import ApprovedOrder, Role, SignedOrder
from engine.ports import Event, Post

SEND_WITHIN_MS: Final = 250  # of signing: a process that was paused in between drops the entry
CLOCK_MAX_AGE_MS: Final = 60_000  # no entry is sent by an older reading of the exchange's clock
CLOCK_OLD_MS: Final = 45_000  # it is read again before an entry is signed
FINISH_WITHIN_S: Final = 5.0
SENT_KEPT: Final = 256
DUPLICATE_LOST: Final = "a duplicate that is not found"
_STOP_IS_OVER: Final = frozenset({"FINISHED", "CANCELED", "EXPIRED", "REJECTED"})


def binance_broker(
    rest: BinanceRest,
    *,
    symbols: Sequence[str],
    interval: str,
    ws_private: str,
    patience: Patience,
    market_ms: Callable[[], int],
) -> "BinanceBroker":
    """Put a broker together. `market_ms` gives the newest market time known: answers to requests carry none."""
    reader = AccountReader(rest, symbols=symbols, market_ms=market_ms)
    errands = Errands(rest, reader, interval=interval, market_ms=market_ms)
    stream = UserStream(rest, reader, errands, ws_private=ws_private, patience=patience, market_ms=market_ms)
    return BinanceBroker(rest, reader, errands, stream, market_ms=market_ms)


class BinanceBroker:
    """Fulfils `Broker`; made by `binance_broker`."""

    def __init__(
        self, rest: BinanceRest, reader: AccountReader, errands: Errands, stream: UserStream, *, market_ms: Callable[[], int]
    ) -> None:
        self._rest = rest
        self._reader = reader
        self._errands = errands
        self._stream = stream
        self._market_ms = market_ms
        self._sent = deque[str](maxlen=SENT_KEPT)  # signed texts that have left
        self._on_their_way = set[asyncio.Task[Event]]()

    async def sign(self, order: ApprovedOrder) -> SignedOrder:
        """Sign an entry with the exchange's time and a short lease. Sends nothing."""
        assert not order.reduce_only, "only entries are signed ahead"
        if not 0 <= self._rest.clock_age_ms() <= CLOCK_OLD_MS:
            await self._rest.try_sync_time()
        call, params = placing(order)
        signed_ms = self._rest.clock.now_ms()
        request = {"path": call.path, "text": self._rest.signed(params)}
        return SignedOrder(order, signed_ms=signed_ms, deadline_ms=signed_ms + LEASE_MS, request=request)

    async def send(self, signed: SignedOrder) -> Sequence[Event]:
        """Send a signed entry once; never again."""
        order, text = signed.order, signed.request["text"]
        if not 0 <= self._rest.clock.now_ms() - signed.signed_ms <= SEND_WITHIN_MS:
            return (self._rejected(order, LEASE_OVER, "not sent: too long after it was signed"),)
        if not 0 <= self._rest.clock_age_ms() <= CLOCK_MAX_AGE_MS:
            return (self._rejected(order, CLOCK_UNKNOWN, "not sent: the exchange's clock could not be read for a minute"),)
        if text in self._sent:
            return (self._unanswered(order, "it was sent before"),)
        self._sent.append(text)
        return await self._finished(self._send(order, text))

    async def place(self, order: ApprovedOrder) -> Sequence[Event]:
        """Place an exit, a stop or a target. Safe to repeat with the same id."""
        assert order.reduce_only, "an entry is signed and sent"
        return await self._finished(self._place(order))

    async def run(self, errand: Errand) -> Sequence[Event]:
        """Carry out a read or a cancel."""
        return await self._errands.run(errand)

    async def listen(self, post: Post) -> None:
        """Post the account's news until cancelled, and keep the exchange's clock in sight."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._rest.keep_time())
            group.create_task(self._stream.run(post))

    async def keep_alive(self) -> None:
        """Keep the private stream open for another hour. To be called every few minutes."""
        await self._stream.keep_alive()

    async def try_out(self, order: ApprovedOrder) -> None:
        """Have the exchange check a market order without placing it. Raises `ExchangeFailed`."""
        call, params = trying(order)
        await self._rest.once(call, params)

    def newest_event_time(self) -> int:
        """The highest event time delivered since the private stream was opened; 0 before the first frame."""
        return self._stream.newest_event_time()

    async def close(self) -> None:
        """Let what is on its way finish, for a few seconds."""
        if self._on_their_way:
            await asyncio.wait(self._on_their_way, timeout=FINISH_WITHIN_S)

    async def _finished(self, work: Coroutine[None, None, Event]) -> Sequence[Event]:
        task = asyncio.create_task(work)
        self._on_their_way.add(task)
        task.add_done_callback(self._on_their_way.discard)
        return (await asyncio.shield(task),)

    async def _send(self, order: ApprovedOrder, text: str) -> Event:
        call, _ = placing(order)
        return await self._classified(order, self._rest.send_signed(call, text))

    async def _place(self, order: ApprovedOrder) -> Event:
        call, params = placing(order)
        return await self._classified(order, self._by_the_right_clock(call, params))

    async def _by_the_right_clock(self, call: Call, params: Mapping[str, str]) -> bytes:
        """Send once, and once more where the exchange refused the timestamp: that request was not executed."""
        try:
            return await self._rest.once(call, params)
        except Refused as refused:
            if not is_clock_fault(refused):
                raise
        return await self._rest.once(call, params)

    async def _classified(self, order: ApprovedOrder, sending: Awaitable[bytes]) -> Event:
        """What is known of the order once the request has ended, however it ended."""
        try:
            return self._accepted(order, await sending)
        except ExchangeFailed as failure:
            return await self._after(order, failure)
        except BadMessage as bad:
            return self._unanswered(order, f"an answer of {bad}")
        except asyncio.CancelledError:
            return self._unanswered(order, "cut off")

    async def _after(self, order: ApprovedOrder, failure: ExchangeFailed) -> Event:
        if order.role is Role.ENTRY and is_clock_fault(failure):
            await self._rest.try_sync_time()
        match verdict(failure):
            case Verdict.NOT_DONE:
                return self._rejected(order, code_of(failure), failure.detail)
            case Verdict.EXISTS:
                return await self._existing(order)
            case Verdict.UNKNOWN:
                return self._unanswered(order, failure.detail)

    async def _existing(self, order: ApprovedOrder) -> Event:
        """The exchange says that it has this id already: look the order up and adopt it."""
        try:
            if order.trigger_price is None:
                found = await self._reader.order(order.symbol, order.client_id)
                return (
                    self._known(order, found) if found is not None else self._unanswered(order, "a duplicate that is not found")
                )
            stop = await self._reader.stop(order.client_id)
        except ExchangeFailed as failure:
            return self._unanswered(order, failure.detail)
        if stop is None:
            return self._unanswered(order, "a duplicate that is not found")
        return self._known_stop(order, stop.algo_id, stop.algo_status)

    def _accepted(self, order: ApprovedOrder, body: bytes) -> Event:
        if order.trigger_price is None:
            return self._known(order, decoded(body, Order))
        stop = decoded(body, AlgoId)
        return self._known_stop(order, stop.algo_id, stop.algo_status)

    def _known(self, order: ApprovedOrder, found: Order) -> Event:
        executed, is_final = executed_of(found.status, found.executed_qty), found.status in TERMINAL
        self._reader.remember(found.order_id, order.client_id)
        return OrderAccepted(order.symbol, order.client_id, found.order_id, executed, is_final, *self._times())

    def _known_stop(self, order: ApprovedOrder, algo_id: int, status: str) -> Event:
        is_over = status in _STOP_IS_OVER
        return OrderAccepted(order.symbol, order.client_id, algo_id, Decimal(0), is_over, *self._times())

    def _rejected(self, order: ApprovedOrder, code: int, text: str) -> Event:
        return OrderRejected(order.symbol, order.client_id, code, text, *self._times())

    def _unanswered(self, order: ApprovedOrder, detail: str) -> Event:
        return OrderUnanswered(order.symbol, order.client_id, detail, *self._times())

    def _times(self) -> tuple[int, int]:
        return self._market_ms(), self._rest.clock.now_ms()
