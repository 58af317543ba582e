"""Threads over a study: they end when they are asked to, wherever the asking strikes."""

import os
import signal
import time
from contextlib import suppress
from typing import Any

from engine.backtest.calibrate.work import Crew
from engine.backtest.history import Simulation
from engine.backtest.kernel import Walker
from tests.markets import made_up


class Endless:
    """A study of which something is always open, and nothing can be taken."""

    done = 0
    is_complete = False

    def take(self) -> tuple[int, int] | None:
        return None

    def give(self, batch: int, trial: int, results: list[str]) -> None:
        raise AssertionError("nothing was taken")

    def drop(self, batch: int, trial: int) -> None:
        raise AssertionError("nothing was taken")


def test_a_ctrl_c_that_strikes_in_code_which_bears_everything_is_not_lost() -> None:
    strikes = list[int]()
    plan: Any = None

    def told(_: int) -> None:
        with suppress(BaseException):  # as a store's client might
            if not strikes:
                strikes.append(1)
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.01)

    before = signal.getsignal(signal.SIGINT)
    worked = Crew(Endless(), Walker([made_up(1, 100)], Simulation()), plan, 1).work(told)

    assert strikes
    assert (worked.batches, worked.is_complete) == (0, False)
    assert signal.getsignal(signal.SIGINT) is before
