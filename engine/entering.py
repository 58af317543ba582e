"""An entry on its way out: signed, journalled, sent (R2). Beside the loop, so that a slow store holds up nothing else."""

from collections.abc import Awaitable, Callable
from typing import Final

from engine.model.events import OrderRejected, OrderSigned
from engine.model.orders import ApprovedOrder, SignedOrder
from engine.ports import Broker, Clock, Event

STORE_DOWN: Final = -1  # our own code for an entry that could not be journalled
TRIES: Final = 4
DECIDED_WITHIN_MS: Final = 1_500  # an older decision is about a market that has gone on
JOURNAL_WITHIN_MS: Final = 150  # of signing; the broker itself sends nothing after 250


class Entries:
    """`take` handles an event at once, `journal` tells whether all is saved, `may` whether an entry is still wanted."""

    def __init__(
        self,
        broker: Broker,
        clock: Clock,
        market_ms: Callable[[], int],
        *,
        take: Callable[[Event], None],
        journal: Callable[[], Awaitable[bool]],
        may: Callable[[ApprovedOrder], bool],
        send: Callable[[SignedOrder], Awaitable[None]],
    ) -> None:
        self._broker = broker
        self._clock = clock
        self._market_ms = market_ms
        self._take = take
        self._journal = journal
        self._may = may
        self._send = send

    async def enter(self, order: ApprovedOrder, decided_ms: int) -> None:
        """Where the journal took too long nothing has left yet, and it begins again with a new lease.

        `decided_ms` (wire) is when that happened on which it was decided: a process that stood still since then drops it.
        """
        signed = None
        try:
            signed = await self._journalled(order, decided_ms)
        finally:
            if signed is None:
                self._refuse(order)
        if signed is not None:
            await self._send(signed)

    async def _journalled(self, order: ApprovedOrder, decided_ms: int) -> SignedOrder | None:
        for _ in range(TRIES):
            signed = await self._broker.sign(order)  # may wait for the exchange's clock
            now = self._clock.now_ms()
            if not self._may(order) or now - decided_ms > DECIDED_WITHIN_MS:
                return None
            self._take(OrderSigned(order.client_id, signed.signed_ms, signed.deadline_ms, self._market_ms(), now))
            if not await self._journal():
                return None
            if self._clock.now_ms() - signed.signed_ms <= JOURNAL_WITHIN_MS:
                return signed if self._may(order) else None
        return None

    def _refuse(self, order: ApprovedOrder) -> None:
        now, text = self._clock.now_ms(), "not sent: the journal was not confirmed, or it was no longer wanted, or too old"
        self._take(OrderRejected(order.symbol, order.client_id, STORE_DOWN, text, self._market_ms(), now))
