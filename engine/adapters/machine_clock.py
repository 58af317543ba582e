"""Wire time: the machine's own clock, which only the runner and the adapters hold."""

import time

NANOSECONDS = 1_000_000


class MachineClock:
    """Fulfils `Clock`."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        return time.time_ns() // NANOSECONDS
