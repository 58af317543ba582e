"""Kills the product with -9: at given bars while the market holds, and at random instants of the run.

What is killed comes back by itself (`product`); the market waits for it.
"""

import asyncio
import random
from collections.abc import Callable
from typing import Final, Protocol

from sandbox.options import KillOptions

POLL_S: Final = 0.005
LATEST_S: Final = 0.25  # a random kill comes up to so long (wire) after its bar: in the midst of what the bar set off


class Pace(Protocol):
    """What is needed of the venue: how far it is, and to let it go on."""

    @property
    def bars_done(self) -> int:
        """Closed bars of the run."""

    @property
    def is_held(self) -> bool:
        """Whether the market is held by hand."""

    def resume(self) -> None:
        """Let the market go on."""


class Killer:
    """`done` lists the bars at which the product was killed."""

    def __init__(
        self, options: KillOptions, bars: int, pace: Pace, kill: Callable[[], int], say: Callable[[str], None]
    ) -> None:
        self.done: list[int] = []
        self._chance = random.Random(options.seed)
        self._held = list(options.at_bars)
        self._random = sorted(self._chance.randrange(bars) for _ in range(options.times))
        self._pace = pace
        self._kill = kill
        self._say = say

    async def run(self) -> None:
        """Go through all kills; return when the last one is done."""
        while self._held or self._random:
            await asyncio.sleep(POLL_S)
            done = self._pace.bars_done
            if self._held and done >= self._held[0] and self._pace.is_held:
                self._held.pop(0)
                self._strike(done, "while the market held")
                self._pace.resume()
            elif self._random and done >= self._random[0]:
                await asyncio.sleep(self._chance.uniform(0, LATEST_S))
                if self._strike(self._pace.bars_done, "at a random instant"):  # one that is dead already comes back
                    self._random.pop(0)

    def _strike(self, bar: int, when: str) -> bool:
        pid = self._kill()
        if pid:
            self.done.append(bar)
            self._say(f"Killed the product (process {pid}) at bar {bar}, {when}.")
        return bool(pid)
