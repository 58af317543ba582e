"""Jobs for tests of the workshop."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from engine.model.past import NotMeasured, Phase, Progress, WhyNot

type Told = Callable[[Progress], None]


def sum_of(*numbers: int, told: Told) -> int:
    """An ordinary job; it prints, as libraries do."""
    print("some library says something")
    told(Progress(Phase.WALKING, len(numbers), len(numbers)))
    return sum(numbers)


def process_id(*, told: Told) -> int:
    """Which process this is."""
    return os.getpid()


def environment(*, told: Told) -> dict[str, str]:
    """What it knows of the outside."""
    return dict(os.environ)


def given_up_first(*, told: Told) -> tuple[int, int]:
    """How nice it is, and how soon it is ended where memory runs out."""
    return os.nice(0), int(Path("/proc/self/oom_score_adj").read_text())


def never_ends(*, told: Told) -> None:
    """A job that somebody must stop."""
    told(Progress(Phase.SEARCHING))
    time.sleep(3_600)


def dies(*, told: Told) -> None:
    """The process is gone in the middle of it."""
    os._exit(9)


def breaks(*, told: Told) -> None:
    """A fault."""
    raise ZeroDivisionError("a fault in a job")


def refuses(*, told: Told) -> None:
    """There is no figure."""
    raise NotMeasured(WhyNot.FEW_BARS, "ETHUSDT")
