"""The exchange's state and nothing else: contracts, prices, account, both books, ledger, and the news to be told.

It holds no sockets and never waits. The functions of `matching`, `triggers`, `fills` and the like change it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.exchange.account import Account, Position
from sandbox.exchange.board import Board
from sandbox.exchange.clock import MarketClock, WireClock
from sandbox.exchange.config import VenueConfig
from sandbox.exchange.contracts import Contract, make_contract
from sandbox.exchange.cover_watch import CoverWatch
from sandbox.exchange.errors import Refused
from sandbox.exchange.history import Bars
from sandbox.exchange.ledger import Income, Ledger
from sandbox.exchange.margin import available
from sandbox.exchange.orders import AlgoOrder, Book, Ids, Order
from sandbox.market.funding import FundingRates, read_funding
from sandbox.market.market import Market

type News = dict[str, Any]

CLOSED_SYMBOL = "OLDUSDT"  # listed but not tradable, and one that needs an agreement: clients must read `status`
AGREEMENT_SYMBOL = "XAUUSDT"
_EXTRAS = ((CLOSED_SYMBOL, 0.5, "SETTLING", "PERPETUAL"), (AGREEMENT_SYMBOL, 4_000.0, "TRADING", "TRADIFI_PERPETUAL"))


@dataclass(slots=True)
class Exchange:
    """Everything that the venue knows."""

    config: VenueConfig
    clock: MarketClock
    wire: WireClock
    contracts: dict[str, Contract]
    boards: dict[str, Board]
    bars: dict[str, Bars]
    account: Account
    orders: Book[Order] = field(default_factory=Book)
    algos: Book[AlgoOrder] = field(default_factory=Book)
    ids: Ids = field(default_factory=Ids)
    ledger: Ledger = field(default_factory=Ledger)
    cover: CoverWatch = field(default_factory=CoverWatch)
    news: list[News] = field(default_factory=list)
    funding: Mapping[str, FundingRates] = field(default_factory=dict)
    countdowns: dict[str, int] = field(default_factory=dict)  # wire time at which a symbol's orders are cancelled
    thin_fills: int = 0

    def contract(self, symbol: str | None) -> Contract:
        """Find a contract, or refuse with -1121."""
        found = self.contracts.get(symbol or "")
        if found is None:
            raise Refused(-1121)
        return found

    def board(self, symbol: str) -> Board:
        """Give a symbol's live prices."""
        return self.boards[symbol]

    def position(self, symbol: str) -> Position:
        """Give a symbol's position and settings."""
        return self.account.positions[symbol]

    def mark(self, symbol: str) -> Decimal:
        """Give a symbol's mark price."""
        return self.boards[symbol].mark

    def available(self) -> Decimal:
        """Say what may still be bound as margin."""
        return available(self.account, self.contracts, self.mark, self.orders.all_open())

    def tell(self, event: News) -> None:
        """Put an event on the user stream; it gets its event time when it leaves."""
        self.news.append(event)

    def credit(self, kind: str, symbol: str, amount: Decimal, trade_id: int | None = None, *, moves: bool = True) -> None:
        """Write a balance change into the books; `moves` is False where the wallet has moved already."""
        if moves:
            self.account.credit(amount, symbol or None)
        income = Income(self.ids.next_transfer(), kind, symbol, amount, trade_id, self.clock.now_ms, self.wire.now_ms())
        self.ledger.incomes.append(income)

    def watch_cover(self, symbol: str) -> None:
        """Note whether the position has a live stop on the right side for all of its lots."""
        position = self.position(symbol)
        covered, needed = 0, abs(position.lots)
        for algo in self.algos.open_on(symbol):
            if algo.is_stop and algo.side == -position.side:
                covered += needed if algo.close_position else algo.lots * algo.reduce_only
        self.cover.look(symbol, covered < needed, self.clock.now_ms)


def open_exchange(config: VenueConfig, market: Market) -> Exchange:
    """Set the exchange up with the market's symbols, prices at the end of the warm-up; an older past changes no rule."""
    contracts: dict[str, Contract] = {}
    boards: dict[str, Board] = {}
    bars: dict[str, Bars] = {}
    for symbol, rows in zip(market.symbols, market.rows, strict=True):
        own = rows[market.past :]
        start = own[market.warmup - 1].close if market.warmup else own[0].open
        contract = make_contract(symbol, _prices(own), own[0].open)
        contracts[symbol] = contract
        boards[symbol] = _board(config, contract, start)
        bars[symbol] = Bars(contract, rows, market.interval_ms, market.known)
    for symbol, price, status, kind in _EXTRAS:
        contracts[symbol] = make_contract(symbol, (), price, status=status, kind=kind)
        boards[symbol] = _board(config, contracts[symbol], price)
        bars[symbol] = Bars(contracts[symbol], (), market.interval_ms, 0)
    positions = {symbol: Position(symbol, config.isolated, config.default_leverage) for symbol in contracts}
    return Exchange(
        config=config,
        clock=MarketClock(market.start_ms),
        wire=WireClock(),
        contracts=contracts,
        boards=boards,
        bars=bars,
        account=Account(config.wallet, positions, dual_side=config.hedge_mode),
        funding={symbol: read_funding(path) for symbol, path in config.funding_files.items()},
    )


def _board(config: VenueConfig, contract: Contract, price: float) -> Board:
    return Board(contract, price, spread_bps=config.spread_bps, slippage_bps=config.slippage_bps)


def _prices(rows: Iterable[Any]) -> Iterable[float]:
    return (price for row in rows for price in row[1:5])
