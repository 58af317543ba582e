"""Which keys of the store belong to one mode and account, and of which kind each is.

A key of another kind, from another program or a slip by hand, is named before anything is written: nothing is repaired
by guessing whose it is.
"""

from types import MappingProxyType
from typing import Final

from engine.adapters.redis_equity import EQUITY
from engine.adapters.redis_history import COUNTS, RULINGS, SIGNALS, TRADE_IDS, TRADES
from engine.adapters.redis_link import RedisLink, as_text
from engine.adapters.redis_outbox import OUTBOX, TOLD
from engine.adapters.redis_reading import PAPER
from engine.adapters.redis_state import ORDERS, PARAMS, POSITIONS, STATE
from engine.adapters.redis_writer import LOCK, misfit
from engine.ports import StoreDown

KINDS: Final = MappingProxyType(
    {
        STATE: "string",
        POSITIONS: "hash",
        ORDERS: "hash",
        PARAMS: "string",
        SIGNALS: "hash",
        RULINGS: "stream",
        COUNTS: "hash",
        TRADES: "stream",
        TRADE_IDS: "set",
        OUTBOX: "stream",
        TOLD: "zset",
        EQUITY: "stream",
        PAPER: "string",
    }
)
OWNED: Final = tuple(KINDS)


async def check_kinds(link: RedisLink) -> None:
    """Raise `StoreDown` where a key is of another kind than ours."""
    wanted = {**KINDS, LOCK: "hash"}
    async with link.client.pipeline(transaction=False) as pipe:
        for key in wanted:
            pipe.type(key)
        found = await link.run(pipe.execute())
    for (key, kind), seen in zip(wanted.items(), map(as_text, found), strict=True):
        if seen not in ("none", kind):
            raise StoreDown(misfit(key, seen, kind))
