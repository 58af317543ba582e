"""Times as people type them at a command: a day or a moment, UTC."""

import re
from datetime import UTC, datetime
from typing import Final

from engine.model.market import DAY_MS

YEARS: Final = range(2000, 2100)
DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


class BadMoment(ValueError):
    """This is no time; the text is one line that names the option."""


def span_ms(start: str, end: str) -> tuple[int | None, int | None]:
    """What lies between `--from` and `--to`. Raises `BadMoment`."""
    first, last = begin_ms("--from", start), end_ms("--to", end)
    if first is not None and last is not None and first >= last:
        raise BadMoment(f"--from {start} is not before --to {end}")
    return first, last


def begin_ms(option: str, text: str) -> int | None:
    """When something begins: a day's first moment. Nothing typed is None. Raises `BadMoment`."""
    return _moment_ms(option, text) if text else None


def end_ms(option: str, text: str) -> int | None:
    """When something ends: a day is meant with all of it. Nothing typed is None. Raises `BadMoment`."""
    if not text:
        return None
    return _moment_ms(option, text) + (DAY_MS if DAY.fullmatch(text) else 0)


def _moment_ms(option: str, text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.year not in YEARS:
        raise BadMoment(f"{option} is a day like 2024-01-31 or a moment like 2024-01-31T12:00 (UTC), not {text!r}")
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1_000)
