"""The moment of a decision: what besides the bar an entry depends on, gathered from the desk, its market and the account."""

from typing import Final

from engine.desk.account_now import AccountNow
from engine.desk.bar_book import BarBook
from engine.desk.market_sight import MarketSight
from engine.desk.terms import DeskTerms
from engine.market.feed_health import NEVER_MS, Staleness, bar_age_ms, frame_age_ms, staleness
from engine.model.account import SymbolSetup
from engine.model.market import DAY_MS, SymbolRules
from engine.model.saved import SavedDesk
from engine.model.situation import Situation

LONG_AGO_BARS: Final = 1_000_000_000


def situation(
    terms: DeskTerms,
    memory: SavedDesk,
    bars: BarBook,
    sight: MarketSight,
    account: AccountNow,
    age: Staleness,
    price: float,
    *,
    is_set_up: bool,
    is_taken: bool,
) -> Situation:
    """Everything besides the bar. Locks and funding are counted in market time, the data's age in wire time."""
    market_ms = max(bars.last_close_ms, sight.time_ms)
    return Situation(
        sides=int(memory.sides),
        is_paused=not account.is_running,
        is_halted=account.is_halted,
        is_latched=account.is_latched,
        symbol_locked_ms=max(0, memory.locked_until_ms - market_ms),
        bars_since_exit=bars_since_exit(terms, memory, bars),
        data_age_ms=age.age_ms,
        data_age_limit_ms=age.limit_ms,
        bars_seen=bars.count,
        warmup_bars=terms.warmup_bars,
        has_position=memory.holding is not None or memory.entry is not None,
        is_ready=account.is_ready and is_set_up,
        equity=account.equity,
        peak_equity=account.peak_equity,
        day_start_equity=account.day_start_equity,
        available=account.available,
        open_positions=account.open_positions,
        loss_streak=account.loss_streak,
        streak_locked_ms=max(0, account.locked_until_ms - market_ms),
        price=price,
        spread_bps=sight.spread_bps,
        funding_rate=sight.funding_rate,
        funding_in_ms=max(0, sight.next_funding_ms - market_ms) if sight.next_funding_ms else 0,
        is_taken=is_taken,
        is_ending=not terms.rules.is_trading or is_ending(terms.rules, market_ms),
        is_refused=account.is_refused,
        is_store_down=account.is_store_down,
        is_guarded=account.is_guarded,
        is_silent=account.is_silent,
    )


def data_age(account: AccountNow, sight: MarketSight, due_since_ms: int, now_ms: int) -> Staleness:
    """How old what we see is. While a connection is down it may be old however young it looks."""
    if account.is_blind:
        return staleness(NEVER_MS, 0)
    return staleness(frame_age_ms(now_ms, sight.frame_ms), bar_age_ms(now_ms, due_since_ms))


def bars_since_exit(terms: DeskTerms, memory: SavedDesk, bars: BarBook) -> int:
    """Closed bars since the one in which the last exit filled; that one is 0."""
    if not memory.last_exit_ms:
        return LONG_AGO_BARS
    return (bars.last_open_ms - terms.bar_open(memory.last_exit_ms)) // terms.interval_ms


def is_ending(rules: SymbolRules, market_ms: int) -> bool:
    """Whether the contract is being settled, or ends within a day. One that goes on a day after its end has another one."""
    return rules.is_ending or (rules.delivery_ms > 0 and abs(rules.delivery_ms - market_ms) <= DAY_MS)


def is_set_up(setup: SymbolSetup | None, leverage: int) -> bool:
    """Whether the exchange was seen to hold isolated margin and no more than the leverage that is wanted."""
    return setup is not None and setup.is_isolated and setup.leverage <= leverage
