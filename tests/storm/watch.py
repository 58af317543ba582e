"""The invariants I1-I20 (reliability, section 1), judged from the exchange's own books and never from what the bot believes."""

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from engine.adapters.binance_budget import KEPT_FRACTION
from engine.execution.cover import ANSWER_MS
from engine.execution.ids import read
from engine.model.commands import Command, DecisionMode, Panic, PauseTrading, ResetLatch, StartTrading, StopTrading
from engine.model.daily_report import DailyReport
from engine.model.messages import Reply, ReplyCode
from engine.model.notices import LatchLifted, LatchSet
from engine.model.orders import Role
from tests.storm.market import SYMBOLS
from tests.storm.watch_account import Account

if TYPE_CHECKING:
    from tests.storm.world import World

NAKED_RUNNING_S: Final = 2.5  # 2 s, and the wire's way there and back
ORPHAN_S: Final = 15.0
STALE_S: Final = 3.0 + 1.5 + 0.3  # what is shown is at most 3 s old, a decision 1.5 s, and a frame has its way to go
LATE_S: Final = 5.0 + 1.5 + 0.5  # a bar is new for 5 s, a decision for 1.5 s
LATCH_S: Final = 1.0
CLOCK_S: Final = 60.0 + 0.3  # and the sending
RISK_SLACK: Final = Decimal("1.10")
DUST: Final = Decimal("1e-9")
INBOX_LIMIT: Final = 2_000


class Watch:
    """Looks after every change and every second; keeps what was violated."""

    def __init__(self, world: "World") -> None:
        self.violations = list[tuple[str, str]]()
        self.covers_s = list[float]()
        self.calm_covers_s = list[float]()  # of those, where no fault struck
        self.account = Account(world)
        self._world = world
        self._naked_since: dict[str, float] = {}
        self._opened_s: dict[str, float] = {}
        self._flat_since: dict[str, float] = {}
        self._entries = dict[str, int]()
        self._orders_seen = 0
        self._lots = dict.fromkeys(SYMBOLS, 0)
        self._latched_s: float | None = None
        self._paused_s: float | None = None
        self._suspended_s: float | None = None  # a pause that a start may have ended: it is not answered yet
        self._wishes = self._started = 0  # how many were asked for, and which one was the newest start
        self._paused_by = 0  # the newest wish that paused
        self._risk_checked = set[str]()

    def violated(self, invariant: str, what: str) -> None:
        """Note a violation, once per kind and text."""
        row = (invariant, f"{what} at {self._world.loop.time():.3f} s")
        if invariant not in {known for known, _ in self.violations}:
            self.violations.append(row)

    def look(self) -> None:
        """Everything that must hold now."""
        self._new_orders()
        self.account.look()
        self._world.manners.look()
        for symbol in SYMBOLS:
            self._cover(symbol)
            self._orphans(symbol)
        self._limits()

    # --- entries ----------------------------------------------------------------------------------------------------

    def _new_orders(self) -> None:
        orders = self._world.venue.exchange.orders.by_id
        if len(orders) == self._orders_seen:
            return
        new = list(orders.values())[self._orders_seen :]
        self._orders_seen = len(orders)
        for order in new:
            name = read(order.client_id)
            if name is not None and name.role is Role.ENTRY:
                self._entered(order.symbol, order.client_id)
            elif name is not None and name.role is Role.EXIT and not order.reduce_only:
                self.violated("I10", f"exit {order.client_id} is not reduce-only")

    def _entered(self, symbol: str, name: str) -> None:
        world = self._world
        self._entries[name] = self._entries.get(name, 0) + 1
        if self._entries[name] > 1:
            self.violated("I1", f"entry {name} was accepted {self._entries[name]} times")
        if world.mode is DecisionMode.CONFIRM and name[3:-3] not in world.owner.allowed:
            self.violated("I7", f"entry {name} that nobody confirmed")
        sent_s = world.sent_s(name)
        if self._latched_s is not None and sent_s > self._latched_s + LATCH_S:
            self.violated("I9", f"entry {name} on {symbol} while latched")
        if self._paused_s is not None and sent_s > self._paused_s + LATCH_S:
            self.violated("I7", f"entry {name} on {symbol} after a pause that was granted")
        if sent_s - world.clock_read_s > CLOCK_S:
            self.violated("I16", f"entry {name} by a clock that was read {sent_s - world.clock_read_s:.1f} s before")
        self.account.entered(symbol, name)
        late_s = world.bar_age_s(sent_s)
        if world.mode is DecisionMode.AUTO and late_s > LATE_S:
            self.violated("I16", f"entry {name} was sent {late_s:.1f} s after its bar had closed")
        if sent_s - world.told_s(symbol) > STALE_S:
            self.violated("I16", f"entry {name} on prices {sent_s - world.told_s(symbol):.1f} s old")

    # --- cover ------------------------------------------------------------------------------------------------------

    def is_covered(self, symbol: str) -> bool:
        """Whether a stop rests on the right side for all of the position; only ours counts."""
        exchange = self._world.venue.exchange
        position = exchange.position(symbol)
        if not position.lots:
            return True
        covered = 0
        for algo in exchange.algos.open_on(symbol):
            if algo.is_stop and algo.side == -position.side and algo.client_id.startswith("ab"):
                covered += abs(position.lots) if algo.close_position else algo.lots * algo.reduce_only
        return covered >= abs(position.lots)

    def _cover(self, symbol: str) -> None:
        world, now = self._world, self._world.loop.time()
        lots = world.venue.lots(symbol)
        if lots and not self._lots[symbol]:
            self._opened_s[symbol] = now
        self._lots[symbol] = lots
        if self.is_covered(symbol):
            since = self._naked_since.pop(symbol, None)
            if since is not None and lots:
                self.covers_s.append(now - since)
                if max(world.weather.excused_until_s, world.excused_until_s) < since:
                    self.calm_covers_s.append(now - since)
            return
        since = self._naked_since.setdefault(symbol, now)
        begin = max(since, world.weather.excused_until_s, world.excused_until_s)
        naked = now - begin
        if naked > NAKED_RUNNING_S and not world.is_forgotten(symbol):
            self.violated("I2", f"{symbol} is naked for {naked:.1f} s beyond every excuse, {now - since:.1f} s in all")

    def _orphans(self, symbol: str) -> None:
        world, now = self._world, self._world.loop.time()
        exchange = world.venue.exchange
        ours = [algo.client_id for algo in exchange.algos.open_on(symbol) if algo.client_id.startswith("ab")]
        if world.venue.lots(symbol) or not ours:
            self._flat_since.pop(symbol, None)
            return
        since = max(self._flat_since.setdefault(symbol, now), world.weather.excused_until_s, world.excused_until_s)
        if now - since > ORPHAN_S:
            self.violated("I11", f"{ours} rest on {symbol} though it is flat for {now - since:.1f} s")

    # --- limits -----------------------------------------------------------------------------------------------------

    def _limits(self) -> None:
        world = self._world
        exchange = world.venue.exchange
        held = [symbol for symbol in SYMBOLS if world.venue.lots(symbol)]
        for symbol in held:
            self._planned_loss(symbol)
        for foreign in world.foreigners:
            if not exchange.algos.by_id[foreign].is_open and foreign not in world.foreigners_gone:
                world.foreigners_gone.add(foreign)
                if exchange.algos.by_id[foreign].status == "CANCELED":
                    self.violated("I12", "a stop that is not ours was cancelled")
        runner = world.machine.runner
        if runner is not None and runner.inbox.longest > INBOX_LIMIT:
            self.violated("I20", f"{runner.inbox.longest} items waited")

    def _planned_loss(self, symbol: str) -> None:
        """What the first tight stop of a position of ours would lose, against the risk that was set."""
        world = self._world
        exchange, position = world.venue.exchange, world.venue.exchange.position(symbol)
        for algo in exchange.algos.open_on(symbol):
            name = read(algo.client_id)
            if name is None or name.role is not Role.TIGHT_STOP or name.intent_id in self._risk_checked:
                continue
            self._risk_checked.add(name.intent_id)
            if f"abE{name.intent_id}000" not in self._entries or world.was_touched(symbol) or world.disk.was_cut:
                continue
            contract = exchange.contracts[symbol]
            distance = abs(position.entry_price(contract) - contract.price(algo.trigger_ticks))
            loss = contract.quantity(abs(position.lots)) * distance
            allowed = world.most_equity * Decimal(repr(world.risk)) * RISK_SLACK
            if loss > allowed:
                self.violated("I4", f"{symbol} would lose {loss:.2f} of {allowed:.2f} at its stop")

    def latched(self, is_latched: bool) -> None:
        """The engine's latch, as its owner sees it."""
        if not is_latched:
            self._latched_s = None
        elif self._latched_s is None:
            self._latched_s = self._world.loop.time()

    def asked(self, wish: Command) -> int:
        """The owner wishes something: from here on a start may have happened. Gives the wish a number."""
        self._wishes += 1
        if isinstance(wish, ResetLatch):
            self._latched_s = None  # where it holds on, the next look tells
        if isinstance(wish, StartTrading):
            self._suspended_s = self._paused_s if self._paused_s is not None else self._suspended_s
            self._paused_s, self._started = None, self._wishes
        return self._wishes

    def granted(self, wish: Command, reply: Reply, number: int) -> None:
        """The owner was told that it is so: from here on it is, whatever becomes of the process and of the store."""
        is_granted = reply.code in (ReplyCode.DONE, ReplyCode.ALREADY, ReplyCode.SENT)
        if isinstance(wish, StartTrading):
            if is_granted and (number == self._started or number > self._paused_by):
                self._paused_s = self._suspended_s = None
            elif number == self._started:
                self._paused_s, self._suspended_s = self._suspended_s, None
        if is_granted and isinstance(wish, PauseTrading | StopTrading | Panic):
            self._paused_by = max(self._paused_by, number)
            if number > self._started and self._paused_s is None:
                self._paused_s = self._world.loop.time()

    # --- the end ----------------------------------------------------------------------------------------------------

    def settled(self) -> None:
        """The weather has cleared for long enough: both books agree, and the process is well."""
        world = self._world
        machine, exchange = world.machine, world.venue.exchange
        is_out_of_weight = machine.rest is not None and machine.rest.used() >= 1 - KEPT_FRACTION
        if is_out_of_weight and machine.runner is not None and machine.runner.phase == "recovering":
            return  # bars are read when the exchange's minute is over
        if not machine.is_ready or machine.runner is None:
            self.violated("I19", f"not ready: {machine.why or (machine.runner.phase if machine.runner else 'not made')}")
            return
        for symbol, desk in machine.runner.trader.desks.items():
            holding = desk.memory.holding
            booked = holding.quantity * int(holding.trade.side) if holding is not None else Decimal(0)
            held = exchange.contracts[symbol].quantity(world.venue.lots(symbol))
            if booked != held:
                self.violated("I5", f"{symbol}: {booked} booked, {held} held")
            if desk.memory.entry is not None:
                self.violated("I5", f"{symbol}: an entry is still on its way: {desk.memory.entry.state}")
            resting = {algo.client_id for algo in exchange.algos.open_on(symbol) if algo.client_id.startswith("ab")}
            known = {stop.client_id for stop in desk.memory.stops} | {desk.memory.wide_blocked_by} & resting
            young = {s.client_id for s in desk.memory.stops if machine.clock.now_ms() - s.sent_ms < ANSWER_MS}  # on their way
            if resting - known or known - resting - young:
                self.violated("I5", f"{symbol}: stops {sorted(known)} known, {sorted(resting)} resting")
            if not self.is_covered(symbol) and not world.is_forgotten(symbol):
                self.violated("I2", f"{symbol} has no cover at the end")
        if machine.runner.trader.is_halted:
            self.violated("I19", "the engine halted")
        self._forced_latched()
        self._money()

    def _forced_latched(self) -> None:
        """A liquidation latches, however it was learnt of; only its owner lifts that."""
        world = self._world
        assert world.machine.runner is not None, "the caller looked"
        is_forced = any(order.client_id.startswith("autoclose-") for order in world.venue.exchange.orders.by_id.values())
        if world.weather.hits["A12"]:  # whose order it was may be denied
            return
        if not is_forced or world.disk.was_cut or world.machine.runner.trader.books.saved.latch is not None:
            return
        if not any(isinstance(notice, LatchSet | LatchLifted) for notice in world.disk.notices()):
            self.violated("I9", "a liquidation latched nothing")

    def _money(self) -> None:
        world = self._world
        if world.disk.was_cut or world.machine.runner is None:
            return
        ledger, trader = world.venue.exchange.ledger, world.machine.runner.trader
        kinds = ("REALIZED_PNL", "COMMISSION", "FUNDING_FEE")
        moved = sum((income.amount for income in ledger.incomes if income.kind in kinds), Decimal(0))
        open_net = sum((d.memory.holding.trade.net for d in trader.desks.values() if d.memory.holding), Decimal(0))
        trades = world.disk.trades()
        ended = {report.day: report.funding for report in world.disk.notices() if isinstance(report, DailyReport)}
        paid = sum(ended.values(), trader.books.saved.day_funding)
        late = paid - sum(trade.funding for trade in trades)  # heard when its trade was over
        booked = sum((trade.net for trade in trades), open_net + late)
        if abs(booked - moved) > DUST:
            self.violated("I5", f"{booked - moved} is missing in the books: {booked} booked, {moved} moved")
        seen = Counter((trade.symbol, trade.number) for trade in world.disk.trades())
        doubled = [name for name, count in seen.items() if count > 1]
        if doubled:
            self.violated("I5", f"trades booked twice: {doubled}")
