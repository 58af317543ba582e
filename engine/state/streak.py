"""Losses in a row, and the lock that a full streak sets on entries."""

from engine.model.market import HOUR_MS


def after(streak: int, lost: bool) -> int:
    """The streak after one more closed trade."""
    return streak + 1 if lost else 0


def locked_until(exit_ms: int, hours: float) -> int:
    """When the lock of a streak ends that a trade filled up at `exit_ms`."""
    return exit_ms + round(hours * HOUR_MS)
