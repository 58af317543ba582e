"""The beat of the loop: how late a short sleep ends tells for how long everything stood still (F6)."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

BEAT_S: Final = 0.25
NOTED_S: Final = 1.0
ALARMING_S: Final = 3.0
ALARM_AGAIN_S: Final = 3_600.0
FRESH_S: Final = 60.0

logger = logging.getLogger(__name__)


class Beat:
    """Measures until cancelled. `alarm` hears of long stalls, once an hour at most."""

    def __init__(self, alarm: Callable[[float], None], clock_s: Callable[[], float]) -> None:
        self.lag_s = 0.0
        self.longest_s = 0.0
        self.stalls = 0
        self._alarm = alarm
        self._clock_s = clock_s
        self._stalled_at_s: float | None = None
        self._alarmed_at_s: float | None = None

    async def run(self) -> None:
        """Beat."""
        while True:
            before = self._clock_s()
            await asyncio.sleep(BEAT_S)
            self.note(self._clock_s() - before - BEAT_S)

    def note(self, lag_s: float) -> None:
        """Take one measurement."""
        self.lag_s = max(0.0, lag_s)
        self.longest_s = max(self.longest_s, self.lag_s)
        if self.lag_s < NOTED_S:
            return
        now = self._clock_s()
        self.stalls += 1
        self._stalled_at_s = now
        if self.lag_s >= ALARMING_S and (self._alarmed_at_s is None or now - self._alarmed_at_s >= ALARM_AGAIN_S):
            self._alarmed_at_s = now
            logger.error("the loop stood still for %.1f s", self.lag_s)
            self._alarm(self.lag_s)

    @property
    def is_even(self) -> bool:
        """Whether nothing stood still within the last minute."""
        return self._stalled_at_s is None or self._clock_s() - self._stalled_at_s >= FRESH_S
