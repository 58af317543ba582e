"""What the fuzz starts from: the sandbox's own frames and answers, and the recorded ones where they lie beside the repository.

Everything is told of one symbol. Prices, times, names and quantities become marks that are filled in before each use.
"""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from engine.adapters import binance_answers as answers
from sandbox.exchange.board import Trade
from sandbox.exchange.endpoints import Desk
from sandbox.exchange.frames import depth_frame, kline_frame, mark_frame, quote_frame, trade_frame
from sandbox.exchange.rest_account import balance_v3, positions_v3
from sandbox.exchange.rest_algo import new_algo, open_algos
from sandbox.exchange.rest_history import incomes, user_trades
from sandbox.exchange.rest_market import klines, premium_index, server_time
from sandbox.exchange.rest_orders import new_order, open_orders
from sandbox.exchange.rest_setup import account_config, symbol_config
from tests.engine.adapters.recorded import PAYLOADS
from tests.sandbox.exchange.builders import MINUTE_MS, a_desk, params
from tests.storm.fuzz_mutations import Template

SYMBOL: Final = "ETHUSDT"
PRICES: Final = {"bookTicker": ("b", "a"), "aggTrade": ("p",), "markPriceUpdate": ("p",), "kline": ("o", "h", "l", "c")}
SHAPES: Final[dict[str, Any]] = {
    "/fapi/v1/time": answers.ServerTime,
    "/fapi/v1/premiumIndex": answers.Premium,
    "/fapi/v1/listenKey": answers.ListenKey,
    "/fapi/v1/accountConfig": answers.AccountConfig,
    "/fapi/v2/balance": list[answers.Balance],
    "/fapi/v3/balance": list[answers.Balance],
    "/fapi/v1/symbolConfig": list[answers.SymbolConfig],
    "/fapi/v2/positionRisk": list[answers.Position],
    "/fapi/v3/positionRisk": list[answers.Position],
    "/fapi/v1/order": answers.Order,
    "/fapi/v1/openOrders": list[answers.Order],
    "/fapi/v1/algoOrder": answers.AlgoId,
    "/fapi/v1/openAlgoOrders": list[answers.AlgoOrder],
    "/fapi/v1/userTrades": list[answers.AccountTrade],
    "/fapi/v1/income": list[answers.Income],
    "/fapi/v1/klines": list[answers.Kline],
    "/sapi/v1/account/apiRestrictions": answers.KeyRights,
}


@cache
def market_templates() -> tuple[Template, ...]:
    """Frames of the combined market streams."""
    frames = [*_sandbox_market(), *_recorded_market()]
    return tuple(Template({"stream": "x", "data": _marked_market(frame)}) for frame in frames)


@cache
def account_templates() -> tuple[Template, ...]:
    """Frames of the private stream, each as somebody else's and as ours."""
    frames = [*_exercised().exchange.news, *_recorded_account()]
    told = [Template(_marked_account(frame, is_ours=False)) for frame in frames]
    return (*told, *(Template(_marked_account(frame, is_ours=True)) for frame in frames if "o" in frame))


@cache
def rest_templates() -> tuple[tuple[Any, Template], ...]:
    """Answers, each with the shape that is asked for."""
    return tuple((SHAPES[path], Template(body)) for path, body in (*_sandbox_answers(), *_recorded_answers()))


@cache
def _exercised() -> Desk:
    """The sandbox's exchange after an entry, two stops and an exit."""
    desk = a_desk()
    new_order(desk, params(symbol=SYMBOL, side="BUY", type="MARKET", quantity="1", newClientOrderId="abE" + "a" * 16 + "000"))
    stop = {"symbol": SYMBOL, "side": "SELL", "algoType": "CONDITIONAL", "type": "STOP_MARKET", "triggerPrice": "3000"}
    new_algo(desk, params(**stop, quantity="1", reduceOnly="true", clientAlgoId="abT" + "a" * 16 + "001"))
    new_algo(desk, params(**stop, closePosition="true", clientAlgoId="abC" + "a" * 16 + "002"))
    exit_order = {"symbol": SYMBOL, "side": "SELL", "type": "MARKET", "reduceOnly": "true"}
    new_order(desk, params(**exit_order, quantity="0.5", newClientOrderId="abX" + "a" * 16 + "003"))
    return desk


def _sandbox_market() -> Iterator[dict[str, Any]]:
    exchange = _exercised().exchange
    board, bars, now = exchange.boards[SYMBOL], exchange.bars[SYMBOL], exchange.clock.now_ms
    kline = bars.find(MINUTE_MS, 0, now, None)[-1]
    yield json.loads(quote_frame(board, now))
    yield json.loads(trade_frame(board.contract, now, Trade(1, board.last, 5, now, seller_is_aggressive=True)))
    yield json.loads(mark_frame(board, now, "0.0001", now + 100 * MINUTE_MS))
    yield json.loads(depth_frame(board, now, 5))
    for is_closed in (True, False):
        yield json.loads(kline_frame(board, now, kline, "1h", 60 * MINUTE_MS, is_closed=is_closed))


def _sandbox_answers() -> Iterator[tuple[str, Any]]:
    desk, own = _exercised(), params(symbol=SYMBOL)
    yield "/fapi/v1/time", server_time(desk, params())
    yield "/fapi/v1/premiumIndex", premium_index(desk, own)
    yield "/fapi/v1/accountConfig", account_config(desk, params())
    yield "/fapi/v3/balance", balance_v3(desk, params())
    yield "/fapi/v1/symbolConfig", symbol_config(desk, own)
    yield "/fapi/v3/positionRisk", positions_v3(desk, own)
    yield "/fapi/v1/openOrders", open_orders(desk, own)
    yield "/fapi/v1/openAlgoOrders", open_algos(desk, own)
    yield "/fapi/v1/userTrades", user_trades(desk, own)
    yield "/fapi/v1/income", incomes(desk, params())
    yield "/fapi/v1/klines", json.loads(bytes(klines(desk, params(symbol=SYMBOL, interval="1m", limit=3))))  # type: ignore[arg-type]


def _lines(name: str) -> Iterator[Any]:
    path = PAYLOADS / name
    if path.exists():
        yield from (json.loads(line) for line in path.read_text().splitlines() if line.strip())


def _recorded_market() -> Iterator[dict[str, Any]]:
    kinds: dict[str, int] = {}
    for row in _lines("ws_market_20210722_SUSHIUSDT_CTKUSDT.jsonl"):
        data = row["msg"].get("data") or {}
        kind = str(data.get("e"))
        kinds[kind] = kinds.get(kind, 0) + 1
        if kinds[kind] <= 3:
            yield data
    for row in _lines("documented_ws_stream_examples.jsonl"):
        data = row["message"].get("data")
        if isinstance(data, dict) and data.get("e") in (*PRICES, "24hrTicker", "forceOrder", "contractInfo"):
            yield data


def _recorded_account() -> Iterator[dict[str, Any]]:
    for path in sorted(PAYLOADS.glob("user_stream_*.jsonl")):
        yield from _lines(path.name)
    for row in _lines("documented_ws_stream_examples.jsonl"):
        data = row["message"].get("data")
        if isinstance(data, dict) and str(data.get("e")).isupper():
            yield data


def _recorded_answers() -> Iterator[tuple[str, Any]]:
    names = (
        "documented_rest_examples.jsonl",
        "rest_20260808_AAPLUSDT_open_close.jsonl",
        "rest_algo_testnet_20260826_partial.jsonl",
    )
    for name in names:
        for row in _lines(name):
            path = row.get("request", row)["path"]
            if path in SHAPES and row.get("status", 200) == 200:
                yield path, row["response"]


def _marked_market(frame: dict[str, Any]) -> dict[str, Any]:
    kind = str(frame.get("e"))
    told = {**frame, "s": SYMBOL, "E": "@T"}
    inside = told["k"] = {**frame["k"], "s": SYMBOL, "i": "1h", "t": "@O", "T": "@U"} if kind == "kline" else {}
    if kind != "kline":
        del told["k"]
    for key in PRICES.get(kind, ()):
        (inside if kind == "kline" else told)[key] = "@P"
    if kind == "markPriceUpdate":
        told["r"], told["T"] = "0.0001", "@F"
    return told


def _marked_account(frame: dict[str, Any], *, is_ours: bool) -> dict[str, Any]:
    told = {**frame, "E": "@T"} | ({"T": "@T"} if "T" in frame else {})
    if "o" in frame:
        keys = {"s": SYMBOL, "T": "@T", "L": "@P", "l": "@Q", "z": "@Q", "q": "@Q", "i": "@I", "t": "@N", "ai": "@I"}
        own = {"c": "@C", "caid": "@C"} if is_ours else {}
        told["o"] = {key: (keys | own).get(key, value) for key, value in frame["o"].items()}
        if not float(frame["o"].get("t", 0)):
            told["o"].pop("t", None)
    if "a" in frame:
        rows = [{**row, "s": SYMBOL, "pa": "@H"} for row in frame["a"].get("P", ())]
        told["a"] = {**frame["a"], "P": rows, "B": [{**row, "wb": "@W"} for row in frame["a"].get("B", ())]}
    if "ac" in frame:
        told["ac"] = {**frame["ac"], "s": SYMBOL}
    return told
