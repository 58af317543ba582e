"""The rules of contracts from the exchange into `rules.json`: its own answers, of the symbols that were asked for."""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import msgspec

from engine.adapters.binance_budget import Need
from engine.adapters.binance_client import Call
from engine.adapters.binance_errors import ExchangeFailed
from engine.adapters.binance_rest import NO_PARAMS, BinanceRest
from engine.adapters.binance_rules import PERPETUAL
from engine.adapters.binance_values import QUOTE_ASSET
from engine.adapters.local_files import write_durably
from engine.adapters.rules_files import RULES_FILE

INFO: Final = Call("GET", "/fapi/v1/exchangeInfo", Need.HISTORY)
BRACKETS: Final = Call("GET", "/fapi/v1/leverageBracket", Need.HISTORY, is_signed=True)

type Row = dict[str, Any]


class UnknownSymbol(LookupError):
    """The exchange has no such contract; the text is one line."""


class Listing:
    """What the exchange lists, as it said it."""

    def __init__(self, info: Row) -> None:
        self._info = info
        self._symbols: dict[str, Row] = {
            str(row.get("symbol")): row
            for row in info.get("symbols", ())
            if row.get("contractType") in PERPETUAL and row.get("quoteAsset") == QUOTE_ASSET
        }

    def check(self, symbols: Sequence[str]) -> None:
        """Raise `UnknownSymbol` for the first that is not listed."""
        for symbol in symbols:
            if symbol not in self._symbols:
                near = get_close_matches(symbol, self._symbols, n=3)
                hint = f"; near it: {', '.join(near)}" if near else ""
                raise UnknownSymbol(f"unknown symbol {symbol}: no {QUOTE_ASSET} perpetual of this exchange{hint}")

    def listed_ms(self, symbol: str) -> int:
        """Since when a symbol is traded; 0 = not said."""
        return int(self._symbols[symbol].get("onboardDate") or 0)

    def write(self, folder: Path, symbols: Sequence[str], brackets: Sequence[Row]) -> Path:
        """Put these symbols' rules into the folder's file, beside those that are there. Raises `OSError`."""
        file = folder / RULES_FILE
        before = _read(file)
        kept = {row["symbol"]: row for row in before.get("exchangeInfo", {}).get("symbols", ())}
        tables = {row["symbol"]: row for row in before.get("leverageBracket", ())}
        kept |= {symbol: self._symbols[symbol] for symbol in symbols}
        tables |= {row["symbol"]: row for row in brackets if row["symbol"] in symbols}
        content = {
            "exchangeInfo": {"rateLimits": self._info.get("rateLimits", []), "symbols": list(kept.values())},
            "leverageBracket": list(tables.values()),
        }
        write_durably(file, msgspec.json.format(msgspec.json.encode(content), indent=1))
        return file


async def read_listing(rest: BinanceRest) -> Listing:
    """Ask the exchange what it lists. Raises `ExchangeFailed`."""
    return Listing(await rest.read(INFO, NO_PARAMS, dict[str, Any]))


async def read_brackets(rest: BinanceRest) -> Sequence[Row]:
    """The leverage tables, where a key allows to read them; without one, or where the key may not, none."""
    if not rest.has_keys:
        return ()
    try:
        return await rest.read(BRACKETS, NO_PARAMS, list[dict[str, Any]])
    except ExchangeFailed:
        return ()


def _read(file: Path) -> Row:
    try:
        content = msgspec.json.decode(file.read_bytes())
    except (OSError, msgspec.DecodeError):
        return {}
    return content if isinstance(content, dict) else {}
