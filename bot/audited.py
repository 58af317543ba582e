"""Every wish of the owner leaves a line in the audit: what, who, and what came of it. Writing it never holds a wish up.

A log that cannot be written is told in the process's own log; the wish is granted all the same, for it may be an exit.
"""

import logging
from collections.abc import Sequence
from dataclasses import fields
from enum import Enum
from pathlib import Path
from typing import Final

from engine.adapters.audit_log import AuditLog, Fact, Head
from engine.control import EngineControl, Past, Shadow
from engine.model.commands import Asked, Command, TuneAll
from engine.model.messages import Reply
from engine.model.orders import Trade
from engine.model.signals import Ruling
from engine.model.view import EngineView
from engine.params import TradingParams

NO_ANSWER: Final = "no answer"

logger = logging.getLogger(__name__)


def audited(control: EngineControl, folder: Path) -> EngineControl:
    """The same door, with a clerk beside it. A chain that does not hold is told at once."""
    try:
        log = AuditLog(folder)
        verdict = log.verify()
    except OSError as error:
        logger.error("the audit cannot be kept: %s", error.strerror)
        return control
    if not verdict.is_whole:
        logger.error("the audit was changed or cut: %s", verdict.fault)
    return AuditedControl(control, log)


class AuditedControl:
    """Fulfils `EngineControl`."""

    def __init__(self, control: EngineControl, log: AuditLog) -> None:
        self._control = control
        self._log = log

    async def ask(self, command: Command) -> Reply:
        """Put a wish into the queue and note what came of it; also where nobody waited for the answer."""
        answer = NO_ANSWER
        try:
            reply = await self._control.ask(command)
            answer = reply.code.value
            return reply
        finally:
            self._note(command, answer)

    @property
    def head(self) -> Head:
        """The newest line."""
        return self._log.head

    @property
    def past(self) -> Past:
        """What history says about settings."""
        return self._control.past

    @property
    def shadow(self) -> Shadow:
        """Other settings on paper."""
        return self._control.shadow

    @property
    def label(self) -> str:
        """PAPER, TESTNET, DEMO or LIVE."""
        return self._control.label

    @property
    def interval(self) -> str:
        """The bars' interval."""
        return self._control.interval

    def asked(self, who: str) -> Asked:
        """Stamp a wish."""
        return self._control.asked(who)

    def view(self) -> EngineView:
        """A picture of everything."""
        return self._control.view()

    def params(self) -> TradingParams:
        """The tunables that hold now."""
        return self._control.params()

    def rulings(self, symbol: str, count: int) -> Sequence[Ruling]:
        """The newest rulings of a symbol."""
        return self._control.rulings(symbol, count)

    async def trades(self, since_ms: int) -> Sequence[Trade]:
        """Closed trades. Raises `StoreDown`."""
        return await self._control.trades(since_ms)

    def _note(self, command: Command, answer: str) -> None:
        facts = facts_of(command) | {"environment": self.label, "answer": answer}
        try:
            self._log.append(type(command).__name__, command.asked.who, facts, command.asked.seen_ms)
        except OSError as error:
            logger.error(
                "a line of the audit was lost (%s): %s by %s", error.strerror, type(command).__name__, command.asked.who
            )


def head_of(control: EngineControl) -> Head | None:
    """The audit's newest line, where one is kept."""
    return control.head if isinstance(control, AuditedControl) else None


def facts_of(command: Command) -> dict[str, Fact]:
    """What a wish says, in plain values."""
    found: dict[str, Fact] = {}
    for field in fields(command):
        value = getattr(command, field.name)
        if not isinstance(value, Asked):
            found[field.name] = value.name.lower() if isinstance(value, Enum) else value
    if isinstance(command, TuneAll):
        found["changes"] = " ".join(f"{name}={value:g}" for name, value in command.changes)
    return found
