"""One seeded run: an exchange, a process that is started again whenever it ends, an owner, and the weather over all of it."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Final

import engine.adapters.binance_socket as product_socket
from engine.model.commands import ClosePosition, Command, DecisionMode, Panic, ResetLatch, StartTrading
from engine.model.view import EngineView
from engine.params import TradingParams
from sandbox.exchange.clock import WireClock
from tests.storm.chat import the_chat
from tests.storm.disk import Disk
from tests.storm.exchange import KEY, StormExchange
from tests.storm.loop import EPOCH_S, PROCESS, StormTask, VirtualLoop, at_the_wheel
from tests.storm.machine import PARAMS, Machine
from tests.storm.manners import Manners
from tests.storm.market import MINUTE_MS, START_MS, SYMBOLS, market_of
from tests.storm.owner import Owner
from tests.storm.stop_moves import StopMoves
from tests.storm.watch import Watch
from tests.storm.weather import Blow, Treatment, Weather
from tests.storm.wire import Response, connect

DEAF_S: Final = 7.0  # a key that ended, and the word of that was lost: the next comparison tells what was done by hand
STEP_S: Final = 2.0
STORM_S: Final = 62.0
CALM_S: Final = 30.0
REST_S: Final = 8.0  # the market stands still at the end, so that everything can come to rest
FIRST_BAR_LEFT_S: Final = 12.0  # the run begins so long before the first bar closes
RESTART_S: Final = (0.3, 1.5)
TIGHT_DRAWDOWN: Final = 0.002
SMALL_SHARE: Final = 0.05
AFTER_KILL_S: Final = 2.5  # 5 s after a kill: this, and what `Watch` allows while running


@dataclass
class Ended:
    """What a run showed."""

    seed: int
    hits: dict[str, int]
    violations: list[tuple[str, str]]
    fills: int
    kills: int
    cover_s: list[float] = field(default_factory=list)
    calm_cover_s: list[float] = field(default_factory=list)
    stop_moves: int = 0


class TrueClock(WireClock):
    """The exchange's own clock: nobody sets it wrong."""

    __slots__ = ("_loop",)

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        return int((EPOCH_S + self._loop.time()) * 1_000)


class World:
    """See the module. `on_point` is asked at every named point of a process; True kills it there."""

    def __init__(self, seed: int, blows: Callable[["World"], list[Blow]], *, storm_s: float = STORM_S) -> None:
        the_chat()  # made outside of the loop
        self.seed = seed
        self.storm_s = storm_s
        self.chance = random.Random(seed)
        random.seed(seed)  # the libraries' own jitter
        StormTask.begin()
        self.loop = VirtualLoop(random.Random(seed + 1))
        self.loop.set_task_factory(_adopting)
        self.on_point: Callable[[Machine, str], bool] | None = None
        self.excused_until_s = 0.0
        self.kills = 0
        self.foreigners = list[int]()
        self.foreigners_gone = set[int]()
        self.mode = DecisionMode.CONFIRM if seed % 3 == 0 else DecisionMode.AUTO
        self.params = _params_of(seed)
        self.risk = self.params.risk_per_trade
        self.leverage_changed_s: dict[str, float] = {}  # by symbol: when somebody else changed it
        self.leverage_unheard = set[str]()  # no stream could tell of its newest change
        self._wrong_then_s = 0.0  # what the machine's clock was wrong by then
        self.clock_read_s = 0.0  # when a process last read the exchange's clock
        self._blows = blows
        self._touched = set[str]()
        self._sent_s: dict[str, float] = {}
        self._told_s = dict.fromkeys(SYMBOLS, 0.0)
        self._points_left = -1
        self._is_over = False
        self._positions = list[tuple[float, dict[str, Any]]]()

    def run(self) -> Ended:
        """Live through it."""
        with at_the_wheel(self.loop):
            before = vars(product_socket)["connect"]
            vars(product_socket)["connect"] = connect
            try:
                self.loop.run_until_complete(self._lived())
            finally:
                vars(product_socket)["connect"] = before
                self._buried()
        hits, watch, fills = dict(self.weather.hits), self.watch, len(self.venue.exchange.ledger.fills)
        moves = self.stop_moves.count
        return Ended(self.seed, hits, watch.violations, fills, self.kills, watch.covers_s, watch.calm_covers_s, moves)

    def _buried(self) -> None:
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        with suppress(Exception):
            self.loop.run_until_complete(asyncio.sleep(0.1))
        self.loop.close()

    async def _lived(self) -> None:
        self.venue = StormExchange(market_of(self.seed), self.seed, self.chance.randint(1, 3), TrueClock(self.loop))
        self.disk, self.watch, self.manners, self.stop_moves = Disk(), Watch(self), Manners(self), StopMoves(self)
        self.weather = Weather(self, self._blows(self))
        self._lags = any(blow.fault.id == "A31" for blow in self.weather.blows)
        self.most_equity = self.venue.equity()
        self.venue.looked = self._looked
        self.machine = Machine(self)
        self.machine.start()
        self.owner = Owner(self, random.Random(self.seed + 2))
        self.later(0.5, self._begin)
        for blow in self.weather.blows:
            if blow.fault.act is not None:
                self.later(blow.begin_s, self._act, blow)
        second = 0.0
        while second < self.storm_s + CALM_S:
            await asyncio.sleep(STEP_S)
            second += STEP_S
            if second >= self.storm_s and not self._is_over:
                self._cleared()
            self._step(second)
        self.watch.settled()

    def _step(self, second: float) -> None:
        """A second of market time, and a look at everything."""
        begin = MINUTE_MS - FIRST_BAR_LEFT_S * 1_000
        if second < self.storm_s + CALM_S - REST_S:
            self.venue.go_to(START_MS + int(begin + second * 1_000))
        else:
            self.venue.heartbeat()
        self.most_equity = max(self.most_equity, self.venue.equity())
        runner = self.machine.runner
        if runner is not None and runner.phase == "running":
            self.watch.latched(runner.trader.books.saved.latch is not None)
        self.watch.look()
        self.watch.account.stepped()
        self.owner.look()

    def _begin(self) -> None:
        self.wish(StartTrading)

    def _cleared(self) -> None:
        self._is_over = True
        self.weather.clear()
        self.loop.set_wrong_by_s = 0.0
        self._points_left = -1
        self.venue.exchange.thin_fills = 0
        self.venue.exchange.account.dual_side = False
        self._goes_on(self.machine)
        self.excused_until_s = max(self.excused_until_s, self.loop.time() + 3.0)

    def _act(self, blow: Blow) -> None:
        assert blow.fault.act is not None
        if not self._is_over and blow.fault.act(self, self.chance):
            self.weather.hit(blow.fault)

    # --- what the wires ask -----------------------------------------------------------------------------------------

    def later(self, delay_s: float, call: Callable[..., None], *args: Any) -> None:
        """Do something after a while, whatever becomes of the process."""
        self.loop.call_later(delay_s, call, *args, context=_NOBODY)

    def carried_out(self, method: str, path: str, encoded: str, treatment: Treatment) -> Response | None:
        """A request arrives; its answer, or None where none ever comes."""
        is_forged = treatment.forged is not None
        answer: Response | None = None
        if not is_forged or treatment.acts_first:
            answer = self._answered(method, path, encoded, treatment.lag_s)
        if treatment.is_unanswered:
            return None
        if treatment.forged is not None:
            status, body = treatment.forged
            return Response(status, dict(treatment.headers), body)
        return answer

    def _answered(self, method: str, path: str, encoded: str, lag_s: float) -> Response:
        covered = self.stop_moves.before(method, path)
        then = self._positions_of(self.loop.time() - lag_s) if lag_s and path == "/fapi/v3/positionRisk" else None
        if then is None:
            answer = self.venue.answer(method, path, encoded, KEY)
        else:
            account = self.venue.exchange.account
            now, account.positions = account.positions, then
            answer = self.venue.answer(method, path, encoded, KEY)
            account.positions = now
        self.stop_moves.after(method, path, encoded, covered)
        assert isinstance(answer.body, bytes)
        return Response(answer.status, dict(answer.headers), answer.body)

    def _positions_of(self, second: float) -> dict[str, Any] | None:
        return next((held for since, held in reversed(self._positions) if since <= second), None)

    def _looked(self) -> None:
        if self._lags:
            account = self.venue.exchange.account
            self._positions.append((self.loop.time(), {name: copy(one) for name, one in account.positions.items()}))
        self.watch.look()

    def leaves(self, method: str, path: str, encoded: str) -> None:
        """A process is about to send a request."""

    def heard(self, path: str, body: bytes) -> None:
        """A process reads an answer."""
        if path == "/fapi/v1/time" and body.startswith(b'{"serverTime"'):
            self.clock_read_s, self._wrong_then_s = self.loop.time(), self.loop.set_wrong_by_s

    def is_clock_lost(self) -> bool:
        """Whether the process has a wrong idea of the exchange's clock: nothing that it signs is taken."""
        is_read = self.clock_read_s >= self.machine.started_s
        return self.loop.set_wrong_by_s != (self._wrong_then_s if is_read else 0.0)

    def sent(self, name: str) -> None:
        """A process sends an entry."""
        self._sent_s.setdefault(name, self.loop.time())

    def sent_s(self, name: str) -> float:
        """When an entry was sent."""
        return self._sent_s.get(name, self.loop.time())

    def bar_age_s(self, second: float) -> float:
        """How long before a moment of the run the newest bar had closed."""
        return (second - FIRST_BAR_LEFT_S) % (MINUTE_MS / 1_000)

    def bar_number(self, second: float) -> int:
        """Which bar was the newest closed one at a moment of the run."""
        return int((second - FIRST_BAR_LEFT_S) // (MINUTE_MS / 1_000))

    def told(self, symbol: str, arrived_s: float) -> None:
        """A process read a price of a symbol that had come in at a moment."""
        self._told_s[symbol] = max(self._told_s.get(symbol, 0.0), arrived_s)

    def told_s(self, symbol: str) -> float:
        """When the newest price of a symbol that was read had come in."""
        return self._told_s[symbol]

    # --- the process ------------------------------------------------------------------------------------------------

    def passed(self, machine: Machine, name: str) -> None:
        """A process passes a named point."""
        if machine is not self.machine:
            return
        if self._points_left >= 0:
            self._points_left -= 1
            if self._points_left < 0:
                machine.kill(f"killed at {name}")
                return
        if self.on_point is not None and self.on_point(machine, name):
            machine.kill(f"killed at {name}")

    def kill_soon(self, points: int) -> None:
        """Kill it at the n-th point from here."""
        self._points_left = points

    def died(self, machine: Machine) -> None:
        """It is gone; whoever supervises it starts it again."""
        self.kills += 1
        delay_s = self.chance.uniform(*RESTART_S)
        self.excused_until_s = max(self.excused_until_s, self.loop.time() + AFTER_KILL_S)
        self.later(delay_s, self._restart, machine)

    def _restart(self, dead: Machine) -> None:
        if self.machine is dead:
            self.machine = Machine(self)
            self.machine.start()

    def terminate(self) -> None:
        """SIGTERM: what is on its way may end, then it is gone."""
        machine = self.machine

        async def ends() -> None:
            if machine.runner is not None:
                with suppress(Exception):
                    async with asyncio.timeout(4.0):
                        await machine.runner.close()
            machine.kill("terminated")

        machine.run(ends())

    def pause(self, seconds: float) -> None:
        """SIGSTOP, and SIGCONT after a while."""
        machine = self.machine
        machine.is_paused = True
        self.excused_until_s = max(self.excused_until_s, self.loop.time() + seconds + AFTER_KILL_S)

        self.later(seconds, self._goes_on, machine)

    def _goes_on(self, machine: Machine) -> None:
        machine.is_paused = False
        self.loop.thaw()

    # --- people -----------------------------------------------------------------------------------------------------

    def view(self) -> EngineView | None:
        """What the owner sees, if the process shows anything."""
        runner = self.machine.runner
        return runner.trader.view() if runner is not None and not self.machine.is_dead and runner.phase == "running" else None

    def wish(self, kind: type[Any], **values: Any) -> None:
        """The owner asks for something."""
        machine = self.machine
        control = machine.control
        if control is None or machine.is_dead:
            return
        if kind is ResetLatch:
            latch = machine.runner.trader.books.saved.latch if machine.runner is not None else None
            values["set_ms"] = latch.set_ms if latch is not None else 0
        command: Command = kind(**values, asked=control.asked("owner"))
        self._noted(command)
        machine.run(_asked(control, command))

    def _noted(self, wish: Command) -> None:
        """What is wished is what the judge holds the process to."""
        if isinstance(wish, ResetLatch):
            self.watch.account.reset()
        if not isinstance(wish, ClosePosition | Panic) or (isinstance(wish, ClosePosition) and wish.fraction < 1):
            return
        runner = self.machine.runner
        if runner is None or runner.phase != "running" or self.machine.is_paused:
            return
        for symbol, desk in runner.trader.desks.items():
            holding = desk.memory.holding
            is_meant = isinstance(wish, Panic) or (holding is not None and holding.trade.intent_id == wish.intent_id)
            is_leaving = desk.memory.exit is not None or desk.memory.entry is not None
            is_open = holding is not None and not holding.flat_seen_ms and not self.was_touched(symbol)
            if is_open and is_meant and not is_leaving:
                self.manners.wished([symbol])

    def by_hand(self, symbol: str, side: int, lots: int) -> None:
        """The owner trades in the exchange's app."""
        self._touched.add(symbol)
        if self._is_deaf():
            self.weather.excuse(DEAF_S)
        self.venue.trade_by_hand(symbol, side, lots)

    def leverage_by_hand(self, symbol: str, leverage: int) -> None:
        """The owner changes a symbol's leverage in the exchange's app."""
        self.leverage_changed_s[symbol] = self.loop.time()
        mark = self.leverage_unheard.add if self._is_deaf() else self.leverage_unheard.discard
        mark(symbol)
        self.venue.change_leverage(symbol, leverage)

    def _is_deaf(self) -> bool:
        private = [connection for connection in self.venue.hub.connections if connection.route == "private"]
        return bool(private) and not any(connection.keys for connection in private)

    def forced(self, symbol: str) -> None:
        """The exchange is about to close a position by force."""
        self._touched.add(symbol)

    def foreign(self, symbol: str) -> None:
        """The owner places a stop of their own."""
        known = set(self.venue.exchange.algos.by_id)
        self.venue.foreign_stop(symbol)
        self.foreigners += [number for number in self.venue.exchange.algos.by_id if number not in known]

    def was_touched(self, symbol: str) -> bool:
        """Whether somebody else ever traded the symbol."""
        return symbol in self._touched

    def is_forgotten(self, symbol: str) -> bool:
        """Whether the owner told the bot to leave the position alone."""
        return False


def _params_of(seed: int) -> TradingParams:
    """The settings of a seed: with some of them limits are reached that others never come near."""
    params = PARAMS
    if seed % 5 == 4:
        params = params._replace(max_drawdown=TIGHT_DRAWDOWN)
    if seed % 7 == 3:
        params = params._replace(max_positions=1, max_position_value_ratio=SMALL_SHARE)
    return params


async def _asked(control: Any, command: Command) -> None:
    await control.ask(command)


def _adopting(loop: asyncio.AbstractEventLoop, work: Any, **more: Any) -> asyncio.Task[Any]:
    """Every task made inside of a process belongs to it."""
    task = StormTask(work, loop=loop, **more)
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    context = more.get("context")
    process = context.get(PROCESS) if context is not None else PROCESS.get()
    if isinstance(process, Machine):
        process.adopt(task)
    return task


def _nobody() -> Any:
    import contextvars

    return contextvars.Context()


_NOBODY: Final = _nobody()
