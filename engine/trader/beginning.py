"""What a Trader begins with after a restart: settings with what was changed in chat, and memories that are still true."""

from dataclasses import replace

from engine.desk.terms import DeskTerms
from engine.execution.lot_rules import lot_rules
from engine.model.market import SymbolRules
from engine.model.orders import IntentState
from engine.model.saved import Override, SavedDesk
from engine.params import BadParam, TradingParams, tuned
from engine.trader.setup import TraderSetup


def with_overrides(params: TradingParams, overrides: tuple[Override, ...]) -> TradingParams:
    """The settings with what was changed in chat; what is no longer allowed is left out."""
    for override in overrides:
        try:
            params = tuned(params, override.name, override.value)
        except BadParam:
            continue
    return params


def terms_of(setup: TraderSetup, rules: SymbolRules, params: TradingParams) -> DeskTerms:
    """The terms on which a symbol of these rules is traded."""
    return DeskTerms(
        namespace=setup.namespace,
        symbol=rules.symbol,
        interval_ms=setup.interval_ms,
        warmup_bars=setup.warmup_bars,
        tight_trigger=setup.tight_trigger,
        rules=rules,
        lot=lot_rules(rules),
        params=params,
    )


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
