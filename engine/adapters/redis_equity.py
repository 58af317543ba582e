"""The equity curve: a capped stream of snapshots, taken by the clockwork, read by whoever draws or exports it."""

from collections.abc import Awaitable, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from engine.adapters.redis_link import RedisLink, as_text
from engine.adapters.redis_writer import PREFIX

EQUITY: Final = PREFIX + "equity"
SNAPSHOTS_LIMIT: Final = 20_000  # more than two years of hours


class EquitySnapshot(NamedTuple):
    """Money at one moment of market time, in the quote asset."""

    time_ms: int
    wallet: Decimal
    equity: Decimal


class EquityCurve:
    """Writes and reads snapshots. Raises `StoreDown`."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def note(self, snapshot: EquitySnapshot) -> None:
        """Keep a snapshot."""
        fields: Any = {"time_ms": snapshot.time_ms, "wallet": str(snapshot.wallet), "equity": str(snapshot.equity)}
        await self._link.run(self._link.client.xadd(EQUITY, fields, maxlen=SNAPSHOTS_LIMIT, approximate=True))

    async def snapshots(self) -> Sequence[EquitySnapshot]:
        """All that are kept, oldest first."""
        call: Awaitable[Any] = self._link.client.xrange(EQUITY)
        rows = await self._link.run(call)
        return tuple(
            EquitySnapshot(int(fields[b"time_ms"]), Decimal(as_text(fields[b"wallet"])), Decimal(as_text(fields[b"equity"])))
            for _, fields in rows
        )
