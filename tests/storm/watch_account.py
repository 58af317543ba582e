"""The account, judged from the exchange's books alone: sizes (I3), drawdown (I9), fills of exits (I10) and of entries (I1)."""

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from engine.execution.ids import read
from engine.model.commands import DecisionMode
from engine.model.orders import Role
from tests.storm.market import SYMBOLS

if TYPE_CHECKING:
    from sandbox.exchange.ledger import Fill
    from tests.storm.world import World

MOVED: Final = Decimal("1.05")  # a price may have moved so far since the size was reckoned
SEEN_S: Final = 3.0  # a price that was read so long ago is still what the process knows
CLEARLY: Final = 1.1  # so many times the limit is beyond every rounding of marks
LOOKS: Final = 3  # so many seconds' looks in a row a drawdown must be seen in
LATCH_S: Final = 1.0
CHANGE_HEARD_S: Final = 1.5
CHANGE_READ_S: Final = 35.0  # what no stream told is read with the account, each 30 s


class Account:
    """Looks at every execution, every entry and every step of time."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._fills_seen = 0
        self._lots = dict.fromkeys(SYMBOLS, 0)
        self._filled = defaultdict[str, Decimal](Decimal)  # by intent
        self._causes = dict[tuple[str, int, int], str]()  # by symbol, bar and side: the intent that was filled
        self._equities = list[Decimal]()  # as the process could know them
        self._peak = Decimal(0)
        self._cuts = 0
        self._broken_s: float | None = None

    # --- executions -------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """New executions."""
        fills = self._world.venue.exchange.ledger.fills
        if len(fills) == self._fills_seen:
            return
        new = fills[self._fills_seen :]
        self._fills_seen = len(fills)
        for fill in new:
            self._filled_one(fill)

    def _filled_one(self, fill: "Fill") -> None:
        exchange = self._world.venue.exchange
        contract, order = exchange.contracts[fill.symbol], exchange.orders.by_id[fill.order_id]
        parent = exchange.algos.by_id.get(order.algo_id) if order.algo_id is not None else None
        before = self._lots[fill.symbol]
        after = before + int(fill.quantity / contract.step) * fill.side
        self._lots[fill.symbol] = after
        name = read(parent.client_id if parent is not None else fill.client_id)
        if name is None:
            return
        if name.role is Role.ENTRY:
            self._entry_filled(fill, name.intent_id, after)
        elif abs(after) >= abs(before) or before * after < 0:
            self._world.watch.violated("I10", f"{name.role.name.lower()} {fill.client_id} turned {before} lots into {after}")

    def _entry_filled(self, fill: "Fill", intent: str, after: int) -> None:
        world = self._world
        self._filled[intent] += fill.quantity
        planned = world.manners.planned.get(fill.client_id)
        if planned is not None and self._filled[intent] > planned:
            world.watch.violated("I1", f"{self._filled[intent]} of {intent} were filled, {planned} were planned")
        if world.mode is DecisionMode.AUTO:
            cause = (fill.symbol, world.bar_number(world.sent_s(fill.client_id)), fill.side)
            if self._causes.setdefault(cause, intent) != intent:
                world.watch.violated("I1", f"{intent} and {self._causes[cause]} were filled for one bar of {fill.symbol}")
        if not world.was_touched(fill.symbol):
            self._within_limits(fill, after)

    def _within_limits(self, fill: "Fill", after: int) -> None:
        world, params = self._world, self._world.params
        value = world.venue.exchange.contracts[fill.symbol].quantity(abs(after)) * fill.price
        cap = world.most_equity * Decimal(repr(params.max_position_value_ratio)) * params.leverage * MOVED
        if value > cap:
            world.watch.violated("I3", f"{fill.symbol} is worth {value:.2f}, {cap:.2f} may be open")
        held = [symbol for symbol in SYMBOLS if self._lots[symbol]]
        if len(held) > params.max_positions:
            world.watch.violated("I3", f"{len(held)} positions, {params.max_positions} may be open")

    # --- entries ----------------------------------------------------------------------------------------------------

    def entered(self, symbol: str, name: str) -> None:
        """The exchange accepted an entry of ours."""
        world = self._world
        leverage, sent_s = world.venue.exchange.position(symbol).leverage, world.sent_s(name)
        changed_s = world.leverage_changed_s.get(symbol)
        if leverage > world.params.leverage and (changed_s is None or sent_s > changed_s + self._unknown_s(symbol, changed_s)):
            world.watch.violated("I3", f"entry {name} on {symbol} with a leverage of {leverage}")
        if self._broken_s is not None and sent_s > self._broken_s + LATCH_S:
            world.watch.violated("I9", f"entry {name} on {symbol} beyond the drawdown, by the exchange's own books")

    def _unknown_s(self, symbol: str, changed_s: float) -> float:
        world = self._world
        is_calm = max(world.weather.excused_until_s, world.excused_until_s) < changed_s
        return CHANGE_HEARD_S if is_calm and symbol not in world.leverage_unheard else CHANGE_READ_S

    # --- equity -----------------------------------------------------------------------------------------------------

    def stepped(self) -> None:
        """A step of time is over: how far has equity fallen from a peak that the process must have seen?"""
        world = self._world
        if world.disk.cuts != self._cuts:  # the peak may be lost, a latch may not
            self._cuts, self._peak = world.disk.cuts, Decimal(0)
            self._equities.clear()
        if not self._is_seen():
            self._equities.clear()
            return
        self._equities = [*self._equities, world.venue.equity()][-LOOKS:]
        if len(self._equities) < LOOKS:
            return
        is_calm = max(world.weather.excused_until_s, world.excused_until_s) < world.loop.time()
        if is_calm or not world.venue.exchange.ledger.fills:
            self._peak = max(self._peak, min(self._equities))
        limit = Decimal(repr(world.params.max_drawdown * CLEARLY))
        if self._broken_s is None and self._peak and (self._peak - max(self._equities)) / self._peak > limit:
            self._broken_s = world.loop.time()

    def reset(self) -> None:
        """The owner lifts the latch: the drawdown is counted anew."""
        self._peak, self._broken_s = Decimal(0), None
        self._equities.clear()

    def _is_seen(self) -> bool:
        """Whether the process runs, and knows what is held and at which price: where it may not, I2 and I5 judge it."""
        world, now = self._world, self._world.loop.time()
        runner = world.machine.runner
        if runner is None or runner.phase != "running" or world.machine.is_dead:
            return False
        held = [symbol for symbol in SYMBOLS if world.venue.lots(symbol)]
        is_known = all(runner.trader.desks[symbol].memory.holding is not None for symbol in held)
        return is_known and all(now - world.told_s(symbol) < SEEN_S for symbol in held)
