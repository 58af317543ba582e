"""The books as they leave the house: no digit is lost, and the parts make the whole."""

import csv
import io
import json
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.export import EMPTY_ROW, as_csv_text, as_json_text, export, row
from engine.adapters.redis_equity import EquitySnapshot
from engine.adapters.redis_history import RulingCounts
from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_server import EmbeddedServer
from engine.adapters.redis_store import RedisStore
from engine.model.orders import ExitReason, Trade
from engine.model.signals import Code, Side, Verdict
from tests.bot.conftest import Read
from tests.engine.adapters.redis_servers import HandClock

TRADE = Trade(
    intent_id="abcd",
    number=3,
    symbol="ETHUSDT",
    side=Side.SHORT,
    entry_time_ms=1_000,
    entry_price=Decimal("2431.55"),
    quantity=Decimal("0.041"),
    first_stop=Decimal("2450"),
    exit_time_ms=2_000,
    exit_price=Decimal("2400.01"),
    reason=ExitReason.TAKE_PROFIT,
    gross=Decimal("1.29314"),
    fees=Decimal("0.07924781"),
    funding=Decimal("-0.00000001"),
)
COUNTS = RulingCounts(12, {Verdict.ENTERED: 1}, {Code.ADX_LOW: 7})


def test_money_keeps_every_digit_and_the_totals_are_the_sum() -> None:
    books = json.loads(
        as_json_text("PAPER", [TRADE, replace(TRADE, number=4)], COUNTS, [EquitySnapshot(5, Decimal(9), Decimal("8.5"))])
    )

    assert books["equity"] == [{"time_ms": 5, "wallet": "9", "equity": "8.5"}]
    assert books["trades"][0]["fees"] == "0.07924781"
    assert Decimal(books["totals"]["net"]) == 2 * TRADE.net
    assert (books["totals"]["trades"], books["totals"]["wins"]) == (2, 2)
    assert (books["rulings"], books["refusals"]) == (12, {"ADX_LOW": 7})


def test_each_trade_is_a_line_of_csv_under_the_same_names() -> None:
    lines = list(csv.DictReader(io.StringIO(as_csv_text([TRADE]))))

    assert lines == [{name: str(value) for name, value in row(TRADE).items()}]
    assert tuple(row(TRADE)) == EMPTY_ROW


def test_without_trades_only_the_names_are_written() -> None:
    assert as_csv_text([]) == ",".join(EMPTY_ROW) + "\n"


async def test_the_books_of_another_account_are_not_given_out_as_ours(
    read: Read, server: EmbeddedServer, link: RedisLink, capsys: pytest.CaptureFixture[str]
) -> None:
    await RedisStore(link, namespace="testnet-main", clock=HandClock()).take_epoch()

    code = await export(read(REDIS_URL=server.url), as_json=True)

    said = capsys.readouterr()
    assert (code, said.out) == (1, "")
    assert "testnet-main" in said.err
