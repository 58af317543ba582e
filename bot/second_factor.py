"""The second factor: a PIN or a TOTP code, asked for by whatever raises risk. Wrong codes close the door for a while."""

import hmac
from collections.abc import Callable
from typing import Final

import pyotp

GRACE_S: Final = 900.0
MOST_WRONG: Final = 5
CLOSED_S: Final = 3_600.0
STEP_S: Final = 30
STEPS_AROUND: Final = 1


class CodeCheck:
    """Fulfils `SecondFactor`. `clock` gives seconds since the epoch."""

    def __init__(self, pin: str, totp_secret: str, clock: Callable[[], float]) -> None:
        self._pin = pin
        self._totp = pyotp.TOTP(totp_secret) if totp_secret else None
        self._clock = clock
        self._fresh_until_s: dict[int, float] = {}
        self._wrong: dict[int, int] = {}
        self._closed_until_s: dict[int, float] = {}
        self._used_step = 0

    @property
    def is_configured(self) -> bool:
        """Whether there is a code to ask for."""
        return bool(self._pin or self._totp)

    async def verify(self, user: int, code: str) -> bool:
        """Check a code once; a right one opens the grace period."""
        now_s = self._clock()
        if now_s < self._closed_until_s.get(user, 0.0):
            return False
        if self._is_right(code.strip(), now_s):
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
        return self._clock() < self._fresh_until_s.get(user, 0.0)

    def _is_right(self, code: str, now_s: float) -> bool:
        if self._pin and hmac.compare_digest(code.encode(), self._pin.encode()):
            return True
        if self._totp is None:
            return False
        for offset in range(-STEPS_AROUND, STEPS_AROUND + 1):
            step = int(now_s) // STEP_S + offset
            if step > self._used_step and hmac.compare_digest(code.encode(), self._totp.at(step * STEP_S).encode()):
                self._used_step = step
                return True
        return False
