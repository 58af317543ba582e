"""Between two turning points the price walks: every level in between is visited exactly, in the order of the way.

A place on the way is a fraction of it. What is found first over all symbols happens first, then the rest is looked at
anew, because what happened may have changed the orders.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from sandbox.exchange.exchange import Exchange
from sandbox.exchange.liquidation import liquidate
from sandbox.exchange.margin import liquidation_price
from sandbox.exchange.matching import fill_resting, through_ticks
from sandbox.exchange.news import algo_update
from sandbox.exchange.orders import AlgoOrder
from sandbox.exchange.triggers import fire, may_fire, track_ticks


@dataclass(frozen=True, slots=True)
class Leg:
    """One symbol's way between two places: last price and mark price, in ticks."""

    symbol: str
    from_last: int
    to_last: int
    from_mark: float
    to_mark: float

    def last_at(self, place: float) -> int:
        """Give the last price at a fraction of the way."""
        return round(self.from_last + (self.to_last - self.from_last) * place)

    def mark_at(self, place: float) -> float:
        """Give the mark price at a fraction of the way."""
        return self.from_mark + (self.to_mark - self.from_mark) * place


@dataclass(frozen=True, slots=True)
class Visit:
    """Something that happens at a place on the way: an order fires or fills, or a position is liquidated."""

    place: float
    rank: tuple[int, int]
    symbol: str
    last: int
    mark: float
    happen: Callable[[], None]


def first_visit(exchange: Exchange, legs: tuple[Leg, ...], place: float) -> Visit | None:
    """Find what happens next from `place` on; None where nothing does before the end of the way."""
    best: Visit | None = None
    for order, leg in enumerate(legs):
        for visit in _visits(exchange, leg, order, place):
            if best is None or (visit.place, visit.rank) < (best.place, best.rank):
                best = visit
    return best


def is_same(one: Visit | None, other: Visit | None) -> bool:
    """Say whether two looks found the same thing."""
    if one is None or other is None:
        return one is other
    return (one.place, one.rank) == (other.place, other.rank)


def arrive(exchange: Exchange, legs: tuple[Leg, ...], place: float, visit: Visit | None = None) -> None:
    """Move every symbol to a place; the visited one stands exactly on its level."""
    for leg in legs:
        board = exchange.boards[leg.symbol]
        if visit is not None and visit.symbol == leg.symbol:
            board.move(visit.last)
            board.mark_ticks = visit.mark
        else:
            board.move(leg.last_at(place))
            board.mark_ticks = leg.mark_at(place)


def _visits(exchange: Exchange, leg: Leg, order: int, place: float) -> Iterator[Visit]:
    symbol = leg.symbol
    position = exchange.account.positions[symbol]
    if position.lots:
        yield from _liquidation(exchange, leg, order, place)
    for algo in exchange.algos.open_on(symbol):
        if may_fire(exchange, algo):
            yield from _firing(exchange, leg, order, place, algo)
    for resting in exchange.orders.open_on(symbol):
        level = through_ticks(resting)
        found = _reached(leg.from_last, leg.to_last, level, place, upwards=resting.side < 0)
        if found is not None:
            last = _on_level(leg, level, found, place)
            happen = partial(fill_resting, exchange, resting)
            yield Visit(found, (order, resting.id), symbol, last, leg.mark_at(found), happen)


def _firing(exchange: Exchange, leg: Leg, order: int, place: float, algo: AlgoOrder) -> Iterator[Visit]:
    if algo.type == "TRAILING_STOP_MARKET":
        follow(exchange, algo)
        if not algo.is_active:
            return
    by_mark = algo.working_type == "MARK_PRICE"
    begin, end = (leg.from_mark, leg.to_mark) if by_mark else (leg.from_last, leg.to_last)
    found = _reached(begin, end, algo.trigger_ticks, place, upwards=algo.fires_upwards)
    if found is None:
        return
    last = leg.last_at(found) if by_mark else _on_level(leg, algo.trigger_ticks, found, place)
    yield Visit(found, (order, algo.id), leg.symbol, last, leg.mark_at(found), partial(fire, exchange, algo))


def follow(exchange: Exchange, algo: AlgoOrder) -> None:
    """Let a trailing stop follow the best price seen so far (reference 3.3: activation, then callback)."""
    now = int(track_ticks(exchange, algo))
    if not algo.is_active:
        if (now - algo.activate_ticks) * algo.side > 0:
            return
        algo.is_active, algo.best_ticks = True, now
        exchange.tell(algo_update(exchange, algo))
    algo.best_ticks = min(algo.best_ticks, now) if algo.side > 0 else max(algo.best_ticks, now)
    algo.trigger_ticks = int(algo.best_ticks * (1 + algo.side * float(algo.callback) / 100))


def _liquidation(exchange: Exchange, leg: Leg, order: int, place: float) -> Iterator[Visit]:
    price = liquidation_price(exchange.account, exchange.contracts, exchange.mark, leg.symbol)
    if not price:
        return
    level = float(price) / exchange.contracts[leg.symbol].tick_size
    upwards = exchange.account.positions[leg.symbol].lots < 0
    found = _reached(leg.from_mark, leg.to_mark, level, place, upwards=upwards)
    if found is not None:
        happen = partial(liquidate, exchange, leg.symbol)
        yield Visit(found, (order, 0), leg.symbol, leg.last_at(found), leg.mark_at(found), happen)


def _reached(begin: float, end: float, level: float, place: float, *, upwards: bool) -> float | None:
    """Say where on the way from `place` on the level is reached from its near side; at once if it lies behind already."""
    now = begin + (end - begin) * place
    if now >= level if upwards else now <= level:
        return place
    if end >= level if upwards else end <= level:
        return max(place, (level - begin) / (end - begin))
    return None


def _on_level(leg: Leg, level: int, found: float, place: float) -> int:
    """A level that was met on the way is traded at exactly; one that a gap jumped over is traded at where the gap ended."""
    return level if found > place else leg.last_at(found)


def leg_to(exchange: Exchange, symbol: str, ticks: int, elapsed_ms: int) -> Leg:
    """Lay out the way of a symbol from where it is."""
    board = exchange.boards[symbol]
    return Leg(symbol, board.last, ticks, board.mark_ticks, board.mark_after(ticks, elapsed_ms))
