"""Market frames: what they say, and that nothing broken gets through."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.adapters.binance_messages import BadMessage, event_time, read_market
from engine.model.events import BarClosed, MarkSeen, PriceSeen, QuoteSeen
from engine.model.market import Bar, PriceWindow
from tests.engine.adapters.recorded import lines, market_frames

SEEN = 1_795_399_740_111

KLINE = {
    "e": "kline",
    "E": 1_795_399_740_012,
    "s": "BTCUSDT",
    "k": {
        "t": 1_795_399_680_000,
        "T": 1_795_399_739_999,
        "s": "BTCUSDT",
        "i": "1m",
        "o": "60010.0",
        "c": "60020.1",
        "h": "60025.0",
        "l": "60001.0",
        "v": "12.345",
        "x": True,
    },
}
BOOK = {"e": "bookTicker", "u": 400_900_217, "s": "BTCUSDT", "E": 1_795_399_740_003, "b": "60020.0", "a": "60020.1", "st": 1}
TRADE = {"e": "aggTrade", "E": 1_795_399_740_100, "s": "BTCUSDT", "a": 5_933_014, "p": "60020.1", "q": "0.020", "m": False}
MARK = {
    "e": "markPriceUpdate",
    "E": 1_795_399_740_000,
    "s": "BTCUSDT",
    "p": "60018.20000000",
    "r": "0.00010000",
    "T": 1_795_420_800_000,
}


def framed(data: Any) -> bytes:
    return json.dumps({"stream": "btcusdt@any", "data": data}).encode()


def with_row(**changes: Any) -> dict[str, Any]:
    return {**KLINE, "k": {**KLINE["k"], **changes}}  # type: ignore[dict-item]  # the row is a dict


def test_a_closed_kline_is_a_closed_bar() -> None:
    frame = read_market(framed(KLINE), SEEN)

    bar = Bar(1_795_399_680_000, 60010.0, 60025.0, 60001.0, 60020.1, 12.345)
    assert frame.news == BarClosed("BTCUSDT", bar, is_history=False, time_ms=1_795_399_740_012, seen_ms=SEEN)


def test_a_forming_kline_is_no_news_but_tells_the_time() -> None:
    frame = read_market(framed(with_row(x=False)), SEEN)

    assert frame.news is None
    assert frame.is_known
    assert frame.time_ms == 1_795_399_740_012


def test_a_bar_cannot_be_closed_before_its_end() -> None:
    with pytest.raises(BadMessage, match="before its end"):
        read_market(framed({**KLINE, "E": 1_795_399_739_999}), SEEN)


def test_quotes_prices_and_marks_are_read() -> None:
    assert read_market(framed(BOOK), SEEN).news == QuoteSeen("BTCUSDT", 60020.0, 60020.1, 1_795_399_740_003, SEEN)
    window = PriceWindow(60020.1, 60020.1, 60020.1)
    assert read_market(framed(TRADE), SEEN).news == PriceSeen("BTCUSDT", 60020.1, window, 1_795_399_740_100, SEEN)
    mark = MarkSeen("BTCUSDT", 60018.2, 0.0001, 1_795_420_800_000, 1_795_399_740_000, SEEN)
    assert read_market(framed(MARK), SEEN).news == mark


@pytest.mark.parametrize(
    "data",
    [
        {key: value for key, value in with_row().items() if key != "k"},
        {**KLINE, "k": {key: value for key, value in with_row()["k"].items() if key != "x"}},
        with_row(x=None),
        with_row(o="NaN"),
        with_row(c="0"),
        with_row(l="-1"),
        with_row(h="inf"),
        with_row(h="60009"),
        with_row(v="-1"),
        with_row(v="NaN"),
        with_row(T=1_795_399_738_999),
        with_row(t=1_795_399_680_001, T=1_795_399_740_000),
        {**BOOK, "b": "0"},
        {**BOOK, "b": "60021"},
        {**BOOK, "a": "Infinity"},
        {**BOOK, "E": 0},
        {**BOOK, "E": "soon"},
        {**BOOK, "E": 10**20},
        {**BOOK, "s": ""},
        {**BOOK, "s": None},
        {**TRADE, "p": "nan"},
        {**TRADE, "p": []},
        {key: value for key, value in TRADE.items() if key != "p"},
        {**MARK, "p": "-3"},
        {**MARK, "r": "7"},
        {**MARK, "T": -1},
        {"E": 1_795_399_740_000},
        [],
        "text",
    ],
)
def test_a_frame_that_cannot_be_trusted_is_refused(data: Any) -> None:
    with pytest.raises(BadMessage):
        read_market(framed(data), SEEN)


def test_a_frame_is_refused_where_a_byte_is_damaged_in_what_nobody_reads() -> None:
    raw = framed({**BOOK, "unread": "?"})

    assert read_market(raw, SEEN).news is not None
    with pytest.raises(BadMessage):
        read_market(raw.replace(b"?", b"\x87"), SEEN)


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff\xfe", b"[]", b"null", b"7", b"[" * 100_000, b'{"data":{"e":"aggTrade","s":"\xff"}}']
)
def test_bytes_that_are_no_frame_are_refused(raw: bytes) -> None:
    with pytest.raises(BadMessage):
        read_market(raw, SEEN)


def test_unknown_kinds_and_answers_to_subscriptions_are_no_fault() -> None:
    unknown = read_market(framed({"e": "somethingNew", "E": 1_795_399_740_000, "s": "BTCUSDT"}), SEEN)
    answer = read_market(b'{"result":null,"id":1}', SEEN)

    assert unknown == (None, 1_795_399_740_000, False)
    assert answer == (None, 0, False)


def test_the_time_of_a_broken_frame_is_still_read_where_it_can_be() -> None:
    assert event_time(framed({**TRADE, "p": "nan"})) == 1_795_399_740_100
    assert event_time(b"{") == 0
    assert event_time(framed({"E": "late"})) == 0


def test_recorded_market_frames_are_all_understood() -> None:
    frames = [read_market(raw, SEEN) for raw in market_frames("ws_market_20210722_SUSHIUSDT_CTKUSDT.jsonl")]

    bars = [frame.news for frame in frames if isinstance(frame.news, BarClosed)]
    quotes = [frame.news for frame in frames if isinstance(frame.news, QuoteSeen)]
    prices = [frame.news for frame in frames if isinstance(frame.news, PriceSeen)]
    assert [bar.symbol for bar in bars] == ["SUSHIUSDT", "CTKUSDT"]
    assert bars[0].bar == Bar(1_626_992_700_000, 7.608, 7.618, 7.607, 7.617, 3005.0)
    assert (len(quotes), len(prices)) == (450, 78)
    assert {quote.symbol for quote in quotes} == {"SUSHIUSDT", "CTKUSDT"}
    assert {price.symbol for price in prices} == {"SUSHIUSDT", "CTKUSDT"}
    assert sum(not frame.is_known for frame in frames) > 0  # depth updates, which we did not ask for


def test_documented_market_frames_are_understood() -> None:
    known = {"BookTicker": QuoteSeen, "AggTrades": PriceSeen, "MarkPrice": MarkSeen}
    for line in lines("documented_ws_stream_examples.jsonl"):
        example = json.loads(line)
        kind = known.get(example["name"])
        if kind is not None:
            assert isinstance(read_market(json.dumps(example["message"]).encode(), SEEN).news, kind)


@given(
    frame=st.sampled_from([KLINE, BOOK, TRADE, MARK]),
    data=st.data(),
    flips=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=4),
)
@settings(max_examples=300, deadline=None)
def test_a_mutated_frame_raises_nothing_but_bad_message(
    frame: dict[str, Any], data: st.DataObject, flips: list[tuple[int, int]]
) -> None:
    junk = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.lists(st.integers(), max_size=2)
    key = data.draw(st.sampled_from(sorted(frame)))
    raw = bytearray(framed({**frame, key: data.draw(junk)}))
    for place, value in flips:
        raw[place % len(raw)] = value

    try:
        news = read_market(bytes(raw), SEEN).news
    except BadMessage:
        return
    if isinstance(news, QuoteSeen):
        assert 0 < news.bid <= news.ask < float("inf")
    if isinstance(news, BarClosed):
        assert 0 < news.bar.low <= news.bar.close <= news.bar.high
