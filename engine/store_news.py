"""The owner is told once that the store went, and once that it is back; a hiccup is not worth a word.

While it is away notices go past it, over the alarm.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from engine.model.machine_notices import StoreCameBack, StoreWentAway
from engine.model.messages import Outcome
from engine.model.notices import Notice, OutsideQuestion
from engine.ports import Alarm, Clock

WORTH_A_WORD_S: Final = 2.0


class NoAlarm:
    """Nobody to tell yet: notices wait for the outbox."""

    def tell(self, notice: Notice) -> bool:
        """Takes nothing over."""
        return False

    def take_back(self) -> Sequence[Notice]:
        """So there is nothing."""
        return ()


class StoreNews:
    """Knows how long the store has been away, and what the owner heard of it."""

    def __init__(self, clock: Clock, market_ms: Callable[[], int], say: Callable[[Notice], None]) -> None:
        self.alarm: Alarm = NoAlarm()
        self._clock = clock
        self._market_ms = market_ms
        self._say = say
        self._away_ms = 0  # wire; since when
        self._detail = ""
        self._is_told = False
        self._timer: asyncio.TimerHandle | None = None

    def went(self, detail: str) -> None:
        """It went; the owner hears of it if it stays away. A second fault on top of the first is no second absence."""
        self._detail = detail
        if self._timer is not None or self._is_told:
            return
        self._away_ms = self._clock.now_ms()
        self._timer = asyncio.get_running_loop().call_later(WORTH_A_WORD_S, self._tell)

    def came(self) -> None:
        """It is back, and keeps what could not be said past it; the owner hears of it if they heard that it went."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for notice in self.alarm.take_back():
            self._say(notice)
        if self._is_told:
            self._is_told = False
            self._say(StoreCameBack(self._clock.now_ms() - self._away_ms, self._market_ms()))

    def past_the_store(self, outcome: Outcome, *, is_apart: bool) -> Outcome:
        """An outcome without the notices that the alarm took over, or that mean nothing once the memory is read."""
        left = [n for n in outcome.notices if not (is_apart and isinstance(n, OutsideQuestion)) and not self.alarm.tell(n)]
        return replace(outcome, notices=tuple(left))

    def _tell(self) -> None:
        self._timer, self._is_told = None, True
        self._say(StoreWentAway(self._detail, self._market_ms()))
