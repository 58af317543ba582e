"""The walk-forward: choose on the past, judge on what comes next, move on.

Time is cut into blocks, thirteen to a step (weeks to a quarter). A trade belongs to the block in which it was entered. No
trade that may still be open when the judged time begins is chosen on: the blocks before it are purged by the longest
holding time and an embargo.
"""

from typing import Final, NamedTuple

from engine.model.market import DAY_MS, HOUR_MS
from engine.params import TradingParams

BLOCKS_A_STEP: Final = 13
FIRST_PAST: Final = 26  # blocks; to choose on less is to guess
FEWEST_STEPS: Final = 3
EMBARGO_MS: Final = DAY_MS
STEP_DAYS: Final = (91, 52, 26, 13)  # the longest that leaves enough steps is taken


class TooShort(ValueError):
    """There is too little history to choose and to judge. The text says how much it takes, and so do the days."""

    def __init__(self, text: str, have_days: int, least_days: int) -> None:
        super().__init__(text)
        self.have_days, self.least_days = have_days, least_days


class Blocks(NamedTuple):
    """Equal stretches of time that end where history ends."""

    begin_ms: int
    block_ms: int
    size: int

    def begin_of(self, block: int) -> int:
        """When a block begins."""
        return self.begin_ms + block * self.block_ms


class Step(NamedTuple):
    """Blocks to choose on and blocks to judge on: from, and before which."""

    past_from: int
    past_to: int
    next_from: int
    next_to: int


class Folds(NamedTuple):
    """How history is cut. `window` is how many blocks a step looks back; 0 = all of them (anchored)."""

    blocks: Blocks
    purge: int
    window: int = 0

    def steps(self) -> list[Step]:
        """All steps, the last one ending where history does."""
        made = list[Step]()
        end = self.blocks.size
        while end - BLOCKS_A_STEP - self.purge >= FIRST_PAST:
            begin = end - BLOCKS_A_STEP
            past_to = begin - self.purge
            made.append(Step(max(0, past_to - self.window) if self.window else 0, past_to, begin, end))
            end = begin
        return made[::-1]


def longest_hold_ms(params: TradingParams, interval_ms: int) -> int:
    """How long a trade may be open after the close on which it was decided: entry and exit wait for the next open."""
    return int(params.max_position_hours * HOUR_MS) + 3 * interval_ms


def cut(begin_ms: int, end_ms: int, hold_ms: int, *, step_days: int = 0, window_steps: int = 0) -> Folds:
    """Cut a history. `step_days` 0 = the longest that leaves enough steps. Raises `TooShort`."""
    for days in (step_days,) if step_days else STEP_DAYS:
        folds = _cut(begin_ms, end_ms, hold_ms, days, window_steps)
        if len(folds.steps()) >= FEWEST_STEPS:
            return folds
    have = max(0, end_ms - begin_ms) // DAY_MS
    least = _least_days(hold_ms, step_days or STEP_DAYS[-1])
    how = f"with steps of {step_days} days" if step_days else "at the least"
    raise TooShort(
        f"{have:,} days after the warm-up are too few: to choose and to judge takes {least:,} days {how}", have, least
    )


def _cut(begin_ms: int, end_ms: int, hold_ms: int, step_days: int, window_steps: int) -> Folds:
    block_ms = step_days * DAY_MS // BLOCKS_A_STEP
    count = max(0, end_ms - begin_ms) // block_ms
    blocks = Blocks(end_ms - count * block_ms, block_ms, count)
    return Folds(blocks, _purge(hold_ms, block_ms), window_steps * BLOCKS_A_STEP)


def _purge(hold_ms: int, block_ms: int) -> int:
    return -(-(hold_ms + EMBARGO_MS) // block_ms)


def _least_days(hold_ms: int, step_days: int) -> int:
    block_ms = step_days * DAY_MS // BLOCKS_A_STEP
    blocks = FIRST_PAST + _purge(hold_ms, block_ms) + FEWEST_STEPS * BLOCKS_A_STEP
    return -(-blocks * block_ms // DAY_MS)
