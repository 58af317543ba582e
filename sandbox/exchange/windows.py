"""Time windows of the history queries: from a time or from an id on, never wider than the exchange allows."""

from collections.abc import Callable, Iterable
from typing import Final

from sandbox.exchange.errors import Refused
from sandbox.exchange.exchange import Exchange
from sandbox.exchange.params import Params
from sandbox.market.intervals import DAY_MS

MAX_WINDOW_DAYS: Final = 7
KEPT_MS: Final = 90 * DAY_MS  # reference 3.4: histories reach three months back
USUAL_ROWS: Final = 500
MOST_ROWS: Final = 1000


def find_rows[T](
    exchange: Exchange,
    params: Params,
    rows: Iterable[T],
    *,
    time_of: Callable[[T], int],
    id_of: Callable[[T], int] | None = None,
    id_name: str = "",
    usual_rows: int = USUAL_ROWS,
) -> list[T]:
    """Select by `startTime`/`endTime` or by id, oldest first; without either the newest of the last seven days."""
    now_ms = exchange.clock.seen_ms
    first, last = params.integer("startTime"), params.integer("endTime")
    count = params.limit(usual_rows, MOST_ROWS)
    kept = [row for row in rows if time_of(row) >= now_ms - KEPT_MS]
    from_id = params.integer(id_name) if id_name else None
    if from_id is not None and id_of is not None:
        if first is not None or last is not None:
            raise Refused(-1128)
        return [row for row in kept if id_of(row) >= from_id][:count]
    if first is not None and last is not None and last - first > MAX_WINDOW_DAYS * DAY_MS:
        raise Refused(-4165, MAX_WINDOW_DAYS)
    begin = _begin(first, last, now_ms)
    end = min(last, begin + MAX_WINDOW_DAYS * DAY_MS) if last is not None else _open_end(first, now_ms)
    found = [row for row in kept if begin <= time_of(row) <= end]
    return found[:count] if first is not None else found[-count:]


def _begin(first: int | None, last: int | None, now_ms: int) -> int:
    if first is not None:
        return first
    return (now_ms if last is None else last) - MAX_WINDOW_DAYS * DAY_MS


def _open_end(first: int | None, now_ms: int) -> int:
    return now_ms if first is None else min(now_ms, first + MAX_WINDOW_DAYS * DAY_MS)
