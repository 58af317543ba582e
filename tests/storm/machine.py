"""One process of the product from its start to its end: real runner, trader, broker, feed and user stream on storm wires."""

import asyncio
import contextvars
from collections.abc import Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from bot.living import recovered
from bot.schedule import Schedule
from bot.store_watch import felt
from engine.adapters.binance_broker import binance_broker
from engine.adapters.binance_feed import BinanceFeed
from engine.adapters.binance_socket import Patience
from engine.adapters.machine_clock import MachineClock
from engine.control import Control
from engine.model.commands import Command, DecisionMode
from engine.model.messages import Reply
from engine.model.orders import TriggerBy
from engine.params import TradingParams
from engine.ports import StateUnreadable, StoreDown
from engine.runner import Runner
from engine.trader import TraderSetup
from tests.doubles import FakePast, FakeShadow
from tests.storm.disk import StormBrakesFile, StormStore
from tests.storm.loop import PROCESS, Frozen
from tests.storm.market import SYMBOLS, WARMUP
from tests.storm.wire import StormRest, StormSocket

if TYPE_CHECKING:
    from tests.storm.world import World

INTERVAL_MS: Final = 60_000
CHECK_S: Final = 30
PATIENCE: Final = Patience(reconnect_delay_s=0.5, max_reconnect_delay_s=5.0, ping_timeout_s=10.0)
PARAMS: Final = TradingParams(
    activation_threshold=0.2,
    ema_slow=50,
    atr_mean_period=30,
    max_atr_fraction=0.5,
    max_daily_loss=1.0,
    max_positions=2,
    stable_bars=1,
    cooldown_bars=1,
    adx_minimum=10.0,
    adx_chop_filter=0,
    max_loss_streak=1_000,
    max_position_value_ratio=0.3,
)
SETUP: Final = TraderSetup("storm", SYMBOLS, INTERVAL_MS, WARMUP, TriggerBy.LAST, PARAMS, DecisionMode.AUTO)


class HeldTo(Control):
    """The product's control; what was granted is what the judge holds the process to."""

    def __init__(self, world: "World", runner: Runner, store: StormStore) -> None:
        super().__init__(runner, store, "STORM", FakePast(), FakeShadow())
        self._world = world

    async def ask(self, command: Command) -> Reply:
        """Ask, and remember the answer."""
        turn = self._world.watch.asked(command)
        reply = await super().ask(command)
        self._world.watch.granted(command, reply, turn)
        return reply


class Killed(BaseException):
    """The process was killed here; nothing of it goes on."""


class Machine(Frozen):
    """A process. `kill` ends it between two instructions; `terminate` asks it to end."""

    def __init__(self, world: "World") -> None:
        super().__init__()
        self.world = world
        self.clock = MachineClock()
        self.sockets = list[StormSocket]()
        self.is_dead = False
        self.why = ""
        self.started_s = world.loop.time()
        self.runner: Runner | None = None
        self.rest: StormRest | None = None
        self.control: Control | None = None
        self._tasks = dict[asyncio.Task[Any], None]()
        self._context = contextvars.copy_context()
        self._context.run(PROCESS.set, self)

    def start(self) -> None:
        """Begin to live."""
        self.run(self._life())

    def run(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start something as a part of this process."""
        return self.world.loop.create_task(work, context=self._context)

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """A task was made inside of this process."""
        self._tasks[task] = None
        task.add_done_callback(lambda ended: self._tasks.pop(ended, None))

    def kill(self, why: str) -> None:
        """Nothing of it goes on from here."""
        if self.is_dead:
            return
        self.is_dead, self.is_paused, self.why = True, False, why
        self.world.loop.thaw()
        for task in list(self._tasks):
            task.cancel()
        for socket in list(self.sockets):
            socket.cut()
        self.world.died(self)

    async def point(self, name: str) -> None:
        """A place at which the process may be killed. One that is dead stays here."""
        if self.is_dead:
            await asyncio.get_running_loop().create_future()
        is_starting = self.runner is None or self.runner.phase in ("starting", "recovering")
        self.world.passed(self, f"start {name}" if is_starting else name)
        if self.is_dead:
            raise Killed

    @property
    def is_ready(self) -> bool:
        """Whether it trades and everything delivers."""
        return not self.is_dead and self.runner is not None and self.runner.is_ready()

    # --- its life ---------------------------------------------------------------------------------------------------

    async def _life(self) -> None:
        try:
            await self._lived()
        except (asyncio.CancelledError, Killed):
            raise
        except BaseException as error:
            if self.is_dead:
                raise
            self.kill(f"died by itself: {error!r}")
            if not isinstance(error, StoreDown | StateUnreadable):
                self.world.watch.violated("I19", f"the process died of {_leaf(error)!r}")

    async def _lived(self) -> None:
        world = self.world
        self.rest = rest = StormRest(self)
        feed = BinanceFeed(
            rest,
            ws_public="ws://storm",
            ws_market="ws://storm",
            symbols=SYMBOLS,
            interval="1m",
            patience=PATIENCE,
            clock=self.clock,
        )
        broker = binance_broker(
            rest, symbols=SYMBOLS, interval="1m", ws_private="ws://storm", patience=PATIENCE, market_ms=feed.market_ms
        )
        store = StormStore(self)
        self.runner = Runner(
            setup=replace(SETUP, mode=world.mode, params=world.params),
            interval="1m",
            feed=feed,
            history=rest,
            broker=broker,
            store=store,
            clock=self.clock,
            brakes_file=StormBrakesFile(world.disk),
        )
        self.control = HeldTo(world, self.runner, store)
        await recovered(self.runner)
        schedule = Schedule(
            self.runner,
            rest,
            clock=self.clock,
            check_interval_s=CHECK_S,
            market_ms=feed.market_ms,
            keep_alive=broker.keep_alive,
            note_equity=_unnoted,
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(self._ticking(schedule))
            group.create_task(felt(store.beat, self.runner.store_failed))
            group.create_task(self.runner.run())

    async def _ticking(self, schedule: Schedule) -> None:
        while True:
            await asyncio.sleep(1.0)
            await schedule._tick()


async def _unnoted(_: Any) -> None:
    return None


def _leaf(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
