"""The account's listen key: one for all, valid for an hour of wire time; while it lives the same one is given out."""

import secrets
from typing import Final

from sandbox.exchange.clock import WireClock

KEY_BYTES: Final = 32


class ListenKeys:
    """The live key, if there is one."""

    def __init__(self, wire: WireClock, validity_ms: int) -> None:
        self._wire = wire
        self._validity_ms = validity_ms
        self._key = ""
        self._until_ms = 0

    def live_key(self) -> str:
        """Give the key while it is valid, else an empty text."""
        return self._key if self._wire.now_ms() < self._until_ms else ""

    def start(self) -> str:
        """Give the live key, or a new one, and extend it."""
        self._key = self.live_key() or secrets.token_hex(KEY_BYTES)
        self._until_ms = self._wire.now_ms() + self._validity_ms
        return self._key

    def extend(self) -> str:
        """Extend the live key; an empty text where there is none."""
        if self.live_key():
            self._until_ms = self._wire.now_ms() + self._validity_ms
        return self.live_key()

    def end(self) -> str:
        """End the key and give it back, so that its listeners can be told."""
        ended, self._key, self._until_ms = self._key, "", 0
        return ended

    def lapsed(self) -> str:
        """Give a key that has run out and was not told yet, and forget it."""
        return self.end() if self._key and not self.live_key() else ""
