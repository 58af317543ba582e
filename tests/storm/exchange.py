"""The sandbox's exchange without a port: requests come as calls, market time goes with the loop's, second by second.

Matching, triggers, books, refusals and frames are the sandbox's own. What is done here is only the pace, and what
`hands` do to the account at the exchange itself.
"""

import random
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

from sandbox.exchange.board import FormingBar
from sandbox.exchange.broadcast import Broadcast
from sandbox.exchange.clock import WireClock
from sandbox.exchange.config import VenueConfig
from sandbox.exchange.endpoints import Desk
from sandbox.exchange.exchange import open_exchange
from sandbox.exchange.faults import AnswerFaults, StreamFaults
from sandbox.exchange.fills import end_algo
from sandbox.exchange.funding import next_settlement, settle_funding
from sandbox.exchange.gate import Asked, Gate
from sandbox.exchange.history import Kline
from sandbox.exchange.hub import Hub
from sandbox.exchange.limits import Limits
from sandbox.exchange.liquidation import check_margins, deleverage, liquidate
from sandbox.exchange.listen_keys import ListenKeys
from sandbox.exchange.matching import execute
from sandbox.exchange.news import leverage_update
from sandbox.exchange.orders import AlgoOrder, Order
from sandbox.exchange.params import Params
from sandbox.exchange.path import leg_times, path_of
from sandbox.exchange.table import ENDPOINTS
from sandbox.exchange.walk import arrive, first_visit, leg_to
from sandbox.market.market import Market

KEY: Final = "storm-key-" + "k" * 54
SECRET: Final = "storm-secret-" + "s" * 51
PAID_LATE_S: Final = 15.0  # reference 9: settled so late, and who entered meanwhile pays, too


class StormExchange:
    """Matching engine, books and streams. `looked` is called after everything that may have changed something."""

    def __init__(self, market: Market, seed: int, fills_per_order: int, wire: WireClock) -> None:
        habits = random.Random(f"habits {seed}")  # of its own, so that all other draws stay what they were
        config = VenueConfig(
            api_key=KEY,
            api_secret=SECRET,
            speed=1.0,
            seed=seed,
            fills_per_order=fills_per_order,
            close_position_expires=habits.random() < 0.7,
            child_keeps_client_id=habits.random() < 0.5,
            shuffle_news=habits.random() < 0.3,
        )
        self._late_ms = int(habits.random() * PAID_LATE_S * 1_000)
        self._paid_ms = next_settlement(market.start_ms)
        self.market = market
        self.exchange = open_exchange(config, market)
        self.exchange.wire = wire
        self.hub = Hub(self.exchange.clock, ListenKeys(self.exchange.wire, config.listen_key_validity_ms), StreamFaults())
        self.broadcast = Broadcast(self.exchange, self.hub)
        self.limits = Limits(1.0)
        self._gate = Gate(Desk(self.exchange, self.broadcast, self.hub, self.limits), config, ENDPOINTS, AnswerFaults())
        self._table = {(row.method, row.path): row for row in ENDPOINTS}
        self._bar = 0
        self.looked: Callable[[], None] = lambda: None
        self._open_bar()

    # --- requests ---------------------------------------------------------------------------------------------------

    def answer(self, method: str, path: str, encoded: str, key: str) -> web.Response:
        """Carry out a request, and let the account's news out."""
        query, body = (encoded, "") if method == "GET" else ("", encoded)
        params = Params(dict(parse_qsl(encoded, keep_blank_values=True)))
        response = self._gate.answer(Asked(method, path, query, body, key, params, self._table.get((method, path))))
        self.looked()
        return response

    # --- the market -------------------------------------------------------------------------------------------------

    def go_to(self, market_ms: int) -> None:
        """Walk to a moment of market time inside the run, over every level on the way."""
        while market_ms >= self._close_ms and not self.is_over:
            self._walk_to(self._close_ms - 1)
            self._close_bar()
        if not self.is_over:
            self._walk_to(market_ms)

    @property
    def is_over(self) -> bool:
        """Whether the last bar has closed."""
        return self._bar >= self.market.bars

    @property
    def _close_ms(self) -> int:
        return self.market.start_ms + (self._bar + 1) * self.market.interval_ms

    def _klines(self, bar: int) -> dict[str, Kline]:
        return {symbol: self.exchange.bars[symbol].klines[self.market.warmup + bar] for symbol in self.market.symbols}

    def _open_bar(self) -> None:
        for symbol, kline in self._klines(self._bar).items():
            board = self.exchange.boards[symbol]
            board.forming = FormingBar(kline.open_time_ms, kline.open, kline.open, kline.open, kline.open)
            board.move(kline.open)

    def _walk_to(self, market_ms: int) -> None:
        begin_ms = self.exchange.clock.now_ms
        if market_ms <= begin_ms:
            return
        times = leg_times(self.market.start_ms + self._bar * self.market.interval_ms, self.market.interval_ms)
        for moment in [*(time for time in times[1:] if begin_ms < time < market_ms), market_ms]:
            targets = {symbol: _on_path(path_of(kline), times, moment) for symbol, kline in self._klines(self._bar).items()}
            self._walk(targets, moment)
        for symbol in self.market.symbols:
            self.broadcast.prints(symbol, 0.01)

    def _walk(self, targets: dict[str, int], until_ms: int) -> None:
        exchange, begin_ms = self.exchange, self.exchange.clock.now_ms
        legs = tuple(leg_to(exchange, symbol, ticks, until_ms - begin_ms) for symbol, ticks in targets.items())
        place = 0.0
        while (visit := first_visit(exchange, legs, place)) is not None:
            place = visit.place
            exchange.clock.move_to(begin_ms + int((until_ms - begin_ms) * place))
            arrive(exchange, legs, place, visit)
            visit.happen()
            self.told()
        exchange.clock.move_to(until_ms)
        arrive(exchange, legs, 1.0)
        self._pay_funding()
        check_margins(exchange)
        self.told()

    def _close_bar(self) -> None:
        exchange, symbols = self.exchange, self.market.symbols
        exchange.clock.move_to(self._close_ms)
        self._bar += 1
        for symbol in symbols:
            exchange.boards[symbol].forming = None
            exchange.bars[symbol].closed += 1
        if not self.is_over:
            for symbol, kline in self._klines(self._bar).items():
                exchange.boards[symbol].quote_around(kline.open)
        for symbol in symbols:
            self.broadcast.quotes(symbol)
            self.broadcast.closed(symbol)
        if not self.is_over:
            self._open_bar()

    def _pay_funding(self) -> None:
        """Settle what fell due a moment ago: who holds a position now pays or is paid."""
        if self.exchange.clock.now_ms >= self._paid_ms + self._late_ms:
            settle_funding(self.exchange, self._paid_ms)
            self._paid_ms = next_settlement(self._paid_ms)

    def jump(self, symbol: str, fraction: float) -> None:
        """The price is somewhere else at once, for a moment: stops on the way fire where the gap ends."""
        exchange = self.exchange
        board = exchange.boards[symbol]
        leg = leg_to(exchange, symbol, max(1, round(board.last * (1 + fraction))), 0)
        while (visit := first_visit(exchange, (leg,), 1.0)) is not None:
            arrive(exchange, (leg,), 1.0)
            visit.happen()
            self.told()
        arrive(exchange, (leg,), 1.0)
        self.broadcast.prints(symbol, 0.01)

    def heartbeat(self) -> None:
        """What the exchange repeats when nothing moves."""
        self.broadcast.heartbeat(1.0)

    def told(self) -> None:
        """Let the account's news out."""
        if self.exchange.news:
            self.broadcast.news()
        self.looked()

    # --- hands at the exchange --------------------------------------------------------------------------------------

    def lots(self, symbol: str) -> int:
        """The position, signed, in lots."""
        return self.exchange.position(symbol).lots

    def trade_by_hand(self, symbol: str, side: int, lots: int) -> None:
        """The owner trades at market in the exchange's own app."""
        exchange = self.exchange
        now, ids = exchange.clock.now_ms, exchange.ids
        order = Order(ids.next_order(), ids.next_client("web_"), symbol, side, "MARKET", "GTC", lots, 0, False, False, now)
        order.updated_ms = now
        execute(exchange, order)
        self.told()

    def foreign_stop(self, symbol: str) -> None:
        """The owner places a conditional order far away."""
        exchange = self.exchange
        board, now, side = exchange.boards[symbol], exchange.clock.now_ms, -1
        algo = AlgoOrder(
            id=exchange.ids.next_algo(),
            client_id=exchange.ids.next_client("web_"),
            symbol=symbol,
            side=side,
            type="STOP_MARKET",
            time_in_force="GTC",
            lots=1,
            price_ticks=0,
            trigger_ticks=board.last // 3,
            working_type="CONTRACT_PRICE",
            reduce_only=True,
            close_position=False,
            price_protect=False,
            created_ms=now,
            updated_ms=now,
        )
        exchange.algos.add(algo)
        self.told()

    def cancel_stop(self, symbol: str, prefix: str) -> bool:
        """The owner cancels one of the bot's stops; False where there is none."""
        ours = [algo for algo in self.exchange.algos.open_on(symbol) if algo.client_id.startswith(prefix) and algo.is_stop]
        for algo in ours[:1]:
            end_algo(self.exchange, algo, "CANCELED")
            self.told()
        return bool(ours)

    def change_leverage(self, symbol: str, leverage: int) -> None:
        """The owner sets another leverage."""
        position = self.exchange.position(symbol)
        position.leverage = leverage
        self.exchange.tell(leverage_update(self.exchange, position))
        self.told()

    def coarsen(self, symbol: str, times: int) -> None:
        """The exchange asks for prices on a coarser grid from now on; what rests stays as it is."""
        contract = self.exchange.contracts[symbol]
        self.exchange.contracts[symbol] = replace(contract, coarseness=contract.coarseness * times)

    def liquidate(self, symbol: str, lots: int = 0) -> None:
        """The exchange closes the position, or `lots` of it, for want of margin."""
        liquidate(self.exchange, symbol, lots)
        self.told()

    def deleverage(self, symbol: str) -> None:
        """The exchange closes it for somebody else's bankruptcy."""
        deleverage(self.exchange, symbol)
        self.told()

    def refuse_at_trigger(self, symbol: str) -> bool:
        """A resting stop of the bot fires and is refused there: margin is looked at only then (R6)."""
        for algo in self.exchange.algos.open_on(symbol):
            if algo.is_stop and algo.client_id.startswith("ab") and self.lots(symbol):
                end_algo(self.exchange, algo, "REJECTED", "Margin is insufficient.")
                self.told()
                return True
        return False

    def equity(self) -> Decimal:
        """Wallet and open results by the marks."""
        exchange = self.exchange
        return exchange.account.wallet + sum(
            (
                position.unrealised(exchange.contracts[symbol], exchange.mark(symbol))
                for symbol, position in exchange.account.positions.items()
                if position.lots
            ),
            Decimal(0),
        )


def _on_path(path: tuple[int, int, int, int], times: tuple[int, int, int, int], moment: int) -> int:
    for leg in range(1, 4):
        if moment <= times[leg]:
            share = (moment - times[leg - 1]) / (times[leg] - times[leg - 1])
            return round(path[leg - 1] + (path[leg] - path[leg - 1]) * max(0.0, share))
    return path[3]
