"""What a Trader begins with after a restart: settings with what was changed in chat, and memories that are still true."""

from dataclasses import replace

from engine.model.orders import IntentState
from engine.model.saved import Override, SavedDesk
from engine.params import BadParam, TradingParams, tuned


def with_overrides(params: TradingParams, overrides: tuple[Override, ...]) -> TradingParams:
    """The settings with what was changed in chat; what is no longer allowed is left out."""
    for override in overrides:
        try:
            params = tuned(params, override.name, override.value)
        except BadParam:
            continue
    return params


def awakened(memory: SavedDesk) -> SavedDesk:
    """A desk's memory after a restart: an entry that was never signed does not exist, a signed one may.

    How long a position was naked, or a price beyond its levels, nobody watched meanwhile: both are counted anew.
    """
    entry, holding = memory.entry, memory.holding
    if entry is not None and entry.state is IntentState.PLANNED:
        memory = replace(memory, entry=None)
    if holding is not None:
        memory = replace(memory, holding=replace(holding, uncovered_seen_ms=0, touched_seen_ms=0))
    return memory
