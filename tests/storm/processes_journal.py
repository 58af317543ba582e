"""The named point between engine and store: the write that brings a new entry's intent."""

import asyncio
import re
from collections.abc import Callable
from typing import Final

from tests.storm.processes_draws import Moment
from tests.storm.processes_watch import Aim
from tests.storm.proxy import Tap

ENTRY_NAME: Final = re.compile(rb"abE[a-z2-7]{16}000")
AROUND_THE_SENDING: Final = 0.01  # of the late time: somewhere between the store's answer and the exchange's


def journal_tap(aim: Aim, is_known: Callable[[str], bool]) -> Tap:
    """Strike when an entry passes that the exchange does not know: before it arrives, once it is on its way, or just after."""

    def strike() -> None:
        aim.strike()
        aim.struck.set()

    def tap(data: bytes) -> bool:
        if aim.struck.is_set() or all(is_known(name.decode()) for name in ENTRY_NAME.findall(data)):
            return True
        if aim.moment is Moment.LATE:
            asyncio.get_running_loop().call_later(aim.late_s * AROUND_THE_SENDING, strike)
            return True
        strike()
        return aim.moment is not Moment.BEFORE

    return tap
