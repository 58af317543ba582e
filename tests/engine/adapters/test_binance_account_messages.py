"""The private stream: recorded sequences give the right events, and nothing broken gets through."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.adapters.binance_account_messages import AccountFrame, AccountNews, read_account
from engine.adapters.binance_messages import BadMessage
from engine.model.events import BalanceChanged, FundingPaid, OrderAccepted, OrderFilled, OrderGone, StopChanged
from engine.model.orders import Fill, StopStatus
from engine.model.signals import Side
from tests.engine.adapters.recorded import lines

SEEN = 1_795_399_718_999

FILLED: dict[str, Any] = {
    "e": "ORDER_TRADE_UPDATE",
    "E": 1_795_399_718_690,
    "T": 1_795_399_718_684,
    "o": {
        "s": "BTCUSDT",
        "c": "abEaaaaaaaaaaaaaaaa000",
        "S": "BUY",
        "o": "MARKET",
        "x": "TRADE",
        "X": "FILLED",
        "i": 22_542_179,
        "l": "0.006",
        "z": "0.010",
        "L": "60002.0",
        "N": "USDT",
        "n": "0.18000600",
        "T": 1_795_399_718_684,
        "t": 774_411,
        "rp": "0",
        "er": "0",
    },
}
FUNDING: dict[str, Any] = {
    "e": "ACCOUNT_UPDATE",
    "E": 1_795_420_800_120,
    "T": 1_795_420_800_110,
    "a": {
        "m": "FUNDING_FEE",
        "B": [{"a": "BNB", "wb": "1", "cw": "1", "bc": "0"}, {"a": "USDT", "wb": "4999.64", "cw": "4939.64", "bc": "-0.06"}],
        "P": [],
        "S": "BTCUSDT",
    },
}
STOP: dict[str, Any] = {
    "e": "ALGO_UPDATE",
    "E": 1_795_403_000_020,
    "T": 1_795_403_000_010,
    "o": {
        "caid": "abTaaaaaaaaaaaaaaaa001",
        "aid": 4_000_001_783_523_430,
        "s": "BTCUSDT",
        "X": "REJECTED",
        "ai": "",
        "rm": "Margin is insufficient.",
    },
}


def read(message: dict[str, Any]) -> AccountFrame:
    return read_account(json.dumps(message).encode(), SEEN)


def read_all(name: str) -> list[AccountNews]:
    return [news for line in lines(name) for news in read_account(line, SEEN).news]


def with_order(**changes: Any) -> dict[str, Any]:
    return {**FILLED, "o": {**FILLED["o"], **changes}}


def test_a_long_opened_and_closed_by_hand_gives_two_fills_and_two_ends() -> None:
    news = read_all("user_stream_20241118_BTCUSDT_open_close.jsonl")

    assert [type(one) for one in news] == [OrderAccepted, BalanceChanged, OrderFilled, OrderGone] * 2
    entry, leave = (one.fill for one in news if isinstance(one, OrderFilled))
    assert entry == Fill(
        symbol="BTCUSDT",
        trade_id=5612428004,
        order_id=482255808281,
        client_id="android_MLA5BSDBdSD12WPlEyMh",
        side=Side.LONG,
        quantity=Decimal("0.002"),
        price=Decimal("91739.90"),
        fee=Decimal("0.09173990"),
        fee_asset="USDT",
        realised=Decimal(0),
        time_ms=1731954087444,
    )
    assert (leave.side, leave.realised) == (Side.SHORT, Decimal("-1.77340000"))
    assert news[1] == BalanceChanged(Decimal("642.76097079"), (("BTCUSDT", Decimal("0.002")),), 1731954087444, SEEN)
    assert news[3] == OrderGone(
        "BTCUSDT", "android_MLA5BSDBdSD12WPlEyMh", 482255808281, "FILLED", Decimal("0.002"), 1731954087444, SEEN
    )


def test_an_old_style_stop_that_fired_ends_the_short_and_its_target() -> None:
    news = read_all("user_stream_20210604_TRXUSDT_stop_loss_hit.jsonl")

    fills = [one.fill for one in news if isinstance(one, OrderFilled)]
    assert [(fill.side, fill.quantity, fill.price) for fill in fills] == [
        (Side.SHORT, Decimal(150), Decimal("0.07574")),
        (Side.LONG, Decimal(150), Decimal("0.07600")),
    ]
    ends = [(one.client_id, one.status) for one in news if isinstance(one, OrderGone)]
    assert ends[-1] == ("web_st_VjMqi9dr7NULDpU", "EXPIRED")
    assert ("web_st_U8qk7AIsi5rYhlu", "FILLED") in ends
    balances = [one for one in news if isinstance(one, BalanceChanged)]
    assert [one.positions for one in balances] == [(("TRXUSDT", Decimal(-150)),), (("TRXUSDT", Decimal(0)),)]


def test_a_conditional_order_names_its_child_once_it_triggered() -> None:
    news = read_all("user_stream_20251211_DOGEUSDT_algo_stop_triggered.jsonl")

    assert all(isinstance(one, StopChanged) for one in news)
    stops = [one for one in news if isinstance(one, StopChanged)]
    assert [(one.status, one.child_order_id) for one in stops] == [
        (StopStatus.TRIGGERING, 0),
        (StopStatus.TRIGGERED, 88937381063),
        (StopStatus.FINISHED, 88937381063),
    ]
    assert {one.client_id for one in stops} == {"O-20251211-053131-TEST-000-1"}
    assert {one.algo_id for one in stops} == {1000000033225453}


def test_single_recorded_events_are_understood() -> None:
    frames = [read_account(line, SEEN) for line in lines("user_stream_misc_single_events.jsonl")]

    kinds = [[type(one) for one in frame.news] for frame in frames]
    assert kinds[:2] == [[OrderAccepted], []]  # TRADE_LITE says nothing that the full message does not say better
    assert [OrderGone] in kinds
    assert frames[-1].changed_setup == "BTCUSDT"
    assert frames[5].news == ()  # another quote asset: our wallet is not in it
    assert frames[5].needs_sync
    assert all(frame.is_known and frame.time_ms > 0 for frame in frames)


def test_documented_private_frames_are_understood() -> None:
    for line in lines("documented_ws_stream_examples.jsonl"):
        example = json.loads(line)
        if example["name"] in ("OrderUpdate", "AlgoOrderUpdate", "AccountUpdate", "Leverage", "MultiAssetMode", "TradeUpdate"):
            assert read(example["message"]["data"]).is_known


def test_a_reason_of_a_refused_trigger_is_passed_on() -> None:
    (news,) = read(STOP).news

    assert isinstance(news, StopChanged)
    assert (news.status, news.detail) == (StopStatus.REJECTED, "Margin is insufficient.")


def test_funding_is_paid_once_per_symbol_and_hour() -> None:
    balance, paid = read(FUNDING).news

    assert isinstance(balance, BalanceChanged)
    assert paid == FundingPaid(
        "BTCUSDT", Decimal("-0.06"), f"BTCUSDT:{1_795_420_800_110 // 3_600_000}", 1_795_420_800_120, SEEN
    )


def test_funding_of_an_isolated_position_is_named_by_that_position() -> None:
    row = {"s": "ETHUSDT", "pa": "1"}
    account = {key: value for key, value in FUNDING["a"].items() if key != "S"}

    news = read({**FUNDING, "a": {**account, "P": [row]}}).news

    assert [one.symbol for one in news if isinstance(one, FundingPaid)] == ["ETHUSDT"]


def test_funding_of_nobody_knows_what_is_left_to_the_income_list() -> None:
    account = {key: value for key, value in FUNDING["a"].items() if key != "S"}

    news = read({**FUNDING, "a": account}).news

    assert [type(one) for one in news] == [BalanceChanged]


def test_a_liquidation_passes_its_client_id_through() -> None:
    news = read(with_order(c="autoclose-1234", x="CALCULATED", X="FILLED")).news

    assert isinstance(news[0], OrderFilled)
    assert news[0].fill.client_id == "autoclose-1234"
    assert isinstance(news[1], OrderGone)


@pytest.mark.parametrize("status", ["FILLED", "CANCELED", "EXPIRED", "EXPIRED_IN_MATCH", "REJECTED"])
def test_every_terminal_status_ends_an_order(status: str) -> None:
    news = read(with_order(x=status, X=status, t=0)).news

    assert [type(one) for one in news] == [OrderGone]


@pytest.mark.parametrize("status", ["NEW", "PARTIALLY_FILLED", "NEW_ADL", "NEW_INSURANCE"])
def test_a_working_status_ends_nothing(status: str) -> None:
    news = read(with_order(x="TRADE", X=status)).news

    assert [type(one) for one in news] == [OrderFilled]


def test_a_fill_without_a_trade_id_or_of_another_kind_is_no_fill() -> None:
    assert read(with_order(t=0, X="PARTIALLY_FILLED")).news == ()
    assert read(with_order(x="AMENDMENT", X="NEW")).news == ()


def test_a_fill_without_a_fee_costs_nothing() -> None:
    order = {key: value for key, value in FILLED["o"].items() if key not in ("n", "N")}

    (filled, _) = read({**FILLED, "o": order}).news

    assert isinstance(filled, OrderFilled)
    assert (filled.fill.fee, filled.fill.fee_asset) == (Decimal(0), "")


def test_a_fill_that_tells_no_result_is_refused_and_listed_instead() -> None:
    order = {key: value for key, value in FILLED["o"].items() if key != "rp"}

    with pytest.raises(BadMessage):
        read({**FILLED, "o": order})


def test_an_expired_listen_key_and_a_changed_account_are_marked() -> None:
    expired = read({"e": "listenKeyExpired", "E": 1_795_403_200_000, "listenKey": "K1"})
    changed = read({"e": "ACCOUNT_CONFIG_UPDATE", "E": 1_795_399_000_010, "ai": {"j": True}})

    assert expired.is_key_expired
    assert changed.needs_sync


def test_unknown_kinds_are_no_fault() -> None:
    frame = read({"e": "SOMETHING_NEW", "E": 1_795_399_000_010})

    assert (frame.news, frame.is_known, frame.time_ms) == ((), False, 1_795_399_000_010)


@pytest.mark.parametrize(
    "message",
    [
        with_order(l="0"),
        with_order(L="NaN"),
        with_order(L="-1"),
        with_order(z="Infinity"),
        with_order(n="1e999999"),
        with_order(l="1e29"),
        with_order(l="1e-29"),
        with_order(S="HOLD"),
        with_order(i="x"),
        with_order(T=0),
        with_order(c=None),
        {**FILLED, "E": -5},
        {**FILLED, "o": None},
        {**STOP, "o": {**STOP["o"], "X": "PONDERING"}},
        {**STOP, "o": {**STOP["o"], "ai": "none"}},
        {**FUNDING, "a": {**FUNDING["a"], "B": [{"a": "USDT", "wb": "NaN"}]}},
        {**FUNDING, "a": {**FUNDING["a"], "P": [{"s": "BTCUSDT", "pa": "NaN"}]}},
        {**FUNDING, "a": {**FUNDING["a"], "P": [{"s": "BTCUSDT", "pa": "1e29"}]}},
    ],
)
def test_a_message_that_cannot_be_trusted_is_refused(message: dict[str, Any]) -> None:
    with pytest.raises(BadMessage):
        read(message)


@given(
    message=st.sampled_from([FILLED, FUNDING, STOP]),
    data=st.data(),
    flips=st.lists(st.tuples(st.integers(0, 600), st.integers(0, 255)), max_size=4),
)
@settings(max_examples=300, deadline=None)
def test_a_mutated_message_raises_nothing_but_bad_message(
    message: dict[str, Any], data: st.DataObject, flips: list[tuple[int, int]]
) -> None:
    junk = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.lists(st.integers(), max_size=2)
    inside = "a" if "a" in message else "o"
    key = data.draw(st.sampled_from(sorted(message[inside])))
    raw = bytearray(json.dumps({**message, inside: {**message[inside], key: data.draw(junk)}}).encode())
    for place, value in flips:
        raw[place % len(raw)] = value

    try:
        news = read_account(bytes(raw), SEEN).news
    except BadMessage:
        return
    for one in news:
        if isinstance(one, OrderFilled):
            assert one.fill.quantity > 0
            assert one.fill.price > 0


def test_money_that_was_moved_is_told_apart_from_money_that_was_won() -> None:
    def change(reason: str) -> Decimal:
        account = FUNDING["a"] | {"m": reason, "S": ""}
        (news,) = read_account(json.dumps(FUNDING | {"a": account}).encode(), SEEN).news
        assert isinstance(news, BalanceChanged)
        return news.transferred

    assert [change(reason) for reason in ("DEPOSIT", "WITHDRAW", "ASSET_TRANSFER")] == [Decimal("-0.06")] * 3
    assert change("ORDER") == change("INSURANCE_CLEAR") == 0


def test_a_changed_margin_mode_has_the_account_read() -> None:
    account = FUNDING["a"] | {"m": "MARGIN_TYPE_CHANGE", "B": [], "P": [], "S": ""}

    assert read_account(json.dumps(FUNDING | {"a": account}).encode(), SEEN).needs_sync


def test_a_changed_multi_assets_mode_has_the_account_read() -> None:
    frame = read_account(json.dumps({"e": "ACCOUNT_CONFIG_UPDATE", "E": SEEN, "T": SEEN, "ai": {"j": True}}).encode(), SEEN)

    assert frame.needs_sync


@pytest.mark.parametrize(
    "changes",
    [{"z": "0"}, {"z": "-0.010"}, {"T": FILLED["E"] + 700_000}, {"T": FILLED["E"] - 700_000}, {"T": 0}],
    ids=["nothing executed", "less than nothing", "told before it happened", "told long after", "no time"],
)
def test_a_fill_that_contradicts_itself_is_not_believed(changes: dict[str, Any]) -> None:
    with pytest.raises(BadMessage):
        read(with_order(**changes))


def test_a_frame_is_not_believed_where_a_byte_is_damaged_in_what_nobody_reads() -> None:
    """Whatever damaged it may have damaged a number too: of a payment's time, it would be booked twice."""
    account = FUNDING["a"] | {"P": [{"s": "BTCUSDT", "pa": "1", "bep": "1053.19?"}]}
    raw = json.dumps(FUNDING | {"a": account}).encode()

    assert read_account(raw, SEEN).news
    with pytest.raises(BadMessage):
        read_account(raw.replace(b"?", b"\x87"), SEEN)


def test_a_frame_of_a_time_that_cannot_be_yet_is_not_believed() -> None:
    raw = json.dumps(FILLED).encode()

    assert read_account(raw, SEEN, FILLED["E"] + 1).news
    with pytest.raises(BadMessage):
        read_account(raw, SEEN, FILLED["E"])
