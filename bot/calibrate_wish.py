"""What `calibrate` and `worker` are asked for: checked before anything heavy is read or begun."""

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from bot import ground
from bot.backtest_options import BadOption
from bot.ground import Ground, ground_of
from bot.settings import Settings
from engine.backtest.calibrate.space import batches_of

FEWEST_STEP_DAYS, MOST_STEP_DAYS = 13, 364
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Typed(NamedTuple):
    """The options of `calibrate` as they were typed."""

    ground: ground.Typed
    trials: int
    seed: int
    step_days: int
    window: int


class Refused(Exception):
    """It cannot be done as it was asked for; the text is one line."""


class Stopped(Exception):
    """It was stopped before it was complete; `walked` settings of `all_` are kept, if anything is."""

    def __init__(self, walked: int, all_: int) -> None:
        super().__init__(f"{walked} of {all_}")
        self.walked = walked
        self.all = all_


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is searched, checked. `step_days` 0 = as long as the history allows, `window_steps` 0 = all of the past."""

    ground: Ground
    step_days: int
    window_steps: int
    batches: int
    seed: int


def wish_of(owner: Settings, typed: Typed) -> Wish:
    """Check what was typed. Raises `BadOption`, `BadMoment`."""
    walked = ground_of(owner, typed.ground)
    if typed.step_days and not FEWEST_STEP_DAYS <= typed.step_days <= MOST_STEP_DAYS:
        raise BadOption(f"--step-days is {FEWEST_STEP_DAYS} to {MOST_STEP_DAYS}, not {typed.step_days}")
    return Wish(
        ground=walked,
        step_days=typed.step_days,
        window_steps=typed.window,
        batches=batches_of(typed.trials),
        seed=typed.seed,
    )


def check_name(study: str) -> None:
    """Refuse what is no name of a study. Raises `Refused`."""
    if not NAME.fullmatch(study):
        raise Refused(f"--study is a name of letters, digits, dots and dashes, at most 64, not {study!r}")
