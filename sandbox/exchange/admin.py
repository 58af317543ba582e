"""Pages under `/sandbox/` for tests and other processes: watch the run, hold it, break things, act as another client.

Nothing here is the exchange's own. Bodies and answers are JSON; a wish that makes no sense is answered with 400.
"""

import json
import time
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Protocol

import msgspec
from aiohttp import web

from sandbox.exchange.account import money
from sandbox.exchange.endpoints import Desk
from sandbox.exchange.errors import Refused
from sandbox.exchange.faults import ANSWER_KINDS, AnswerFault, AnswerFaults, StreamFaults, check_kind
from sandbox.exchange.fills import end_algo, end_order
from sandbox.exchange.liquidation import deleverage, liquidate
from sandbox.exchange.news import account_update
from sandbox.exchange.params import Params
from sandbox.exchange.rest_orders import new_order
from sandbox.exchange.sockets import Sockets

PREFIX: Final = "/sandbox/"
ROUTES: Final = ("public", "market", "private")

type Wish = Mapping[str, Any]
type Done = Mapping[str, Any]


class Run(Protocol):
    """What is needed of the venue."""

    def report(self) -> dict[str, Any]:
        """Give its books."""

    def state(self) -> dict[str, Any]:
        """Say how far it is."""

    def hold(self) -> None:
        """Stop the market."""

    def resume(self) -> None:
        """Let it go on."""


class BadWish(Exception):
    """A wish that cannot be read; the message is one line."""


class Admin:
    """The table of pages."""

    def __init__(self, run: Run, desk: Desk, sockets: Sockets, answers: AnswerFaults, streams: StreamFaults) -> None:
        self._run = run
        self._desk = desk
        self._sockets = sockets
        self._answers = answers
        self._streams = streams
        self._reads: dict[str, Callable[[], Done]] = {"report": run.report, "state": run.state, "faults": self._faults}
        self._wishes: dict[str, Callable[[Wish], Done]] = {
            "hold": self._hold,
            "resume": self._resume,
            "fault": self._fault,
            "calm": self._calm,
            "trade": self._trade,
            "close": self._close,
            "cancel": self._cancel,
            "liquidate": self._liquidate,
            "deleverage": self._deleverage,
            "transfer": self._transfer,
            "expire_key": self._expire_key,
        }

    async def serve(self, request: web.Request) -> web.Response:
        """Answer one page."""
        name = request.path.removeprefix(PREFIX)
        try:
            if request.method == "GET" and name in self._reads:
                return _answer(self._reads[name](), 200)
            if request.method == "POST" and name == "kick":
                return _answer(await self._kick(_wish(await request.text())), 200)
            if request.method == "POST" and name in self._wishes:
                return _answer(self._carried_out(name, _wish(await request.text())), 200)
        except BadWish as bad:
            return _answer({"error": str(bad)}, 400)
        except Refused as refused:
            return _answer({"code": refused.code, "msg": refused.text}, 400)
        return _answer({"error": f"no such page: {request.method} {request.path}"}, 404)

    def _carried_out(self, name: str, wish: Wish) -> Done:
        """Carry a wish out; what it changed is told like everything else, and the market waits until it is settled."""
        try:
            return self._wishes[name](wish)
        finally:
            self._desk.exchange.ledger.writes += 1
            self._desk.broadcast.news()

    # --- the run ----------------------------------------------------------------------------------------------------

    def _hold(self, wish: Wish) -> Done:
        del wish
        self._run.hold()
        return {"is_held": True}

    def _resume(self, wish: Wish) -> Done:
        del wish
        self._run.resume()
        return {"is_held": False}

    # --- faults -----------------------------------------------------------------------------------------------------

    def _faults(self) -> Done:
        rows = [{"kind": row.kind, "path": row.path, "method": row.method, "times": row.times} for row in self._answers.rows]
        return {"answers": rows, "streams": dict(self._streams.counts), "clock_ahead_ms": self._desk.exchange.wire.ahead_ms}

    def _fault(self, wish: Wish) -> Done:
        """Set a fault: `kind`, and `path`, `method`, `times`, `delay_ms`, `route`, `ms` where they matter."""
        kind, times = check_kind(_text(wish, "kind")), _integer(wish, "times", 1)
        if kind in ANSWER_KINDS or kind.startswith("-"):
            path, method = str(wish.get("path", "")), str(wish.get("method", ""))
            self._answers.rows.append(AnswerFault(kind, path, method.upper(), times, _integer(wish, "delay_ms", 0)))
        elif kind == "mute":
            self._streams.muted_until_s[_route(wish)] = time.monotonic() + _integer(wish, "ms", 1_000) / 1_000
        elif kind == "clock":
            self._desk.exchange.wire.ahead_ms = _integer(wish, "ms", 0)
        elif kind == "thin_book":
            self._desk.exchange.thin_fills += times
        else:
            self._streams.counts[kind] = self._streams.counts.get(kind, 0) + times
        return self._faults()

    def _calm(self, wish: Wish) -> Done:
        """Take all faults away."""
        del wish
        self._answers.rows.clear()
        self._streams.counts.clear()
        self._streams.muted_until_s.clear()
        self._desk.exchange.wire.ahead_ms = self._desk.exchange.thin_fills = 0
        return self._faults()

    async def _kick(self, wish: Wish) -> Done:
        """Close the sockets of a route, or all of them."""
        route = _route(wish) if "route" in wish else None
        return {"closed": await self._sockets.close_all(route)}

    def _expire_key(self, wish: Wish) -> Done:
        """End the listen key as if its hour were over."""
        del wish
        key = self._desk.hub.keys.end()
        if key:
            self._desk.hub.end_key(key)
        return {"ended": bool(key)}

    # --- another client of the same account -------------------------------------------------------------------------

    def _trade(self, wish: Wish) -> Done:
        """Buy or sell at the market: opens, adds, reduces or turns, as a hand in the exchange's own app would."""
        names = ("symbol", "side", "quantity")
        return self._market_order({name: _text(wish, name) for name in names} | _flag(wish, "reduceOnly"))

    def _close(self, wish: Wish) -> Done:
        """Close a symbol's position."""
        exchange = self._desk.exchange
        contract = exchange.contract(_text(wish, "symbol"))
        position = exchange.position(contract.symbol)
        if not position.lots:
            raise Refused(-2022)
        side, quantity = "SELL" if position.lots > 0 else "BUY", contract.quantity_text(abs(position.lots))
        return self._market_order({"symbol": contract.symbol, "side": side, "quantity": quantity, "reduceOnly": "true"})

    def _market_order(self, values: dict[str, str]) -> Done:
        answer = new_order(self._desk, Params(values | {"type": "MARKET", "newOrderRespType": "RESULT"}))
        assert isinstance(answer, dict), "one order has one answer"
        return answer

    def _cancel(self, wish: Wish) -> Done:
        """Cancel open orders by hand: one by `client_id`, or a `symbol`'s `stops`, `targets`, `orders` or `all`."""
        exchange, what = self._desk.exchange, str(wish.get("what", "all"))
        wanted, symbol = wish.get("client_id"), wish.get("symbol")
        if wanted is None and symbol is None:
            raise BadWish("cancel needs a client_id or a symbol")
        if what not in ("stops", "targets", "orders", "all"):
            raise BadWish(f"what is stops, targets, orders or all, not {what}")
        algos = [one for one in exchange.algos.all_open() if wanted in (None, one.client_id) and symbol in (None, one.symbol)]
        orders = [one for one in exchange.orders.all_open() if wanted in (None, one.client_id) and symbol in (None, one.symbol)]
        algos = [one for one in algos if what == "all" or what == ("stops" if one.is_stop else "targets")]
        orders = orders if what in ("all", "orders") else []
        for algo in algos:
            end_algo(exchange, algo, "CANCELED")
        for order in orders:
            end_order(exchange, order, "CANCELED")
        return {"cancelled": [*(one.client_id for one in algos), *(one.client_id for one in orders)]}

    def _liquidate(self, wish: Wish) -> Done:
        return self._forced(wish, liquidate)

    def _deleverage(self, wish: Wish) -> Done:
        return self._forced(wish, deleverage)

    def _forced(self, wish: Wish, close: Callable[[Any, str], None]) -> Done:
        """Have the exchange itself close a position."""
        exchange = self._desk.exchange
        symbol = exchange.contract(_text(wish, "symbol")).symbol
        if not exchange.position(symbol).lots:
            raise Refused(-2022)
        close(exchange, symbol)
        return {"wallet": str(exchange.account.wallet)}

    def _transfer(self, wish: Wish) -> Done:
        """Move money into the account, or out of it."""
        exchange = self._desk.exchange
        try:
            amount = money(Decimal(_text(wish, "amount")))
        except InvalidOperation:
            raise BadWish("amount is no number") from None
        exchange.credit("TRANSFER", "", amount)
        exchange.tell(account_update(exchange, "DEPOSIT" if amount > 0 else "WITHDRAW", (), amount))
        return {"wallet": str(exchange.account.wallet)}


def _wish(text: str) -> Wish:
    try:
        wish = json.loads(text or "{}")
    except ValueError:
        raise BadWish("the body is no JSON") from None
    if not isinstance(wish, dict):
        raise BadWish("the body is no JSON object")
    return wish


def _text(wish: Wish, name: str) -> str:
    if name not in wish:
        raise BadWish(f"{name} is missing")
    return str(wish[name])


def _integer(wish: Wish, name: str, usual: int) -> int:
    value = wish.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadWish(f"{name} is a whole number")
    return value


def _route(wish: Wish) -> str:
    route = _text(wish, "route")
    if route not in ROUTES:
        raise BadWish(f"route is one of {', '.join(ROUTES)}")
    return route


def _flag(wish: Wish, name: str) -> dict[str, str]:
    return {name: "true"} if wish.get(name) is True else {}


def _answer(content: Done, status: int) -> web.Response:
    return web.Response(body=msgspec.json.encode(content), status=status, content_type="application/json")
