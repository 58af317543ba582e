"""Rules from the exchange: its own answers, of the symbols that were asked for, beside those that are there."""

from pathlib import Path
from typing import Any

import pytest

from engine.adapters.rules_download import Listing, UnknownSymbol, read_brackets, read_listing
from engine.adapters.rules_files import read_rules
from tests.engine.adapters.downloads import a_download


def row(symbol: str, **parts: Any) -> dict[str, Any]:
    filters = [
        {"filterType": "PRICE_FILTER", "tickSize": "0.10"},
        {"filterType": "LOT_SIZE", "stepSize": "0.001", "minQty": "0.001", "maxQty": "1000"},
        {"filterType": "MIN_NOTIONAL", "notional": "100"},
    ]
    usual = {"symbol": symbol, "contractType": "PERPETUAL", "quoteAsset": "USDT", "status": "TRADING", "filters": filters}
    return usual | parts


def test_symbols_are_perpetuals_in_usdt_and_a_typing_error_gets_a_hint() -> None:
    listing = Listing(
        {"symbols": [row("ETHUSDT"), row("ETHUSDC", quoteAsset="USDC"), row("ETHUSDT_260327", contractType="CURRENT_QUARTER")]}
    )

    listing.check(["ETHUSDT"])
    for wrong in ("ETHUSD", "ETHUSDC", "ETHUSDT_260327"):
        with pytest.raises(UnknownSymbol, match=f"unknown symbol {wrong}: .*near it: ETHUSDT"):
            listing.check(["ETHUSDT", wrong])


def test_a_second_download_keeps_the_rules_of_the_first(tmp_path: Path) -> None:
    listing = Listing({"symbols": [row("ETHUSDT"), row("BTCUSDT")]})
    bracket = {"bracket": 1, "initialLeverage": 20, "notionalCap": 5000, "maintMarginRatio": 0.02, "cum": 0.0}
    listing.write(tmp_path, ["ETHUSDT"], [{"symbol": "ETHUSDT", "brackets": [bracket]}, {"symbol": "XUSDT", "brackets": []}])

    record = read_rules(listing.write(tmp_path, ["BTCUSDT"], ()))

    assert str(record.rules("ETHUSDT").min_notional) == "100"
    assert record.rules("BTCUSDT").symbol == "BTCUSDT"
    assert list(record.brackets) == ["ETHUSDT"]


def test_a_damaged_file_of_rules_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "rules.json").write_bytes(b"{")

    record = read_rules(Listing({"symbols": [row("ETHUSDT")]}).write(tmp_path, ["ETHUSDT"], ()))

    assert record.rules("ETHUSDT").symbol == "ETHUSDT"


async def test_the_exchanges_listing_is_read_and_without_a_key_no_leverage_table(tmp_path: Path) -> None:
    async with a_download(tmp_path) as world:
        listing, brackets = await read_listing(world.rest), await read_brackets(world.rest)

    listing.check(["ETHUSDT", "BTCUSDT"])
    assert 0 < listing.listed_ms("ETHUSDT") < 1_600_000_000_000
    assert brackets == ()
