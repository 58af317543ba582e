"""`autobot doctor veto`: each limit of the veto is shown blocking a made-up order that all others would let through.

The limits are those of the settings; changes made in the chat are not known here. A limit that lets the worst pass was
set so far out that it guards nothing, and is told.
"""

import math
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from bot.doctor import Finding, Weight
from bot.settings import Settings
from engine.model.market import HOUR_MS
from engine.model.signals import Code, Features, Limit, Refusal, Side, Sides, Size, VetoChecks
from engine.model.situation import Situation
from engine.params import TradingParams
from engine.risk.pre_trade_veto import veto_checks
from handlers.ui.language import SOURCE, Languages
from handlers.ui.refusals import refusal

PRICE: Final = 2_000.0
EQUITY: Final = 10_000.0
MARGIN: Final = 100.0
BEYOND: Final = 1.02  # how far beyond a limit is tried
LOST: Final = 0.999  # the worst that can be lost while there is still an account
SECOND_MS: Final = 1_000
SETTINGS: Final = {
    Code.TOO_MANY_POSITIONS: "MAX_POSITIONS",
    Code.TOO_VOLATILE: "MAX_ATR_FRACTION",
    Code.DRAWDOWN: "MAX_DRAWDOWN",
    Code.MARGIN_SHORT: "",
    Code.SPREAD_WIDE: "MAX_SPREAD_BPS",
    Code.FUNDING_NEAR: "MAX_FUNDING_RATE and FUNDING_WINDOW_MINUTES",
    Code.DAILY_LOSS: "MAX_DAILY_LOSS",
    Code.LOSS_STREAK: "LOSS_STREAK_LOCK_HOURS",
    Code.TAKEN_OUTSIDE: "",
    Code.NOT_TRADABLE: "",
    Code.EXCHANGE_REFUSES: "",
    Code.STORE_DOWN: "",
    Code.GUARDED: "",
    Code.EXCHANGE_SILENT: "",
}


class Case(NamedTuple):
    """What an order would meet."""

    features: Features
    now: Situation


def veto(settings: Settings, say: Callable[[str], None] = print) -> int:
    """Show each limit at work; return 1 where one does not block."""
    faults = 0
    for finding in findings(settings.params):
        say(f"{finding.weight.value} {finding.text}")
        faults += finding.weight is Weight.FAULT
    return 1 if faults else 0


def findings(params: TradingParams) -> Iterator[Finding]:
    """One line for the order that nothing stands against, one for each limit."""
    passes = all(check.held for check in looked_at(sound(), params))
    yield Finding(Weight.GOOD if passes else Weight.FAULT, "a made-up order that nothing stands against passes the veto")
    texts = Languages("").texts(SOURCE)
    for code, case in broken(sound(), params).items():
        at_fault = {Code[name.upper()]: check for name, check in looked_at(case, params)._asdict().items() if not check.held}
        if set(at_fault) == {code}:
            seen = refusal(texts, Refusal(code, at_fault[code].seen, at_fault[code].needed))
            yield Finding(Weight.GOOD, f"{code.name}: blocked, {seen}")
        elif at_fault:
            yield Finding(Weight.FAULT, f"{code.name}: {', '.join(other.name for other in at_fault)} blocked it instead")
        else:
            yield Finding(Weight.DOUBT, f"{code.name}: blocks nothing, it is switched off by {SETTINGS[code]}")


def looked_at(case: Case, params: TradingParams) -> VetoChecks:
    """The very veto that every entry meets, asked about a long."""
    size = Size(1, Limit.RISK, 1, 1, 1, 0.0, MARGIN * params.leverage, MARGIN, 0.0)
    return veto_checks(Side.LONG, case.features, size, case.now, params)


def sound() -> Case:
    """An account and a market that nothing is wrong with."""
    features = Features(*[math.nan] * len(Features._fields))._replace(close=PRICE, atr=0.0)  # type: ignore[arg-type]
    now = Situation(
        sides=int(Sides.BOTH),
        is_paused=False,
        is_halted=False,
        is_latched=False,
        symbol_locked_ms=0,
        bars_since_exit=1_000,
        data_age_ms=0,
        data_age_limit_ms=SECOND_MS,
        bars_seen=1_000,
        warmup_bars=1_000,
        has_position=False,
        is_ready=True,
        equity=EQUITY,
        peak_equity=EQUITY,
        day_start_equity=EQUITY,
        available=EQUITY,
        open_positions=0,
        loss_streak=0,
        streak_locked_ms=0,
        price=PRICE,
        spread_bps=0.0,
        funding_rate=0.0,
        funding_in_ms=SECOND_MS,
    )
    return Case(features, now)


def broken(case: Case, params: TradingParams) -> dict[Code, Case]:
    """For each limit the same order, with that one thing wrong."""
    features, now = case
    locked_ms = round(params.loss_streak_lock_hours * HOUR_MS)
    return {
        Code.TOO_MANY_POSITIONS: Case(features, now._replace(open_positions=int(params.max_positions))),
        Code.TOO_VOLATILE: Case(features._replace(atr=PRICE * params.max_atr_fraction * BEYOND), now),
        Code.DRAWDOWN: Case(features, now._replace(peak_equity=before(params.max_drawdown))),
        Code.MARGIN_SHORT: Case(features, now._replace(available=MARGIN / 2)),
        Code.SPREAD_WIDE: Case(features, now._replace(spread_bps=params.max_spread_bps * BEYOND + 1)),
        Code.FUNDING_NEAR: Case(features, now._replace(funding_rate=params.max_funding_rate * BEYOND + 0.0001)),
        Code.DAILY_LOSS: Case(features, now._replace(day_start_equity=before(params.max_daily_loss))),
        Code.LOSS_STREAK: Case(features, now._replace(streak_locked_ms=locked_ms)),
        Code.TAKEN_OUTSIDE: Case(features, now._replace(is_taken=True)),
        Code.NOT_TRADABLE: Case(features, now._replace(is_ending=True)),
        Code.EXCHANGE_REFUSES: Case(features, now._replace(is_refused=True)),
        Code.STORE_DOWN: Case(features, now._replace(is_store_down=True)),
        Code.GUARDED: Case(features, now._replace(is_guarded=True)),
        Code.EXCHANGE_SILENT: Case(features, now._replace(is_silent=True)),
    }


def before(limit: float) -> float:
    """The equity from which today's is a fall beyond this limit, or nearly to nothing."""
    return EQUITY / (1 - min(limit * BEYOND, LOST))
