"""What we think: features, votes, opinions, checks, and the ruling that keeps all of them for one bar.

Everything but `Ruling` and `Refusal` is made of numbers only, so that history can compile the functions that use it.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final, NamedTuple

from engine.model.market import Bar


class Side(IntEnum):
    """Long or short. The value is the sign of the position."""

    SHORT = -1
    LONG = 1


class Sides(IntEnum):
    """Which sides the owner allows."""

    LONG = 1
    SHORT = 2
    BOTH = 3


class Regime(IntEnum):
    """The kind of market, from ADX, the long EMA and RSI (trading rules, section 3)."""

    RANGE = 0
    BULL_TREND = 1
    BEAR_TREND = 2
    UNCLEAR = 3


class RegimeState(NamedTuple):
    """A regime and how many closed bars ago it last changed (0 = on this bar)."""

    regime: Regime
    age: int


class Features(NamedTuple):
    """What one closed bar looks like. NaN until an indicator has enough bars."""

    open: float
    high: float
    low: float
    close: float
    volume: float
    rsi: float
    macd: float
    macd_signal: float
    ema_short: float
    ema_long: float
    ema_trend: float
    ema_slow: float
    band_low: float
    band_mid: float
    band_high: float
    atr: float
    atr_mean: float
    adx: float
    adx_before: float
    plus_di: float
    minus_di: float
    volume_sma: float
    close_back: float  # the close `volatility_lookback` bars ago
    ema_cross_age: int  # bars since sign(ema_short - ema_long) last changed; 0 = on this bar
    macd_cross_age: int  # bars since sign(macd - macd_signal) last changed; 0 = on this bar


class Vote(NamedTuple):
    """One rule's opinion: `bias` in {-1, 0, +1}, `strength` in [0, 1]."""

    bias: int
    strength: float


class Votes(NamedTuple):
    """One vote per rule, in the order of the trading rules' table."""

    trend_following: Vote
    momentum: Vote
    breakout: Vote
    mean_reversion: Vote
    volume_spike: Vote
    macd: Vote
    volatility: Vote


class Proposal(IntEnum):
    """What the votes together propose. The value is the sign of the position."""

    PROPOSE_SHORT = -1
    NEUTRAL = 0
    PROPOSE_LONG = 1


class Opinion(NamedTuple):
    """The votes weighed: signed `bias` in [-1, 1], the proposal, and `confidence` in [0, 1]."""

    bias: float
    proposal: Proposal
    confidence: float


class Code(IntEnum):
    """Every reason for not entering. The value is its place in `Checks`."""

    SIDE_NOT_ALLOWED = 0
    NEUTRAL = 1
    REGIME_RANGE = 2
    REGIME_UNCLEAR = 3
    REGIME_OPPOSES = 4
    ADX_LOW = 5
    ADX_FALLING = 6
    TREND_UNSTABLE = 7
    CONFIDENCE_LOW = 8
    PAUSED = 9
    HALTED = 10
    LATCHED = 11
    SYMBOL_LOCKED = 12
    COOLING_DOWN = 13
    STALE_DATA = 14
    WARMING_UP = 15
    POSITION_OPEN = 16
    NOT_READY = 17  # leverage, margin mode or position mode at the exchange not confirmed yet
    BELOW_MINIMUM = 18
    LEVERAGE_TOO_HIGH = 19
    STOP_BEYOND_LIQUIDATION = 20
    TOO_MANY_POSITIONS = 21
    TOO_VOLATILE = 22
    DRAWDOWN = 23
    MARGIN_SHORT = 24
    SPREAD_WIDE = 25
    FUNDING_NEAR = 26
    DAILY_LOSS = 27
    LOSS_STREAK = 28
    TAKEN_OUTSIDE = 29  # somebody else's position or resting order is on the symbol
    NOT_TRADABLE = 30  # the exchange does not trade the contract now, or soon no longer
    EXCHANGE_REFUSES = 31  # the key is refused, or the account may not trade as we do
    STORE_DOWN = 32  # the store does not confirm writes, so an entry could not be journalled
    GUARDED = 33  # starts failed again and again: what is open is guarded, nothing is entered
    EXCHANGE_SILENT = 34  # a request failed, and the account was not read since; or an entry is unanswered


class Check(NamedTuple):
    """One condition for an entry: whether it held, the value seen and the value needed."""

    held: bool
    seen: float
    needed: float


HELD: Final = Check(held=True, seen=0.0, needed=0.0)


class GateChecks(NamedTuple):
    """The entry gate, one check per code, in the order of `Code`."""

    side_not_allowed: Check
    neutral: Check
    regime_range: Check
    regime_unclear: Check
    regime_opposes: Check
    adx_low: Check
    adx_falling: Check
    trend_unstable: Check
    confidence_low: Check
    paused: Check
    halted: Check
    latched: Check
    symbol_locked: Check
    cooling_down: Check
    stale_data: Check
    warming_up: Check
    position_open: Check
    not_ready: Check


class SizeChecks(NamedTuple):
    """What the sizing itself can object to, in the order of `Code`."""

    below_minimum: Check
    leverage_too_high: Check
    stop_beyond_liquidation: Check


class VetoChecks(NamedTuple):
    """The pre-trade veto, one check per code, in the order of `Code`."""

    too_many_positions: Check
    too_volatile: Check
    drawdown: Check
    margin_short: Check
    spread_wide: Check
    funding_near: Check
    daily_loss: Check
    loss_streak: Check
    taken_outside: Check = HELD  # rulings from before these were asked are read with them held
    not_tradable: Check = HELD
    exchange_refuses: Check = HELD
    store_down: Check = HELD
    guarded: Check = HELD
    exchange_silent: Check = HELD


class Limit(IntEnum):
    """What decided the size of a position."""

    RISK = 0
    MARGIN_CAP = 1
    EXCHANGE_MAXIMUM = 2


class Size(NamedTuple):
    """A position size in whole lot steps, what limited it, and what each limit alone would have allowed."""

    lots: int
    limited_by: Limit
    risk_lots: int
    margin_lots: int
    maximum_lots: int
    stop_distance: float
    notional: float
    margin: float
    risk_amount: float  # what is lost at the stop with `lots`, before fees and slippage


class Refusal(NamedTuple):
    """A check that did not hold."""

    code: Code
    seen: float
    needed: float


class Verdict(StrEnum):
    """What became of a bar's proposal."""

    REFUSED = "refused"
    PROPOSED = "proposed"  # a card was shown to the owner
    ENTERED = "entered"  # an entry was approved at once
    SIGNALLED = "signalled"  # told only


@dataclass(frozen=True, slots=True)
class Ruling:
    """Everything decided about one closed bar of one symbol. `/why`, the funnel and the charts read it; none recomputes it."""

    symbol: str
    bar: Bar
    close_time_ms: int
    features: Features
    regime: RegimeState
    votes: Votes
    opinion: Opinion
    gate: GateChecks
    size: Size
    size_checks: SizeChecks
    veto: VetoChecks
    verdict: Verdict
    intent_id: str  # what an entry on this bar is (or would be) called

    @property
    def checks(self) -> tuple[Check, ...]:
        """All checks, placed by `Code`."""
        return (*self.gate, *self.size_checks, *self.veto)

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Every check that did not hold, in the order of `Code`."""
        return tuple(Refusal(Code(at), c.seen, c.needed) for at, c in enumerate(self.checks) if not c.held)

    @property
    def refusal_codes(self) -> tuple[Code, ...]:
        return tuple(refusal.code for refusal in self.refusals)
