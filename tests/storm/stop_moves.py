"""Moves of a stop: how many there were, and whether one of them left its position bare, and be it for an instant (I2, R5)."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from engine.execution.ids import read
from engine.model.orders import Role
from sandbox.exchange.ledger import Fill
from tests.storm.market import SYMBOLS

if TYPE_CHECKING:
    from tests.storm.world import World

STOPS: Final = "/fapi/v1/algoOrder"
UNTOLD_S: Final = 5.0  # a listing that was asked for before may take four seconds


def is_of_newest_entry(client_id: str, symbol: str, fills: Iterable[Fill]) -> bool:
    """Whether a stop may be one of the position that is held now: what an older one left behind is no cover of this one."""
    cancelled = read(client_id)
    names = [read(fill.client_id) for fill in fills if fill.symbol == symbol]
    intents = [name.intent_id for name in names if name is not None and name.role is Role.ENTRY]
    return cancelled is None or not intents or intents[-1] == cancelled.intent_id


class StopMoves:
    """Looks right before and right after a request is carried out at the exchange; nothing else happens in between."""

    def __init__(self, world: "World") -> None:
        self.count = 0  # tight stops that came while an older one of their position rested
        self._world = world
        self._lost_s = dict[str, float]()  # by symbol: when a stop of ours ended otherwise than by us

    def lost(self, symbol: str) -> None:
        """Somebody else cancelled a stop, or it was refused at its trigger: what a move relied on is gone, untold."""
        self._lost_s[symbol] = self._world.loop.time()

    def before(self, method: str, path: str) -> frozenset[str]:
        """The symbols that are covered, where a cancel may change it.

        What somebody else traded may be another position by now: its stops are judged by the seconds that it lies bare.
        """
        if method != "DELETE" or path != STOPS:
            return frozenset()
        world = self._world
        held = [symbol for symbol in SYMBOLS if world.venue.lots(symbol) and not world.was_touched(symbol)]
        recent_s = world.loop.time() - UNTOLD_S
        ours = [symbol for symbol in held if self._lost_s.get(symbol, recent_s) <= recent_s]
        return frozenset(symbol for symbol in ours if self._is_covered(symbol))

    def after(self, method: str, path: str, encoded: str, covered: frozenset[str]) -> None:
        """What the request did."""
        if path != STOPS:
            return
        name = dict(parse_qsl(encoded)).get("clientAlgoId", "")
        if method == "POST":
            self.count += self._took_a_place(name)
            return
        fills = self._world.venue.exchange.ledger.fills
        for symbol in covered:
            is_bare = self._world.venue.lots(symbol) and not self._is_covered(symbol)
            if is_bare and is_of_newest_entry(name, symbol, fills):
                self._world.watch.violated("I2", f"the cancel of {name} left {symbol} without cover")

    def _is_covered(self, symbol: str) -> bool:
        """Whether one stop of ours closes all of it. Two that do so together by chance are no cover that a move may lose."""
        exchange = self._world.venue.exchange
        position = exchange.position(symbol)
        stops = [algo for algo in exchange.algos.open_on(symbol) if algo.is_stop and algo.side == -position.side]
        return any(
            (algo.close_position or (algo.reduce_only and algo.lots >= abs(position.lots))) and read(algo.client_id) is not None
            for algo in stops
        )

    def _took_a_place(self, client_id: str) -> bool:
        name = read(client_id)
        if name is None or name.role is not Role.TIGHT_STOP:
            return False
        algos = self._world.venue.exchange.algos.by_id.values()
        resting = [read(algo.client_id) for algo in algos if algo.is_open and algo.client_id != client_id]
        placed = any(algo.client_id == client_id and algo.is_open for algo in algos)
        return placed and any(
            other is not None and other.role is Role.TIGHT_STOP and other.intent_id == name.intent_id for other in resting
        )
