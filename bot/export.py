"""The owner's own books, written out: every closed trade with price, fees and funding kept apart, and the totals."""

import csv
import io
import json
import sys
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from bot.settings import Settings
from engine.adapters.redis_equity import EquityCurve, EquitySnapshot
from engine.adapters.redis_history import RedisHistory, RulingCounts
from engine.adapters.redis_link import RedisLink, as_text
from engine.adapters.redis_process import NoServer
from engine.adapters.redis_server import connect_or_start
from engine.adapters.redis_writer import LOCK
from engine.model.orders import Trade
from engine.ports import StoreDown

FAILED: Final = 1
ZERO: Final = Decimal(0)


async def export(settings: Settings, as_json: bool) -> int:
    """Write the books to the standard output; return the exit code. May run beside the trader."""
    try:
        reached = await connect_or_start(settings.store_url, settings.data_folder / "store")
        link = RedisLink(reached.url)
        try:
            found = await link.run(link.client.hget(LOCK, "namespace"))
            if found and as_text(found) != settings.namespace:
                return _failed(
                    f"the store holds the books of {as_text(found)}, the settings name {settings.namespace}: "
                    "set MODE and ACCOUNT (or the key) as they were"
                )
            history = RedisHistory(link)
            trades, counts = list(await history.trades(0)), await history.counts()
            curve = await EquityCurve(link).snapshots()
        finally:
            await link.close()
            await reached.close()
    except (NoServer, StoreDown) as error:
        return _failed(str(error))
    trades.sort(key=lambda trade: (trade.exit_time_ms, trade.symbol))
    sys.stdout.write(as_json_text(settings.label, trades, counts, curve) if as_json else as_csv_text(trades))
    return 0


def _failed(text: str) -> int:
    print(f"Error: {text}", file=sys.stderr)
    return FAILED


def as_json_text(label: str, trades: Sequence[Trade], counts: RulingCounts, curve: Sequence[EquitySnapshot]) -> str:
    """Trades, totals and what became of all rulings. Money stands as text, so that no digit is lost."""
    books = {
        "label": label,
        "trades": [row(trade) for trade in trades],
        "totals": totals(trades),
        "rulings": counts.rulings,
        "verdicts": {verdict.value: count for verdict, count in counts.verdicts.items()},
        "refusals": {code.name: count for code, count in counts.refusals.items()},
        "equity": [{"time_ms": at, "wallet": str(wallet), "equity": str(equity)} for at, wallet, equity in curve],
    }
    return json.dumps(books, indent=2) + "\n"


def as_csv_text(trades: Sequence[Trade]) -> str:
    """One trade a line."""
    rows = [row(trade) for trade in trades]
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else list(EMPTY_ROW), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def row(trade: Trade) -> dict[str, Any]:
    """One trade in plain words."""
    return {
        "number": trade.number,
        "intent_id": trade.intent_id,
        "symbol": trade.symbol,
        "side": trade.side.name,
        "entry_time_ms": trade.entry_time_ms,
        "entry_price": str(trade.entry_price),
        "quantity": str(trade.quantity),
        "exit_time_ms": trade.exit_time_ms,
        "exit_price": str(trade.exit_price),
        "reason": trade.reason.name if trade.reason is not None else "",
        "gross": str(trade.gross),
        "fees": str(trade.fees),
        "funding": str(trade.funding),
        "net": str(trade.net),
        "result_in_r": round(trade.result_in_r, 4),
    }


EMPTY_ROW: Final = (
    "number",
    "intent_id",
    "symbol",
    "side",
    "entry_time_ms",
    "entry_price",
    "quantity",
    "exit_time_ms",
    "exit_price",
    "reason",
    "gross",
    "fees",
    "funding",
    "net",
    "result_in_r",
)


def totals(trades: Sequence[Trade]) -> dict[str, Any]:
    """The sums of all trades."""
    gross, fees = sum((trade.gross for trade in trades), ZERO), sum((trade.fees for trade in trades), ZERO)
    funding = sum((trade.funding for trade in trades), ZERO)
    return {
        "trades": len(trades),
        "wins": sum(trade.net > 0 for trade in trades),
        "gross": str(gross),
        "fees": str(fees),
        "funding": str(funding),
        "net": str(gross - fees + funding),
    }
