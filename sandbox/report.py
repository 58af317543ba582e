"""The demo's report: what was run, what the owner's own export says, what the venue says, and whether they agree."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sandbox.books import differences

TRADE_FACTS: Final = (
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
)
VENUE_FACTS: Final = ("orders", "fills", "wallet_start", "wallet_end", "open_positions", "open_orders")


class BadExport(Exception):
    """The owner's export cannot be read; the message is one line."""


def read_export(code: int, text: str) -> dict[str, Any]:
    """Read what the product's export command wrote."""
    if code != 0:
        raise BadExport(f"the product's export ended with code {code}")
    try:
        export = json.loads(text)
    except ValueError as error:
        raise BadExport(f"the product's export is no JSON: {error}") from None
    if not isinstance(export, dict) or not isinstance(export.get("trades"), list):
        raise BadExport("the product's export holds no trades")
    return export


def make_report(
    *,
    bars: int,
    symbols: Sequence[str],
    export: Mapping[str, Any],
    venue: Mapping[str, Any],
    telegram: Mapping[str, int],
    run: Mapping[str, Any],
) -> dict[str, Any]:
    """Put the report together. `run` says how it went: seconds, kills, restarts."""
    found = differences(export["trades"], venue)
    return {
        "bars": bars,
        "symbols": list(symbols),
        "rulings": export.get("rulings", 0),
        "refusals": export.get("refusals", {}),
        "orders": len(venue["orders"]),
        "trades": [{fact: trade[fact] for fact in TRADE_FACTS} for trade in export["trades"]],
        "venue": {fact: venue[fact] for fact in VENUE_FACTS},
        "books_equal": not found,
        "differences": found,
        "uncovered_ms_max": venue["uncovered_ms_max"],
        "uncovered_market_ms_max": venue["uncovered_market_ms_max"],
        "telegram": dict(telegram),
        "run": dict(run),
    }


def write_report(path: Path, report: Mapping[str, Any]) -> None:
    """Write the report as JSON that people can read too."""
    path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def summary(report: Mapping[str, Any]) -> str:
    """Say the report in one line."""
    trades = report["trades"]
    net = sum(float(trade["net"]) for trade in trades)
    books = "books equal" if report["books_equal"] else f"BOOKS DIFFER: {report['differences'][0]}"
    return (
        f"{report['bars']} bars, {len(trades)} trades, net {net:+.2f} USDT, {books}, "
        f"longest without a stop {report['uncovered_ms_max']} ms, {report['telegram']['errors']} Telegram errors."
    )
