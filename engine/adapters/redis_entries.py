"""What a save adds to the store, once each; and the newest of it, for a store that forgets what it confirmed."""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from engine.adapters.codec import encode_notice
from engine.adapters.redis_history import ruling_commands, trade_command
from engine.adapters.redis_outbox import put
from engine.adapters.redis_writer import Command
from engine.model.notices import Notice
from engine.model.orders import Trade
from engine.model.signals import Ruling

RECENT_S: Final = 10.0  # more than a replica lags behind
RECENT_LIMIT: Final = 100  # of each kind: they are written again in one piece, in the budget of one save


class Entries(NamedTuple):
    """What is added, and must be added once."""

    rulings: tuple[Ruling, ...] = ()
    notices: tuple[Notice, ...] = ()
    trades: tuple[Trade, ...] = ()

    def plus(self, more: "Entries") -> "Entries":
        """These and more."""
        return Entries(self.rulings + more.rulings, self.notices + more.notices, self.trades + more.trades)

    def without(self, old: "Entries") -> "Entries":
        """Those that are not among the old."""
        rulings, notices = _without(self.rulings, old.rulings), _without(self.notices, old.notices)
        return Entries(rulings, notices, _without(self.trades, old.trades))

    def commands(self) -> Iterator[Command]:
        """The commands that add them."""
        for ruling in self.rulings:
            yield from ruling_commands(ruling)
        for notice in self.notices:
            yield put(encode_notice(notice))
        for trade in self.trades:
            yield trade_command(trade)


class Recent:
    """The newest notices and trades that the store confirmed. A fail-over loses the last moments before it.

    They may be written twice: a trade is kept once, a notice that is told again does no harm. A ruling would be counted twice.
    """

    def __init__(self) -> None:
        self._notices = deque[tuple[float, Notice]](maxlen=RECENT_LIMIT)
        self._trades = deque[tuple[float, Trade]](maxlen=RECENT_LIMIT)

    def add(self, entries: Entries, now_s: float) -> None:
        """The store confirmed them."""
        self._notices.extend((now_s, notice) for notice in entries.notices)
        self._trades.extend((now_s, trade) for trade in entries.trades)

    def before(self, last_s: float) -> Entries:
        """Those of the last seconds before the store was heard for the last time: how long it is away since is no matter."""
        notices = tuple(notice for at_s, notice in self._notices if last_s - at_s <= RECENT_S)
        return Entries(notices=notices, trades=tuple(trade for at_s, trade in self._trades if last_s - at_s <= RECENT_S))


def _without[T](new: Sequence[T], old: Sequence[T]) -> tuple[T, ...]:
    """The new ones that are not among the old, each old one counted once."""
    left = list(old)
    kept = []
    for item in new:
        if item in left:
            left.remove(item)
        else:
            kept.append(item)
    return tuple(kept)
