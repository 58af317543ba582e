"""Histories from files: one interval, one time, a warm-up before the beginning, and every fault told."""

import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from bot.histories import BadHistory, Loaded, load_histories
from engine.adapters.candle_files import ARCHIVE_COLUMNS
from tests.builders import RECORDED
from tests.engine.adapters.history_builders import MINUTE_MS, START_MS, archive_rows, csv, csv_text, parquet, rows, zipped
from tests.engine.adapters.recorded import PAYLOADS


def load(*files: Path, **options: Any) -> Loaded:
    usual: dict[str, Any] = {
        "interval": None,
        "begin_ms": None,
        "end_ms": None,
        "warmup_bars": 10,
        "rules": None,
        "funding": (),
    }
    return load_histories(files, **(usual | options))


def at(bars: int) -> int:
    return START_MS + bars * MINUTE_MS


def test_a_file_becomes_a_history_with_inferred_rules_and_assumed_funding_and_says_so(tmp_path: Path) -> None:
    loaded = load(parquet(tmp_path / "ETHUSDT-1m.parquet", rows(500)))

    (history,) = loaded.histories
    assert (history.candles.symbol, history.candles.interval_ms, len(history.candles)) == ("ETHUSDT", MINUTE_MS, 500)
    assert (history.rules.tick_size, history.is_inferred, history.funding.is_assumed) == (Decimal("0.01"), True, True)
    assert any("no rules are on record" in line for line in loaded.told)
    assert any("no funding is on record" in line for line in loaded.told)


def test_rules_are_inferred_from_the_first_bars_alone_and_it_says_so(tmp_path: Path) -> None:
    file = parquet(tmp_path / "ETHUSDT-1m.parquet", [*rows(1_000), *rows(1_000, first=1_000, price=0.5)])

    whole, early = load(file), load(file, end_ms=at(1_200))

    assert whole.histories[0].rules == early.histories[0].rules
    assert any("inferred from the first 1,000 bars" in line for line in whole.told)
    assert any("inferred from the first 500 bars" in line for line in load(file, end_ms=at(500)).told)


def test_prices_that_later_lie_between_the_ticks_are_rounded_and_told(tmp_path: Path) -> None:
    later = [(one[0], *((price or 0.0) + 0.004 for price in one[1:5]), one[5]) for one in rows(1_000, first=1_000)]
    file = parquet(tmp_path / "ETHUSDT-1m.parquet", [*rows(1_000), *later])
    plain = parquet(tmp_path / "BTCUSDT-1m.parquet", rows(2_000))

    loaded, expected = load(file), load(plain)

    assert any("50.0% of the bars have prices between the ticks of 0.01: rounded" in line for line in loaded.told)
    assert not any("between the ticks" in line for line in expected.told)
    for name in ("open", "high", "low", "close"):
        assert np.array_equal(*(getattr(one.histories[0].candles, name) for one in (loaded, expected)))


def test_a_price_that_rounding_would_bend_is_refused_with_its_date_and_a_way_out(tmp_path: Path) -> None:
    cheap = [(one[0], 0.512, 0.515, 0.512, 0.512, 1.0) for one in rows(1_000, first=1_000)]
    file = parquet(tmp_path / "ETHUSDT-1m.parquet", [*rows(1_000), *cheap])

    refused = r"^ETHUSDT: the price at 2023-08-01 16:40 is too small for a tick of 0\.01, which fits the first 1,000 bars"
    with pytest.raises(BadHistory, match=refused) as told:
        load(file)

    assert "--from" in str(told.value)
    assert len(load(file, end_ms=at(1_000)).histories[0].candles) == 1_000
    assert load(file, begin_ms=at(1_500)).histories[0].rules.tick_size < Decimal("0.01")


def test_the_warm_up_lies_before_the_beginning(tmp_path: Path) -> None:
    file = parquet(tmp_path / "ETHUSDT-1m.parquet", rows(500))

    (history,) = load(file, begin_ms=at(100), end_ms=at(200), warmup_bars=30).histories

    assert (int(history.candles.open_time_ms[0]), history.candles.end_ms) == (at(70), at(200))


def test_a_beginning_with_too_little_before_it_is_moved_and_told(tmp_path: Path) -> None:
    file = parquet(tmp_path / "ETHUSDT-1m.parquet", rows(500))

    loaded = load(file, begin_ms=at(5), warmup_bars=30)

    assert int(loaded.histories[0].candles.open_time_ms[0]) == at(0)
    assert any("begins at 2023-08-01 00:30, not at 2023-08-01 00:05" in line for line in loaded.told)


def test_symbols_are_cut_to_the_time_that_they_share(tmp_path: Path) -> None:
    first = parquet(tmp_path / "ETHUSDT-1m.parquet", rows(300))
    second = parquet(tmp_path / "BTCUSDT-1m.parquet", rows(300, first=100, price=65_000.0))

    loaded = load(first, second)

    assert [history.candles.symbol for history in loaded.histories] == ["ETHUSDT", "BTCUSDT"]
    assert {(int(one.candles.open_time_ms[0]), one.candles.end_ms) for one in loaded.histories} == {(at(100), at(300))}
    assert any(
        "ETHUSDT 1m: 200 bars used" in line and "not used: 2023-08-01 to 2023-08-01 01:40 (100 bars)" in line
        for line in loaded.told
    )


def test_of_a_history_with_a_hole_the_longest_run_is_used_and_the_rest_named(tmp_path: Path) -> None:
    some = rows(300)
    file = parquet(tmp_path / "ETHUSDT-1m.parquet", [*some[:100], *some[103:]])

    loaded = load(file)

    assert len(loaded.histories[0].candles) == 197
    assert any("1 hole(s), 3 bars missing: 2023-08-01 01:40 to 2023-08-01 01:43" in line for line in loaded.told)
    assert any("197 bars used" in line and "(100 bars)" in line for line in loaded.told)


def test_symbols_with_holes_at_different_times_share_what_lies_between(tmp_path: Path) -> None:
    early = parquet(tmp_path / "ETHUSDT-1m.parquet", [row for at, row in enumerate(rows(300)) if at != 40])
    late = parquet(tmp_path / "BTCUSDT-1m.parquet", [row for at, row in enumerate(rows(300)) if at != 260])

    loaded = load(early, late)

    assert [(len(one.candles), one.candles.open_time_ms[0]) for one in loaded.histories] == [(219, at(41))] * 2


def test_funding_is_found_beside_the_candles_or_in_the_folder_next_to_theirs(tmp_path: Path) -> None:
    (tmp_path / "candles").mkdir()
    (tmp_path / "funding").mkdir()
    file = parquet(tmp_path / "candles" / "ETHUSDT-1m.parquet", rows(500))
    parquet(
        tmp_path / "funding" / "ETHUSDT-funding.parquet",
        [(START_MS, 0.0003), (at(480), 0.0002)],
        ("funding_time", "funding_rate"),
    )

    loaded = load(file)

    assert loaded.histories[0].funding.rate_e8.tolist() == [30_000, 20_000]
    assert not loaded.histories[0].funding.is_assumed


def test_funding_that_was_named_holds_for_the_symbol_in_its_name(tmp_path: Path) -> None:
    eth, btc = (parquet(tmp_path / f"{name}-1m.parquet", rows(100)) for name in ("ETHUSDT", "BTCUSDT"))
    funding = parquet(tmp_path / "BTCUSDT-funding.mine.parquet", [(START_MS, 0.0003)], ("funding_time", "funding_rate"))

    loaded = load(eth, btc, funding=(funding,))

    assert [history.funding.rate_e8.tolist() for history in loaded.histories] == [[10_000], [30_000]]


def test_funding_may_stand_among_the_candles(tmp_path: Path) -> None:
    parquet(tmp_path / "ETHUSDT-1m.parquet", rows(100))
    parquet(tmp_path / "ETHUSDT-funding.parquet", [(START_MS, 0.0003)], ("funding_time", "funding_rate"))

    loaded = load(*sorted(tmp_path.glob("*.parquet")))

    assert [history.funding.rate_e8.tolist() for history in loaded.histories] == [[30_000]]


@pytest.mark.skipif(not PAYLOADS.exists(), reason="the recorded messages are not here")
def test_recorded_rules_hold_with_a_finer_tick_where_the_prices_need_one(tmp_path: Path) -> None:
    file = parquet(tmp_path / "BTCUSDT-1m.parquet", rows(500))

    loaded = load(file, rules=PAYLOADS / "fapi_exchangeInfo_testnet_20251126.json")

    (history,) = loaded.histories
    assert (history.rules.step_size, history.is_inferred, len(history.rules.brackets)) == (Decimal("0.001"), False, 12)
    assert history.rules.tick_size == Decimal("0.01")
    assert any("finer than the rules' tick of 0.1" in line for line in loaded.told)


def test_a_contract_that_ended_since_was_traded_when_its_bars_were_recorded(tmp_path: Path) -> None:
    file = parquet(tmp_path / "ETHUSDT-1m.parquet", rows(300))
    filters = [
        {"filterType": "PRICE_FILTER", "tickSize": "0.01"},
        {"filterType": "LOT_SIZE", "stepSize": "0.001", "minQty": "0.001", "maxQty": "1000"},
    ]
    contract = {
        "symbol": "ETHUSDT",
        "contractType": "PERPETUAL",
        "quoteAsset": "USDT",
        "status": "SETTLING",
        "filters": filters,
    }
    (tmp_path / "rules.json").write_bytes(msgspec.json.encode({"symbols": [contract]}))

    (history,) = load(file).histories

    assert (history.rules.is_trading, history.rules.is_ending) == (True, False)


def test_nothing_that_can_be_wrong_with_files_is_more_than_a_line(tmp_path: Path) -> None:
    eth = parquet(tmp_path / "ETHUSDT-1m.parquet", rows(300))
    late = parquet(tmp_path / "BTCUSDT-1m.parquet", rows(300, first=1_000))
    slow = parquet(tmp_path / "BTCUSDT-5m.parquet", rows(300, step_ms=5 * MINUTE_MS))
    (tmp_path / "SOLUSDT-1m.parquet").write_bytes(b"")
    (tmp_path / "rules.txt").write_text("no rules")
    cases: list[tuple[tuple[Path, ...], dict[str, Any], str]] = [
        ((), {}, "no candle files were named"),
        ((tmp_path / "XRPUSDT-1m.parquet",), {}, "no such file"),
        ((tmp_path / "SOLUSDT-1m.parquet",), {}, "the file is empty"),
        ((eth,), {"interval": "5m"}, "1m apart, not 5m"),
        ((eth,), {"interval": "7m"}, "unknown interval 7m"),
        ((eth, slow), {}, "all candles of a run share one interval, these have 1m and 5m"),
        ((eth, late), {}, "share no time"),
        ((eth,), {"warmup_bars": 300}, "300 bars from 2023-08-01 on, and the warm-up alone takes 300"),
        ((eth,), {"begin_ms": at(5_000)}, "not one sound bar in the asked time"),
        ((eth,), {"end_ms": START_MS}, "not one sound bar in the asked time"),
        ((eth,), {"rules": tmp_path / "rules.txt"}, "these are no rules"),
        ((eth,), {"rules": tmp_path / "nowhere.json"}, "No such file"),
        ((eth,), {"funding": (tmp_path / "ETHUSDT-funding.csv",)}, "no such file"),
    ]
    for files, options, says in cases:
        with pytest.raises(BadHistory, match=says) as told:
            load(*files, **options)
        assert "\n" not in str(told.value)


def test_rules_that_do_not_know_the_symbol_are_an_error_where_named_and_told_where_found(tmp_path: Path) -> None:
    file = parquet(tmp_path / "ETHUSDT-1m.parquet", rows(300))
    (tmp_path / "rules.json").write_text('{"symbols": []}')

    with pytest.raises(BadHistory, match="ETHUSDT is not a USDT perpetual"):
        load(file, rules=tmp_path / "rules.json")
    loaded = load(file)

    assert loaded.histories[0].is_inferred
    assert any("not in" in line and "rules.json" in line for line in loaded.told)


def test_recorded_candles_and_funding_of_several_symbols_load_together() -> None:
    files = [RECORDED / f"{name}-1h.parquet" for name in ("BTCUSDT", "ETHUSDT", "SOLUSDT")]
    if not all(file.exists() for file in files):
        pytest.skip("recorded candles are not on this machine")

    loaded = load(*files, warmup_bars=1_000)

    assert {len(history.candles) for history in loaded.histories} == {4_368}
    assert all(len(history.funding.time_ms) == 547 for history in loaded.histories)


def test_no_damage_to_a_file_is_more_than_a_line_and_none_reaches_a_backtest(tmp_path: Path) -> None:
    chance, some = random.Random(7), rows(60)
    files = [
        parquet(tmp_path / "ETHUSDT-1m.parquet", some),
        csv(tmp_path / "ETHUSDT-1m.csv", archive_rows(some), ARCHIVE_COLUMNS),
        zipped(tmp_path / "ETHUSDT-1m.zip", csv_text(archive_rows(some))),
    ]
    sound, refusals = [file.read_bytes() for file in files], list[str]()
    for number in range(300):
        file = files[number % len(files)]
        file.write_bytes(damaged(sound[number % len(files)], chance))
        try:
            candles = load(file, warmup_bars=5).histories[0].candles
        except BadHistory as told:
            refusals.append(str(told))
            continue
        assert len(candles) > 5
        assert set(np.diff(candles.open_time_ms)) == {MINUTE_MS}
        assert (candles.low > 0).all()
        assert (np.minimum(candles.open, candles.close) >= candles.low).all()
        assert (np.maximum(candles.open, candles.close) <= candles.high).all()
        assert np.isfinite(candles.volume).all()
    assert refusals
    assert not any("\n" in line for line in refusals)


def damaged(content: bytes, chance: random.Random) -> bytes:
    """The content with a few bytes changed, taken out, put in, or cut off behind."""
    made = bytearray(content)
    for _ in range(chance.choice((1, 2, 5, 30))):
        place, kind = chance.randrange(len(made)), chance.random()
        if kind < 0.5:
            made[place] = chance.choice(b'0123456789,.-\n"eN; \x00\xff')
        elif kind < 0.7:
            del made[place : place + chance.choice((1, 20))]
        elif kind < 0.95:
            made[place:place] = bytes(chance.choice(b'0123456789,\n"') for _ in range(chance.choice((1, 30))))
        else:
            del made[place + 1 :]
    return bytes(made)
