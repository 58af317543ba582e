"""Rules from recorded answers, or inferred from prices: the grid is never coarser than the prices."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np
import pytest

from engine.adapters.candle_files import read_bars
from engine.adapters.history_tables import BadFile, Floats
from engine.adapters.rules_files import (
    FIRST_BARS,
    fitting_rules,
    inferred_rules,
    read_rules,
    rules_beside,
)
from engine.execution import fills
from engine.execution.lot_rules import decimal_price, decimal_quantity, lot_rules, nearest_ticks
from engine.model.grid import MOST_LOTS
from tests.builders import RECORDED
from tests.engine.adapters.recorded import payload


def prices(tick: str, middle: float, count: int = 4_000) -> list[Floats]:
    """A seeded walk on a grid, as columns."""
    steps = np.random.default_rng(7).integers(-40, 41, size=(4, count)).cumsum(axis=1)
    return list((np.abs(round(middle / float(tick)) + steps) + 1) * float(tick))


@pytest.mark.parametrize(
    ("tick", "middle", "step"),
    [
        ("0.1", 65_000.0, "0.00001"),
        ("0.01", 1_800.0, "0.0001"),
        ("0.05", 900.0, "0.001"),
        ("0.00001", 0.016, "1"),
        ("1", 70_000.0, "0.00001"),
    ],
)
def test_tick_and_lot_are_read_off_the_prices(tick: str, middle: float, step: str) -> None:
    columns = prices(tick, middle)
    rules = inferred_rules("XUSDT", columns)

    assert (rules.tick_size, rules.step_size) == (Decimal(tick), Decimal(step))
    assert float(rules.max_market_quantity) * np.median(np.array(columns)[:, :FIRST_BARS]) == pytest.approx(
        100_000_000, rel=0.1
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_future_does_not_change_the_rules(seed: int) -> None:
    """Also where the price grows a thousandfold, falls to nothing, or gets a finer grid."""
    chance = np.random.default_rng(seed)
    first = prices("0.1", 650.0, count=FIRST_BARS)
    later = [column * chance.uniform(0.001, 1_000.0, size=len(column)) for column in first]
    whole = [np.concatenate((before, after)) for before, after in zip(first, later, strict=True)]
    recorded = replace(inferred_rules("XUSDT", first), tick_size=Decimal(1))

    for bars in (FIRST_BARS, FIRST_BARS + 1, FIRST_BARS + 500, 2 * FIRST_BARS):
        prefix = [column[:bars] for column in whole]
        assert inferred_rules("XUSDT", prefix) == inferred_rules("XUSDT", first)
        assert fitting_rules(recorded, prefix) == fitting_rules(recorded, first)
    assert fitting_rules(recorded, whole).tick_size == Decimal("0.1")


def test_a_time_in_which_nothing_moved_does_not_make_the_price_a_tick() -> None:
    assert inferred_rules("XUSDT", [np.full(FIRST_BARS, 100.0)] * 4).tick_size == Decimal("0.01")


def test_one_odd_price_in_two_thousand_does_not_make_the_grid_finer() -> None:
    columns = prices("0.1", 65_000.0)
    columns[0][7] += 0.03

    assert inferred_rules("XUSDT", columns).tick_size == Decimal("0.1")


@pytest.mark.parametrize("middle", [0.0012, 100.0, 65_000.0])
def test_prices_on_no_grid_keep_nine_digits_or_ten_behind_the_point(middle: float) -> None:
    columns = list(np.random.default_rng(1).uniform(0.99 * middle, 1.01 * middle, size=(4, 1_000)))

    tick = inferred_rules("XUSDT", columns).tick_size

    assert middle * 1e-10 <= tick <= max(middle * 2e-9, 1e-10)


@pytest.mark.parametrize("middle", [2e-8, 3e-6, 1e-4, 0.7, 9.9, 90_000.0, 5e8])
def test_money_is_exact_on_every_inferred_grid(middle: float) -> None:
    columns = list(np.random.default_rng(1).uniform(0.99 * middle, 1.01 * middle, size=(4, 1_000)))
    rules = inferred_rules("XUSDT", columns)
    lot = lot_rules(rules)
    ticks, lots = nearest_ticks(middle, lot), min(lot.max_lots, MOST_LOTS)
    price, quantity = decimal_price(ticks, rules), decimal_quantity(lots, rules)

    assert rules.tick_size <= middle
    assert Decimal(fills.worth(ticks, lots, lot)) == round(price * quantity * fills.UNITS)
    assert max(ticks * lots * lot.tick_units * lot.step_units, lot.price_scale * lot.quantity_scale * fills.UNITS) < 2**62


def test_a_price_below_a_tick_does_not_lie_on_its_grid() -> None:
    assert inferred_rules("XUSDT", prices("0.00000001", 0.000003)).tick_size == Decimal("0.00000001")


@pytest.mark.parametrize("middle", [1e-30, 1e30, 1e300])
def test_what_is_no_price_of_a_contract_is_one_line(middle: float) -> None:
    with pytest.raises(BadFile, match=r"^XUSDT: prices around .* are not those of a contract"):
        inferred_rules("XUSDT", [np.full(100, middle)] * 4)


def test_recorded_rules_come_with_the_leverage_table_beside_them(tmp_path: Path) -> None:
    (tmp_path / "fapi_exchangeInfo.json").write_bytes(payload("fapi_exchangeInfo_testnet_20251126.json"))
    (tmp_path / "fapi_leverageBracket.json").write_bytes(payload("fapi_leverageBracket_mainnet_202507.json"))

    beside = rules_beside(tmp_path)
    assert beside is not None
    record = read_rules(beside)

    assert record.rules("BTCUSDT").step_size == Decimal("0.001")
    assert len(record.rules("BTCUSDT").brackets) == 12
    with pytest.raises(LookupError, match="NOUSDT"):
        record.rules("NOUSDT")


def test_one_file_may_hold_both_answers(tmp_path: Path) -> None:
    info = msgspec.json.decode(payload("fapi_exchangeInfo_testnet_20251126.json"))
    brackets = msgspec.json.decode(payload("fapi_leverageBracket_mainnet_202507.json"))
    (tmp_path / "rules.json").write_bytes(msgspec.json.encode({"exchangeInfo": info, "leverageBracket": brackets}))

    record = read_rules(tmp_path / "rules.json")

    assert record.rules("ETHUSDT").tick_size == Decimal("0.01")
    assert "ETHUSDT" in record.brackets


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"no rules", b'{"symbols": 3}', b'{"code":-1121,"msg":"x"}'])
def test_a_file_of_something_else_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "rules.json").write_bytes(content)

    with pytest.raises(BadFile, match=r"rules\.json") as told:
        read_rules(tmp_path / "rules.json")

    assert "\n" not in str(told.value)


@pytest.mark.parametrize("digits", ["1e40", "NaN", "-1e-40"])
def test_recorded_rules_with_odd_numbers_are_one_line(tmp_path: Path, digits: str) -> None:
    info = msgspec.json.decode(payload("fapi_exchangeInfo_testnet_20251126.json"))
    contract = next(one for one in info["symbols"] if one["symbol"] == "ETHUSDT")
    for one in contract["filters"]:
        one.update({name: digits for name in ("tickSize", "stepSize", "minQty", "maxQty", "notional") if name in one})
    (tmp_path / "rules.json").write_bytes(msgspec.json.encode({"exchangeInfo": info}))

    with pytest.raises((BadFile, LookupError)) as told:
        read_rules(tmp_path / "rules.json").rules("ETHUSDT")

    assert "\n" not in str(told.value)


def test_a_recorded_tick_that_is_coarser_than_the_prices_gives_way() -> None:
    rules = inferred_rules("XUSDT", prices("0.1", 65_000.0))

    assert fitting_rules(rules, prices("0.01", 1_800.0)).tick_size == Decimal("0.01")
    assert fitting_rules(rules, prices("0.5", 65_000.0)) == rules


@pytest.mark.parametrize(
    ("name", "tick"),
    [
        ("BTCUSDT-1m", "0.1"),
        ("ETHUSDT-5m", "0.01"),
        ("CELRUSDT-5m", "0.00001"),
        ("XRPUSDT-1h", "0.0001"),
        ("SOLUSDT-1m.202505", "0.01"),
    ],
)
def test_the_ticks_of_recorded_markets_are_found(name: str, tick: str) -> None:
    file = RECORDED / f"{name}.parquet"
    if not file.exists():
        pytest.skip(f"recorded candles {file.name} are not on this machine")

    bars = read_bars([file])

    assert inferred_rules(bars.symbol, bars.rows[1:5]).tick_size == Decimal(tick)
