"""Wire time: the machine's own clock, which only the runner and the adapters hold.

It is read once and then counted on, so that somebody who sets the machine's clock moves no lease, no retry and no schedule.
How far it is from the exchange's clock is measured again and again anyway.
"""

import time


class MachineClock:
    """Fulfils `Clock`: never goes back, never leaps."""

    def __init__(self) -> None:
        self._begun_s = time.time() - time.monotonic()

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        return int((self._begun_s + time.monotonic()) * 1_000)
