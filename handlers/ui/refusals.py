"""Every reason for not entering, in words, with the value seen and the value needed."""

from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Final, NamedTuple

from engine.model.signals import Code, Refusal, Regime, Sides
from handlers.ui.language import Texts, marked
from handlers.ui.markup import Html
from handlers.ui.names import REGIME, SIDES

FOR_EVER_MS: Final = 10 * 365 * 86_400_000


class As(Enum):
    """How a value of a check is written."""

    COUNT = auto()
    TENTHS = auto()
    HUNDREDTHS = auto()
    PERCENT = auto()
    SMALL_PERCENT = auto()
    MONEY = auto()
    TIMES = auto()
    SPAN = auto()
    SIDES = auto()
    REGIME = auto()


class Wording(NamedTuple):
    """A message with {seen} and {needed}, and how both are written."""

    message: str
    seen: As
    needed: As


WORDING: Final = {
    Code.SIDE_NOT_ALLOWED: Wording(marked("side not allowed: you chose {needed}"), As.COUNT, As.SIDES),
    Code.NEUTRAL: Wording(marked("no signal: bias {seen}, needs ±{needed}"), As.HUNDREDTHS, As.HUNDREDTHS),
    Code.REGIME_RANGE: Wording(marked("no trend: ADX {seen}, needs {needed}"), As.TENTHS, As.TENTHS),
    Code.REGIME_UNCLEAR: Wording(marked("unclear market: price and RSI disagree"), As.COUNT, As.COUNT),
    Code.REGIME_OPPOSES: Wording(marked("regime opposes: {seen}"), As.REGIME, As.REGIME),
    Code.ADX_LOW: Wording(marked("ADX {seen}, needs {needed}"), As.TENTHS, As.TENTHS),
    Code.ADX_FALLING: Wording(marked("ADX falling: {seen}, needs {needed}"), As.TENTHS, As.TENTHS),
    Code.TREND_UNSTABLE: Wording(marked("young trend: {seen} bars, needs {needed}"), As.COUNT, As.COUNT),
    Code.CONFIDENCE_LOW: Wording(marked("confidence {seen}, needs {needed}"), As.HUNDREDTHS, As.HUNDREDTHS),
    Code.PAUSED: Wording(marked("trading is paused or stopped"), As.COUNT, As.COUNT),
    Code.HALTED: Wording(marked("the engine has halted"), As.COUNT, As.COUNT),
    Code.LATCHED: Wording(marked("the latch is set"), As.COUNT, As.COUNT),
    Code.SYMBOL_LOCKED: Wording(marked("symbol locked for {seen}"), As.SPAN, As.SPAN),
    Code.COOLING_DOWN: Wording(marked("cooling down: {seen} of {needed} bars"), As.COUNT, As.COUNT),
    Code.STALE_DATA: Wording(marked("data is {seen} old, at most {needed}"), As.SPAN, As.SPAN),
    Code.WARMING_UP: Wording(marked("warming up: {seen} of {needed} bars"), As.COUNT, As.COUNT),
    Code.POSITION_OPEN: Wording(marked("a position is open here"), As.COUNT, As.COUNT),
    Code.NOT_READY: Wording(marked("exchange setup not confirmed yet"), As.COUNT, As.COUNT),
    Code.BELOW_MINIMUM: Wording(marked("too small: {seen}, the minimum is {needed}"), As.MONEY, As.MONEY),
    Code.LEVERAGE_TOO_HIGH: Wording(marked("leverage {seen}, at most {needed} here"), As.TIMES, As.TIMES),
    Code.STOP_BEYOND_LIQUIDATION: Wording(
        marked("stop too near liquidation: {seen} R, needs {needed}"), As.HUNDREDTHS, As.HUNDREDTHS
    ),
    Code.TOO_MANY_POSITIONS: Wording(marked("{seen} of {needed} positions in use"), As.COUNT, As.COUNT),
    Code.TOO_VOLATILE: Wording(marked("too volatile: ATR {seen}, limit {needed}"), As.SMALL_PERCENT, As.SMALL_PERCENT),
    Code.DRAWDOWN: Wording(marked("drawdown {seen}, limit {needed}"), As.PERCENT, As.PERCENT),
    Code.MARGIN_SHORT: Wording(marked("margin: {seen} free, needs {needed}"), As.MONEY, As.MONEY),
    Code.SPREAD_WIDE: Wording(marked("spread {seen} bps, limit {needed}"), As.TENTHS, As.TENTHS),
    Code.FUNDING_NEAR: Wording(marked("funding {seen} is near, limit {needed}"), As.SMALL_PERCENT, As.SMALL_PERCENT),
    Code.DAILY_LOSS: Wording(marked("daily loss {seen}, limit {needed}"), As.PERCENT, As.PERCENT),
    Code.LOSS_STREAK: Wording(marked("losses in a row: locked for {seen}"), As.SPAN, As.SPAN),
    Code.TAKEN_OUTSIDE: Wording(marked("somebody else's position or order is on this symbol"), As.COUNT, As.COUNT),
    Code.NOT_TRADABLE: Wording(marked("the contract is not traded now, or ends soon"), As.COUNT, As.COUNT),
    Code.EXCHANGE_REFUSES: Wording(
        marked("the exchange refuses the key, or the account's modes do not fit"), As.COUNT, As.COUNT
    ),
    Code.STORE_DOWN: Wording(marked("the memory store is down"), As.COUNT, As.COUNT),
    Code.GUARDED: Wording(marked("guard mode: my starts failed again and again"), As.COUNT, As.COUNT),
    Code.EXCHANGE_SILENT: Wording(marked("the exchange does not answer: I read the account again first"), As.COUNT, As.COUNT),
}
NAME: Final = {
    Code.SIDE_NOT_ALLOWED: marked("side not allowed"),
    Code.NEUTRAL: marked("no signal"),
    Code.REGIME_RANGE: marked("no trend"),
    Code.REGIME_UNCLEAR: marked("unclear market"),
    Code.REGIME_OPPOSES: marked("regime opposes"),
    Code.ADX_LOW: marked("ADX too low"),
    Code.ADX_FALLING: marked("ADX falling"),
    Code.TREND_UNSTABLE: marked("young trend"),
    Code.CONFIDENCE_LOW: marked("confidence too low"),
    Code.PAUSED: marked("paused or stopped"),
    Code.HALTED: marked("engine halted"),
    Code.LATCHED: marked("latch set"),
    Code.SYMBOL_LOCKED: marked("symbol locked"),
    Code.COOLING_DOWN: marked("cooling down"),
    Code.STALE_DATA: marked("stale data"),
    Code.WARMING_UP: marked("warming up"),
    Code.POSITION_OPEN: marked("position open"),
    Code.NOT_READY: marked("exchange setup not confirmed"),
    Code.BELOW_MINIMUM: marked("below the smallest size"),
    Code.LEVERAGE_TOO_HIGH: marked("leverage too high"),
    Code.STOP_BEYOND_LIQUIDATION: marked("stop too near liquidation"),
    Code.TOO_MANY_POSITIONS: marked("all positions in use"),
    Code.TOO_VOLATILE: marked("too volatile"),
    Code.DRAWDOWN: marked("drawdown limit"),
    Code.MARGIN_SHORT: marked("margin short"),
    Code.SPREAD_WIDE: marked("spread too wide"),
    Code.FUNDING_NEAR: marked("funding near"),
    Code.DAILY_LOSS: marked("daily loss limit"),
    Code.LOSS_STREAK: marked("loss streak"),
    Code.TAKEN_OUTSIDE: marked("taken outside the bot"),
    Code.NOT_TRADABLE: marked("contract not traded"),
    Code.EXCHANGE_REFUSES: marked("refused by the exchange"),
    Code.STORE_DOWN: marked("memory store down"),
    Code.GUARDED: marked("guard mode"),
    Code.EXCHANGE_SILENT: marked("exchange silent"),
}
# What the owner can act on comes first, then what blocks everything, then the market.
WEIGHTIEST: Final = (
    Code.HALTED,
    Code.STORE_DOWN,
    Code.GUARDED,
    Code.LATCHED,
    Code.PAUSED,
    Code.EXCHANGE_REFUSES,
    Code.EXCHANGE_SILENT,
    Code.TAKEN_OUTSIDE,
    Code.NOT_TRADABLE,
    Code.POSITION_OPEN,
    Code.STALE_DATA,
    Code.WARMING_UP,
    Code.NOT_READY,
    Code.NEUTRAL,
    Code.SIDE_NOT_ALLOWED,
    Code.SYMBOL_LOCKED,
    Code.DAILY_LOSS,
    Code.LOSS_STREAK,
    Code.DRAWDOWN,
)


def refusal(texts: Texts, refused: Refusal) -> Html:
    """One refusal in words."""
    wording = WORDING[refused.code]
    return texts.say(
        wording.message,
        seen=_written(texts, wording.seen, refused.seen),
        needed=_written(texts, wording.needed, refused.needed),
    )


def refusal_name(texts: Texts, code: Code) -> str:
    """A reason alone, for counting: its words without the numbers."""
    return texts.label(NAME[code])


def weightiest(refusals: Sequence[Refusal]) -> Refusal:
    """The refusal that explains a bar best in one line."""
    ranks = {code: at for at, code in enumerate(WEIGHTIEST)}
    return min(refusals, key=lambda refused: ranks.get(refused.code, len(ranks)))


def _written(texts: Texts, way: As, value: float) -> str | Html:
    return WRITERS[way](texts, value)


def _named[Key: (Sides, Regime)](words: dict[Key, str], kind: Callable[[int], Key]) -> Callable[[Texts, float], str]:
    def written(texts: Texts, value: float) -> str:
        try:
            return texts.label(words[kind(int(value))])
        except ValueError:
            return texts.numbers.short(value)

    return written


WRITERS: Final[dict[As, Callable[[Texts, float], str | Html]]] = {
    As.COUNT: lambda texts, value: texts.numbers.fixed(value, 0),
    As.TENTHS: lambda texts, value: texts.numbers.fixed(value, 1),
    As.HUNDREDTHS: lambda texts, value: texts.numbers.fixed(value, 2),
    As.PERCENT: lambda texts, value: texts.numbers.percent(value, 1),
    As.SMALL_PERCENT: lambda texts, value: texts.numbers.percent(value, 3),
    As.MONEY: lambda texts, value: texts.numbers.money(value),
    As.TIMES: lambda texts, value: f"{texts.numbers.short(value, 1)}×",
    As.SPAN: lambda texts, value: texts.numbers.duration(value) if value < FOR_EVER_MS else "∞",
    As.SIDES: _named(SIDES, Sides),
    As.REGIME: _named(REGIME, Regime),
}
