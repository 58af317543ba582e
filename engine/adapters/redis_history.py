"""What happened: closed trades for ever and each once, rulings as a capped stream, their totals for ever."""

import logging
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from engine.adapters.codec import Undecodable, decode, encode
from engine.adapters.redis_link import RedisLink, as_number, as_text
from engine.adapters.redis_writer import PREFIX, Command
from engine.model.orders import Trade
from engine.model.signals import Code, Ruling, Verdict

TRADES: Final = PREFIX + "trades"
TRADE_IDS: Final = PREFIX + "trades:ids"
RULINGS: Final = PREFIX + "rulings"
COUNTS: Final = PREFIX + "counts"
SIGNALS: Final = PREFIX + "signals"
RULINGS_LIMIT: Final = 20_000
PAGE: Final = 500

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RulingCounts:
    """Totals since the store was new; the stream of rulings forgets, these do not."""

    rulings: int
    verdicts: dict[Verdict, int]
    refusals: dict[Code, int]


class RedisHistory:
    """The reading side."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def trades(self, since_ms: int) -> Sequence[Trade]:
        """The trades that ended since a moment of market time, newest first."""
        found: list[Trade] = []
        async for fields in self._backwards(TRADES):
            if (as_number(fields[b"exit_ms"]) or 0) >= since_ms:
                found += _readable(fields[b"trade"], Trade)
        return found

    async def rulings(self, symbol: str, since_ms: int, limit: int) -> Sequence[Ruling]:
        """The newest rulings of a symbol on bars that closed since a moment of market time, newest first."""
        found: list[Ruling] = []
        async for fields in self._backwards(RULINGS):
            if as_text(fields[b"symbol"]) != symbol:
                continue
            if len(found) == limit or (as_number(fields[b"close_ms"]) or since_ms) < since_ms:
                break
            found += _readable(fields[b"ruling"], Ruling)
        return found

    async def counts(self) -> RulingCounts:
        """How many rulings there were, how they ended, and how often each refusal stood in the way."""
        raw = await self._link.run(self._link.client.hgetall(COUNTS))
        totals = {as_text(name): as_number(count) or 0 for name, count in raw.items()}
        return RulingCounts(
            rulings=totals.get("rulings", 0),
            verdicts={verdict: totals[name] for verdict in Verdict if (name := f"verdict:{verdict}") in totals},
            refusals={code: totals[name] for code in Code if (name := f"refusal:{code.name}") in totals},
        )

    async def _backwards(self, stream: str) -> AsyncIterator[dict[bytes, bytes]]:
        """The entries of a stream, newest first."""
        newest = "+"
        while True:
            call: Awaitable[Any] = self._link.client.xrevrange(stream, max=newest, count=PAGE)
            page = await self._link.run(call)
            for _, fields in page:
                yield fields
            if len(page) < PAGE:
                return
            newest = "(" + as_text(page[-1][0])


def trade_command(trade: Trade) -> Command:
    """The command that writes a trade, where it is not written yet."""
    entry = ("XADD", TRADES, "*", "exit_ms", trade.exit_time_ms, "trade", encode(trade))
    return ("ONCE", TRADE_IDS, trade.intent_id, *entry)


def ruling_commands(ruling: Ruling) -> Iterator[Command]:
    """The commands that write a ruling, count it, and show it as the symbol's last."""
    entry = ("symbol", ruling.symbol, "close_ms", ruling.close_time_ms, "ruling", encode(ruling))
    yield ("XADD", RULINGS, "MAXLEN", "~", RULINGS_LIMIT, "*", *entry)
    yield ("HSET", SIGNALS, ruling.symbol, _signal(ruling))
    yield ("HINCRBY", COUNTS, "rulings", 1)
    yield ("HINCRBY", COUNTS, f"verdict:{ruling.verdict}", 1)
    for code in ruling.refusal_codes:
        yield ("HINCRBY", COUNTS, f"refusal:{code.name}", 1)


def _signal(ruling: Ruling) -> bytes:
    """A ruling in short, for whoever looks into the store from outside."""
    return msgspec.json.encode(
        {
            "close_time_ms": ruling.close_time_ms,
            "close": ruling.bar.close,
            "regime": ruling.regime.regime.name,
            "proposal": ruling.opinion.proposal.name,
            "bias": ruling.opinion.bias,
            "confidence": ruling.opinion.confidence,
            "verdict": ruling.verdict,
            "refusals": [code.name for code in ruling.refusal_codes],
            "intent_id": ruling.intent_id,
        }
    )


def _readable[T](text: bytes, kind: type[T]) -> Iterator[T]:
    """A value, or nothing where it is damaged: one bad entry must not hide the others."""
    try:
        yield decode(text, kind)
    except Undecodable as error:
        logger.error("an entry of the history cannot be read: %s", error)
