"""What a Trader begins with: settings with what was changed in chat, and the terms of each symbol that can be traded."""

from collections.abc import Container

from engine.desk.terms import DeskTerms
from engine.execution import missed
from engine.execution.lot_rules import lot_rules
from engine.model.market import SymbolRules
from engine.model.messages import FetchBars, Outcome, SyncAccount
from engine.model.notices import OutsideChange
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


def unlisted(setup: TraderSetup, desks: Container[str]) -> tuple[str, ...]:
    """The symbols for which the exchange gave no rules: mistyped, or no longer listed."""
    return tuple(symbol for symbol in setup.symbols if symbol not in desks)


def unlisted_told(setup: TraderSetup, desks: Container[str], time_ms: int) -> Outcome:
    """Tell which symbols cannot be traded."""
    return Outcome(notices=tuple(OutsideChange(symbol, "not_listed", "", time_ms) for symbol in unlisted(setup, desks)))


def begun_late(setup: TraderSetup, memory: SavedDesk, time_ms: int) -> Outcome:
    """A symbol that is listed only now: the bars behind it, and what became meanwhile of what is remembered of it."""
    bars = FetchBars(memory.symbol, time_ms - (setup.warmup_bars + 1) * setup.interval_ms)
    return Outcome(errands=(bars, *missed.questions(memory), SyncAccount()))
