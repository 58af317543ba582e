"""Fakes with memory that stand in for what the house meets: the engine behind its door, users, tokens, the second factor."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from engine.control import Backtested
from engine.model.commands import (
    AllowSides,
    ApproveEntry,
    Asked,
    ClosePosition,
    Command,
    DeclineEntry,
    LockSymbol,
    PauseTrading,
    ResetLatch,
    SetMode,
    StartTrading,
    StopTrading,
    Tune,
    TuneAll,
)
from engine.model.messages import Reply, ReplyCode
from engine.model.orders import Trade
from engine.model.past import Calibration, Dial, NotMeasured, Progress, WhatIf, WhyNot
from engine.model.shadow import ShadowComparison, ShadowPlan
from engine.model.signals import Ruling
from engine.model.view import DeskView, EngineView, Running
from engine.params import BadParam, TradingParams, read, tuned
from engine.ports import StoreDown


@dataclass
class FakePast:
    """A past that says what it was told to say, and remembers what it was asked; without an answer it is busy."""

    answers: dict[str, Any] = field(
        default_factory=dict
    )  # by what is asked: a value, an error, or a function of what was given
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)

    async def what_if(self, changes: Mapping[str, float], days: int, old: Mapping[str, float] | None = None) -> WhatIf:
        found: WhatIf = self._answer("what_if", dict(changes), days, dict(old or {}))
        return found

    async def dial(self, days: int) -> Dial:
        found: Dial = self._answer("dial", days)
        return found

    async def dial_picture(self, dial: Dial, now: float, wanted: float, language: str) -> bytes:
        found: bytes = self._answer("dial_picture", dial, now, wanted, language)
        return found

    async def backtest(self, job: str, symbol: str, days: int, language: str, told: Callable[[Progress], None]) -> Backtested:
        found = self._answer("backtest", job, symbol, days, language, told)
        result: Backtested = await found if hasattr(found, "__await__") else found
        return result

    async def calibrate(self, job: str, days: int, told: Callable[[Progress], None]) -> Calibration:
        found: Calibration = self._answer("calibrate", job, days, told)
        return found

    async def stop(self, job: str) -> bool:
        self.stopped.append(job)
        return bool(self.answers.get("stop", False))

    def _answer(self, what: str, *given: Any) -> Any:
        self.asked.append((what, *given))
        found = self.answers.get(what, NotMeasured(WhyNot.BUSY))
        if isinstance(found, Exception):
            raise found
        return found(*given) if callable(found) else found


@dataclass
class FakeShadow:
    """A shadow that only remembers what it was told."""

    plan: ShadowPlan | None = None
    comparison: ShadowComparison | None = None
    refuses: NotMeasured | None = None

    async def begin(self, changes: Mapping[str, float]) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.plan = ShadowPlan(tuple(changes.items()), 1_700_000_000_000, Decimal(10_000))

    async def stop(self) -> bool:
        was_there, self.plan = self.plan is not None, None
        return was_there

    async def compared(self) -> ShadowComparison | None:
        return self.comparison


@dataclass
class FakeEngine:
    """An engine that grants every wish and remembers it. `refuses` holds other answers, by kind of wish."""

    seen: EngineView
    label: str = "PAPER"
    interval: str = "1h"
    now_ms: int = 1_700_000_000_000
    tunables: TradingParams = field(default_factory=TradingParams)
    wishes: list[Command] = field(default_factory=list)
    refuses: dict[type, Reply] = field(default_factory=dict)
    judged: list[Ruling] = field(default_factory=list)
    closed: list[Trade] = field(default_factory=list)
    is_store_down: bool = False
    past: FakePast = field(default_factory=FakePast)
    shadow: FakeShadow = field(default_factory=FakeShadow)

    def asked(self, who: str) -> Asked:
        return Asked(who, self.seen.time_ms, self.now_ms)

    def view(self) -> EngineView:
        return self.seen

    def params(self) -> TradingParams:
        return self.tunables

    def rulings(self, symbol: str, count: int) -> Sequence[Ruling]:
        return [ruling for ruling in self.judged if ruling.symbol == symbol][:count]

    async def trades(self, since_ms: int) -> Sequence[Trade]:
        if self.is_store_down:
            raise StoreDown("the store is away")
        return [trade for trade in self.closed if trade.exit_time_ms >= since_ms]

    async def ask(self, command: Command) -> Reply:
        self.wishes.append(command)
        if type(command) in self.refuses:
            return self.refuses[type(command)]
        return self._granted(command)

    def _granted(self, command: Command) -> Reply:
        match command:
            case StartTrading():
                return self._run(Running.RUNNING)
            case PauseTrading():
                return self._run(Running.PAUSED)
            case StopTrading():
                return self._run(Running.STOPPED)
            case AllowSides():
                symbols = [command.symbol] if command.symbol else list(self.seen.desks)
                for symbol in symbols:
                    self.change(symbol, sides=command.sides)
            case SetMode():
                self.seen = replace(self.seen, mode=command.mode)
            case Tune():
                return self._tuned(command)
            case TuneAll():
                for name, value in command.changes:
                    self.tunables = tuned(self.tunables, name, value)
            case ResetLatch():
                self.seen = replace(self.seen, latch=None)
            case LockSymbol():
                self.change(command.symbol, locked_until_ms=command.until_ms)
            case ApproveEntry() | DeclineEntry():
                return self._answered(command)
            case ClosePosition():
                return Reply(ReplyCode.SENT)
        return Reply(ReplyCode.DONE)

    def change(self, symbol: str, **parts: Any) -> DeskView:
        """Let a symbol look different from now on."""
        desk = replace(self.seen.desks[symbol], **parts)
        self.seen = replace(self.seen, desks={**self.seen.desks, symbol: desk})
        return desk

    def _run(self, running: Running) -> Reply:
        before, self.seen = self.seen.running, replace(self.seen, running=running)
        return Reply(ReplyCode.ALREADY if before is running else ReplyCode.DONE)

    def _tuned(self, command: Tune) -> Reply:
        try:
            after = tuned(self.tunables, command.name, command.value)
        except BadParam:
            return Reply(ReplyCode.OUT_OF_RANGE, {"name": command.name})
        before, self.tunables = read(self.tunables, command.name), after
        return Reply(ReplyCode.DONE, {"before": before, "after": command.value})

    def _answered(self, command: ApproveEntry | DeclineEntry) -> Reply:
        for symbol, desk in self.seen.desks.items():
            if desk.proposal is not None and desk.proposal.intent_id == command.intent_id:
                self.change(symbol, proposal=None)
                return Reply(ReplyCode.SENT if isinstance(command, ApproveEntry) else ReplyCode.DONE)
        return Reply(ReplyCode.NO_SUCH_PROPOSAL)


class FakeUsers:
    """Remembers languages and small things, unless its store is down."""

    def __init__(self) -> None:
        self.languages: dict[int, str] = {}
        self.values: dict[tuple[int, str], str] = {}
        self.is_down = False

    async def set_language(self, user: int, language: str) -> None:
        self._reach()
        self.languages[user] = language

    async def set_value(self, user: int, name: str, value: str) -> None:
        self._reach()
        if value:
            self.values[user, name] = value
        else:
            self.values.pop((user, name), None)

    async def get_value(self, user: int, name: str) -> str | None:
        self._reach()
        return self.values.get((user, name))

    def _reach(self) -> None:
        if self.is_down:
            raise StoreDown("the store is away")


class FakeTokens:
    """Hands out `token1`, `token2` ...; each can be claimed once, and none while its store is down."""

    def __init__(self) -> None:
        self.records: dict[str, dict[str, Any]] = {}
        self.issued = 0
        self.is_down = False

    async def issue(self, record: dict[str, Any], ttl_s: int) -> str:
        self._reach()
        assert ttl_s > 0, "a token must live"
        self.issued += 1
        token = f"token{self.issued}"
        self.records[token] = dict(record)
        return token

    async def claim(self, token: str) -> dict[str, Any] | None:
        self._reach()
        return self.records.pop(token, None)

    async def peek(self, token: str) -> dict[str, Any] | None:
        self._reach()
        return self.records.get(token)

    def _reach(self) -> None:
        if self.is_down:
            raise StoreDown("the store is away")


class FakeFactor:
    """Knows one code; a right one stays fresh until the test says otherwise."""

    def __init__(self, code: str = "") -> None:
        self.code = code
        self.tried: list[str] = []
        self.fresh: set[int] = set()

    @property
    def is_configured(self) -> bool:
        return bool(self.code)

    async def verify(self, user: int, code: str) -> bool:
        self.tried.append(code)
        if code != self.code:
            return False
        self.fresh.add(user)
        return True

    async def is_fresh(self, user: int) -> bool:
        return user in self.fresh
