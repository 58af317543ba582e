"""A desk's memory when a process wakes up: what it says of moments is made fit for the clock that runs now."""

from dataclasses import fields, is_dataclass, replace
from typing import Any, Final

from engine.desk import made_up
from engine.execution.stop_news import TAKEN_BY_OTHERS_RETRY_MS
from engine.model.orders import IntentState
from engine.model.saved import SavedDesk, StopOrder

LEASE_MS: Final = 3_000  # so long after now the exchange may still take an entry that was sent before
WIRE: Final = frozenset(
    {
        *("signed_ms", "asked_ms", "denied_ms", "agreed_ms", "ended_ms"),
        *("sent_ms", "retry_at_ms", "began_ms", "looked_ms", "fired_ms"),
        *("filled_seen_ms", "flat_seen_ms", "last_fill_seen_ms", "flat_since_ms", "flat_asked_ms"),
        *("listed_ms", "listing_asked_ms"),
    }
)
AHEAD: Final = {"deadline_ms": LEASE_MS, "wide_blocked_until_ms": TAKEN_BY_OTHERS_RETRY_MS}
ANEW: Final = frozenset({"uncovered_seen_ms", "touched_seen_ms", "mark_beyond_ms"})


def awakened(memory: SavedDesk, now_ms: int) -> SavedDesk:
    """An entry that was never signed does not exist, a signed one may. `now_ms` (wire) is when it wakes up.

    How long a position was naked, or a price beyond its levels, nobody watched meanwhile: both are counted anew. And
    where the machine's clock was set back, no moment of before lies ahead: nothing would be asked for until then.
    """
    entry, memory = memory.entry, replace(memory, forced_ms=memory.forced_ms or memory.last_fill_ms)
    if entry is not None and entry.state is IntentState.PLANNED:
        memory = replace(memory, entry=None)
    elif entry is not None and entry.state is IntentState.SENT:  # nobody waits for its answer any more
        memory = replace(memory, entry=replace(entry, state=IntentState.UNKNOWN, asked_ms=0))
    held_before = tuple((min(moment, now_ms), quantity) for moment, quantity in memory.held_before)
    awake: SavedDesk = _clamped(replace(memory, stops=tuple(_long_ago(stop, now_ms) for stop in memory.stops)), now_ms)
    return _assumed_before(memory, replace(awake, held_before=held_before), now_ms)


def of_bars(memory: SavedDesk, interval_ms: int) -> SavedDesk:
    """The memory for bars of an interval: of another one than before, those count as handled that had closed with the newest
    one that was.
    """
    before_ms = memory.interval_ms or (interval_ms if memory.last_bar_ms % interval_ms == 0 else 0)
    if memory.last_bar_ms and before_ms != interval_ms:
        closed_ms = memory.last_bar_ms + before_ms
        memory = replace(memory, last_bar_ms=closed_ms - closed_ms % interval_ms - interval_ms)
    return replace(memory, interval_ms=interval_ms)


def _long_ago(stop: StopOrder, now_ms: int) -> StopOrder:
    """A stop that was sent ahead of now was sent at no known moment: a listing from before the waking that lacks it counts."""
    return replace(stop, sent_ms=0) if stop.sent_ms > now_ms else stop


def _assumed_before(memory: SavedDesk, awake: SavedDesk, now_ms: int) -> SavedDesk:
    """What was assumed was assumed before now, too, and what was not listed then is still to be: its number is its moment."""
    made = tuple(replace(old, trade_id=max(old.trade_id, made_up.UNTRUE_ID - now_ms)) for old in memory.made_up)
    if made == memory.made_up:
        return awake
    listed_ms = min(awake.listed_ms, now_ms - 1) if made_up.is_unlisted(memory) else awake.listed_ms
    return replace(awake, made_up=made, listed_ms=listed_ms)


def _clamped(value: Any, now_ms: int) -> Any:
    if type(value) is tuple:  # and not one with names
        return tuple(_clamped(one, now_ms) for one in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    changes = {field.name: _moment(field.name, getattr(value, field.name), now_ms) for field in fields(value)}
    different = {name: new for name, new in changes.items() if new is not getattr(value, name)}
    return replace(value, **different) if different else value


def _moment(name: str, value: Any, now_ms: int) -> Any:
    if name in ANEW:
        return 0
    if name in WIRE:
        return min(value, now_ms)
    if name in AHEAD:
        return min(value, now_ms + AHEAD[name])
    return _clamped(value, now_ms)
