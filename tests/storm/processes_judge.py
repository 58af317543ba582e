"""Judges a storm by the venue's ledger alone: nothing doubled, nothing late, never naked longer than promised, no orphans."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.execution.ids import OrderName, intent_id, read
from engine.model.orders import Role
from sandbox.exchange.exchange import Exchange
from sandbox.exchange.orders import AlgoOrder, Order
from sandbox.market import Market
from tests.storm.processes_watch import Hit, Stretch
from tests.storm.processes_world import MAX_POSITIONS, SPEED

RUNNING_S: Final = 2.0
AFTER_KILL_S: Final = 5.0
LATEST_ENTRY_S: Final = 5.0  # from its bar's close, wire: the newest bar may be so old, and the lease is shorter


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that excuses a position without cover for a while: until `grace_s` after its end."""

    began_s: float
    ended_s: float
    grace_s: float


def troubles_of(hits: Sequence[Hit], link_faults: Sequence[tuple[float, float]]) -> list[Trouble]:
    """Kills, pauses and times without a way to the venue, in order. Telegram and the store excuse nothing.

    A start that meets a venue that cannot be reached has its time from when it can be.
    """
    found = [Trouble(began_s, ended_s, RUNNING_S) for began_s, ended_s in link_faults]
    for hit in hits:
        if hit.blow.pause_s:
            found.append(Trouble(hit.at_s, hit.resumed_s or hit.at_s + hit.blow.pause_s, RUNNING_S))
        else:
            met = [ended_s for began_s, ended_s in link_faults if began_s <= hit.at_s + AFTER_KILL_S and ended_s > hit.at_s]
            found.append(Trouble(hit.at_s, max(met, default=hit.at_s), AFTER_KILL_S))
    return sorted(found, key=lambda trouble: trouble.began_s)


def allowed_until(stretch: Stretch, troubles: Sequence[Trouble]) -> float:
    """The moment until which this position may stand without cover."""
    until_s = stretch.began_s + RUNNING_S
    for trouble in troubles:
        if trouble.began_s <= until_s:
            until_s = max(until_s, trouble.ended_s + trouble.grace_s)
    return until_s


def naked_too_long(stretches: Sequence[Stretch], troubles: Sequence[Trouble], now_s: float) -> list[str]:
    """The positions that stood without cover longer than promised."""
    found = []
    for stretch in stretches:
        ended_s, until_s = stretch.ended_s or now_s, allowed_until(stretch, troubles)
        if ended_s > until_s:
            took = ended_s - stretch.began_s
            found.append(
                f"naked: {stretch.symbol} {took:.2f} s from {stretch.began_s:.2f}, {ended_s - until_s:.2f} s too long"
                f" (after: {stretch.cause})"
            )
    return found


def doubled(exchange: Exchange, market: Market, namespace: str) -> list[str]:
    """Entries that were taken twice, filled above plan, have no cause, came late, or stood beside too many others."""
    entries = [(order, name) for order in exchange.orders.by_id.values() if (name := _entry(order.client_id))]
    taken = Counter(name.intent_id for _, name in entries)
    found = [f"double: intent {intent} has {count} entries" for intent, count in taken.items() if count > 1]
    causes = _causes(market, namespace)
    for order, name in entries:
        if order.filled_lots > order.lots:
            found.append(f"double: {order.client_id} filled {order.filled_lots} of {order.lots}")
        cause = causes.get(name.intent_id)
        if cause is None:
            found.append(f"unexplained: {order.client_id} comes from no bar")
            continue
        late_s = (order.created_ms - cause[1]) / 1_000 / SPEED
        if late_s > LATEST_ENTRY_S:
            found.append(f"late: {order.client_id} came {late_s:.1f} s after its bar")
    bars = Counter((order.symbol, causes[name.intent_id][1]) for order, name in entries if name.intent_id in causes)
    found += [f"double: {symbol} has {count} entries of bar {close}" for (symbol, close), count in bars.items() if count > 1]
    return found


def grown(exchange: Exchange) -> list[str]:
    """Exits that grew or turned a position, and more symbols held than allowed."""
    lots, found = Counter[str](), []
    for fill in exchange.ledger.fills:
        before = lots[fill.symbol]
        count = round(fill.quantity / exchange.contracts[fill.symbol].quantity(1))
        lots[fill.symbol] = after = before + fill.side * count
        name = read(fill.client_id)
        if name is None:
            continue
        if name.role is not Role.ENTRY and (abs(after) > abs(before) or after * before < 0):
            found.append(f"an exit grew: {fill.client_id} took {fill.symbol} from {before} to {after} lots")
        if name.role is Role.ENTRY and sum(count != 0 for count in lots.values()) > MAX_POSITIONS:
            found.append(f"too many: {fill.client_id} opened position {sum(count != 0 for count in lots.values())}")
    return found


def orphans(exchange: Exchange) -> list[str]:
    """Orders of ours that rest on a symbol without a position."""
    resting: tuple[Order | AlgoOrder, ...] = (*exchange.algos.all_open(), *exchange.orders.all_open())
    return [
        f"orphan: {order.client_id} on {order.symbol}"
        for order in resting
        if read(order.client_id) and not exchange.position(order.symbol).lots
    ]


def entries_after(exchange: Exchange, wire_ms: int) -> list[str]:
    """Entries that the venue took after a moment at which they were latched."""
    times = exchange.ledger.order_wire_ms
    return [
        f"latch: {order.client_id} was taken {times[order.id] - wire_ms} ms after the latch"
        for order in exchange.orders.by_id.values()
        if _entry(order.client_id) and times.get(order.id, 0) > wire_ms
    ]


def _entry(client_id: str) -> OrderName | None:
    name = read(client_id)
    return name if name is not None and name.role is Role.ENTRY else None


def _causes(market: Market, namespace: str) -> dict[str, tuple[str, int]]:
    """Every intent that a bar of this market may have, with its symbol and the bar's close."""
    closes = range(market.start_ms - market.interval_ms, market.start_ms + market.bars * market.interval_ms, market.interval_ms)
    return {
        intent_id(namespace, symbol, f"bar:{open_ms + market.interval_ms}:{side}"): (symbol, open_ms + market.interval_ms)
        for symbol in market.symbols
        for open_ms in closes
        for side in (1, -1)
    }
