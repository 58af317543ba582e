"""The second factor: a PIN or a TOTP code, asked for by whatever raises risk. Wrong codes close the door for a while."""

import hmac
import math
from collections import deque
from collections.abc import Callable
from typing import Final

import pyotp

GRACE_S: Final = 900.0
MOST_WRONG: Final = 5
CLOSED_S: Final = 3_600.0
STEP_S: Final = 30
STEPS_AROUND: Final = 1
USED_LIMIT: Final = 100  # codes: more than are asked for in the minutes that a clock is set back by


class CodeCheck:
    """Fulfils `SecondFactor`. `clock` gives seconds since the epoch and may be set; `steady` only ever goes on."""

    def __init__(self, pin: str, totp_secret: str, *, clock: Callable[[], float], steady: Callable[[], float]) -> None:
        self._pin = pin
        self._totp = pyotp.TOTP(totp_secret) if totp_secret else None
        self._clock = clock
        self._steady = steady
        self._fresh_until_s: dict[int, float] = {}
        self._wrong: dict[int, int] = {}
        self._closed_until_s: dict[int, float] = {}
        self._used_steps = deque[int](maxlen=USED_LIMIT)

    @property
    def is_configured(self) -> bool:
        """Whether there is a code to ask for."""
        return bool(self._pin or self._totp)

    async def verify(self, user: int, code: str) -> bool:
        """Check a code once; a right one opens the grace period."""
        now_s = self._steady()
        if now_s < self._closed_until_s.get(user, -math.inf):
            return False
        if self._is_right(code.strip()):
            self._wrong.pop(user, None)
            self._fresh_until_s[user] = now_s + GRACE_S
            return True
        self._wrong[user] = self._wrong.get(user, 0) + 1
        if self._wrong[user] >= MOST_WRONG:
            self._wrong[user] = 0
            self._closed_until_s[user] = now_s + CLOSED_S
        return False

    async def is_fresh(self, user: int) -> bool:
        """Whether this user gave a right code a short while ago."""
        return self._steady() < self._fresh_until_s.get(user, -math.inf)

    def _is_right(self, code: str) -> bool:
        if self._pin and hmac.compare_digest(code.encode(), self._pin.encode()):
            return True
        if self._totp is None:
            return False
        for offset in range(-STEPS_AROUND, STEPS_AROUND + 1):
            step = int(self._clock()) // STEP_S + offset
            if step not in self._used_steps and hmac.compare_digest(code.encode(), self._totp.at(step * STEP_S).encode()):
                self._used_steps.append(step)
                return True
        return False
