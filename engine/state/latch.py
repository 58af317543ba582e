"""The latch: entries stay blocked until the owner lifts it. The most restrictive of memory, store and file counts."""

from engine.model.notices import LatchCause
from engine.model.view import LatchView


def strictest(*latches: LatchView | None) -> LatchView | None:
    """The latch that holds where several places remember one: the earliest that is set."""
    held = [latch for latch in latches if latch is not None]
    return min(held, key=lambda latch: latch.set_ms) if held else None


def drawn_down(equity: float, peak: float, max_drawdown: float) -> float:
    """The drawdown as a fraction of the peak where it breaks the limit, else 0."""
    if peak <= 0:
        return 0.0
    drawdown = (peak - equity) / peak
    return drawdown if drawdown > max_drawdown else 0.0


def set_by(cause: LatchCause, seen: float, needed: float, time_ms: int) -> LatchView:
    """A new latch."""
    return LatchView(cause=cause, seen=seen, needed=needed, set_ms=time_ms)
