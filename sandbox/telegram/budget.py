"""How much a bot may say in one chat: about a message a second, with a burst, and a penalty for asking beyond it."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.telegram.refusals import too_many


@dataclass(slots=True)
class Bucket:
    """What is left for one chat."""

    tokens: float
    filled_s: float
    closed_until_s: float = 0.0


@dataclass(slots=True)
class Budget:
    """One bucket per chat. Edits cost what sends cost; answers to button presses are free and never come here."""

    clock: Callable[[], float]
    per_s: float
    burst: int
    penalty_s: int
    is_strict: bool
    buckets: dict[int, Bucket] = field(default_factory=dict)

    def spend(self, chat_id: int) -> None:
        """Take one message from a chat's budget. Raises `Refused` with the seconds to wait."""
        if not self.is_strict:
            return
        now_s = self.clock()
        bucket = self.buckets.setdefault(chat_id, Bucket(self.burst, now_s))
        if now_s < bucket.closed_until_s:
            raise too_many(math.ceil(bucket.closed_until_s - now_s))
        bucket.tokens = min(self.burst, bucket.tokens + (now_s - bucket.filled_s) * self.per_s)
        bucket.filled_s = now_s
        if bucket.tokens < 1:
            bucket.closed_until_s = now_s + self.penalty_s
            raise too_many(self.penalty_s)
        bucket.tokens -= 1
