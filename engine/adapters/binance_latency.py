"""How old frames are when they arrive. Means something only while the market runs at its natural speed."""

from collections import deque
from typing import Final, NamedTuple

SAMPLES: Final = 1_000


class Percentiles(NamedTuple):
    """Milliseconds; 0 before the first frame."""

    p50: int
    p95: int
    p99: int


class Latencies:
    """The newest thousand of them."""

    def __init__(self) -> None:
        self._samples = deque[int](maxlen=SAMPLES)

    def add(self, latency_ms: int) -> None:
        """Note one frame."""
        self._samples.append(latency_ms)

    def percentiles(self) -> Percentiles:
        """The middle, and how bad the worst twentieth and hundredth are."""
        if not self._samples:
            return Percentiles(0, 0, 0)
        ordered = sorted(self._samples)
        last = len(ordered) - 1
        return Percentiles(ordered[last * 50 // 100], ordered[last * 95 // 100], ordered[last * 99 // 100])
