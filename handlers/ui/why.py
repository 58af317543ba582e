"""`/why`: one ruling with its arithmetic, every vote, every refusal with the value seen and needed, and the size explained."""

import math
from collections.abc import Iterator, Sequence
from typing import Final

from engine.model.signals import Code, Features, Limit, Proposal, Refusal, Ruling, Verdict, Vote, Votes
from engine.params import RuleWeights, TradingParams
from handlers.ui import keyboards as keys
from handlers.ui.callbacks import View
from handlers.ui.language import Texts, marked
from handlers.ui.markup import Html, bold, fold, lines, row
from handlers.ui.names import LIMIT, PROPOSAL, REGIME, REGIME_ICON, RULE, VERDICT, VOTE_ICON
from handlers.ui.refusals import refusal
from handlers.ui.screen import Screen, arranged

MOST_SYMBOLS: Final = 12
SYMBOLS_IN_ROW: Final = 3
# Passed checks that say something by their numbers; the others only say "nothing in the way".
TELLING: Final = (
    Code.CONFIDENCE_LOW,
    Code.ADX_LOW,
    Code.TREND_UNSTABLE,
    Code.SPREAD_WIDE,
    Code.TOO_VOLATILE,
    Code.DRAWDOWN,
    Code.DAILY_LOSS,
)
RULES_OF_REGIME: Final = ("range", "bull_trend", "bear_trend", "unclear")


def why(texts: Texts, ruling: Ruling, params: TradingParams, symbols: Sequence[str]) -> Screen:
    """The last ruling of a symbol."""
    text = lines(
        row(texts.tag, bold(texts.say(marked("Why {symbol}"), symbol=ruling.symbol)), texts.at(ruling.close_time_ms)),
        _verdict(texts, ruling),
        *(_refused(texts, refused) for refused in ruling.refusals),
        "",
        *_summary(texts, ruling),
        fold(*details(texts, ruling, params)),
    )
    others = [keys.go(texts, symbol, View.WHY, symbol) for symbol in symbols[:MOST_SYMBOLS] if symbol != ruling.symbol]
    chunks = [others[at : at + SYMBOLS_IN_ROW] for at in range(0, len(others), SYMBOLS_IN_ROW)]
    return Screen(text, arranged(*chunks, [keys.back(texts), keys.refresh(View.WHY, ruling.symbol)]))


def nothing_yet(texts: Texts, symbol: str, bars: int, needed: int) -> Screen:
    """A symbol without a ruling."""
    text = lines(
        row(texts.tag, bold(texts.say(marked("Why {symbol}"), symbol=symbol))),
        texts.say(marked("No closed bar was judged yet: {bars} of {needed} warm-up bars are in."), bars=bars, needed=needed),
    )
    return Screen(text, arranged([keys.back(texts), keys.refresh(View.WHY, symbol)]))


def reason_in_short(texts: Texts, ruling: Ruling, side: int) -> Html:
    """Why an entry was wanted, in one sentence."""
    agreeing = sum(vote.bias == side for vote in ruling.votes)
    return texts.say(
        marked("Why: {regime}, {agreeing} of {all} rules agree, confidence {seen} ≥ {needed}"),
        regime=texts.label(REGIME[ruling.regime.regime]),
        agreeing=agreeing,
        all=len(ruling.votes),
        seen=texts.numbers.fixed(ruling.opinion.confidence, 2),
        needed=texts.numbers.fixed(ruling.gate.confidence_low.needed, 2),
    )


def details(texts: Texts, ruling: Ruling, params: TradingParams) -> Iterator[str | None]:
    """What is folded away: votes with their inputs, the arithmetic, the size, the checks that held."""
    weights: RuleWeights = getattr(params.weights, RULES_OF_REGIME[ruling.regime.regime])
    for name, vote, weight in zip(Votes._fields, ruling.votes, weights, strict=True):
        yield _vote(texts, name, vote, weight, ruling.features, params)
    yield ""
    yield from _arithmetic(texts, ruling, weights)
    yield _regime(texts, ruling, params)
    yield ""
    yield from size_explained(texts, ruling, params)
    yield _passed(texts, ruling)


def size_explained(texts: Texts, ruling: Ruling, params: TradingParams) -> Iterator[Html]:
    """What each limit alone would have allowed, in money, and which one decided."""
    size, n = ruling.size, texts.numbers
    if size.lots <= 0 or not math.isfinite(size.notional):
        yield texts.say(marked("Size: nothing can be bought with these settings"))
        return
    lot = size.notional / size.lots
    yield texts.say(marked("Size {notional}, margin {margin}"), notional=n.money(size.notional), margin=n.money(size.margin))
    yield texts.say(
        marked("{risk} risk rule alone {by_risk} · margin cap alone {by_margin} · exchange {by_exchange}"),
        risk=n.percent(params.risk_per_trade, 1),
        by_risk=n.money(size.risk_lots * lot),
        by_margin=n.money(size.margin_lots * lot),
        by_exchange=n.money(size.maximum_lots * lot),
    )
    yield texts.say(
        marked("Limited by {limit}; {money} is lost at the stop"),
        limit=texts.label(LIMIT[Limit(size.limited_by)]),
        money=n.money(size.risk_amount),
    )


def _verdict(texts: Texts, ruling: Ruling) -> Html:
    name = texts.label(PROPOSAL[Proposal(ruling.opinion.proposal)])
    if ruling.verdict is not Verdict.REFUSED:
        return texts.say(marked("✅ {name}: {verdict}"), name=name, verdict=texts.label(VERDICT[ruling.verdict]))
    count = len(ruling.refusals)
    if ruling.opinion.proposal == Proposal.NEUTRAL:
        return texts.plural("No proposal; {count} check says no:", "No proposal; {count} checks say no:", count)
    return texts.plural("{name} ignored; {count} check says no:", "{name} ignored; {count} checks say no:", count, name=name)


def _refused(texts: Texts, refused: Refusal) -> Html:
    return Html(f"⛔ {refusal(texts, refused)}")


def _summary(texts: Texts, ruling: Ruling) -> Iterator[Html]:
    votes = [vote.bias for vote in ruling.votes]
    n = texts.numbers
    yield texts.say(
        marked("Votes ▲{up} ●{none} ▼{down} · bias {bias} · confidence {confidence}"),
        up=votes.count(1),
        none=votes.count(0),
        down=votes.count(-1),
        bias=n.signed(ruling.opinion.bias, 2),
        confidence=n.fixed(ruling.opinion.confidence, 2),
    )
    yield texts.say(
        marked("Regime {icon} {name}, {age} bars · ADX {adx}"),
        icon=REGIME_ICON[ruling.regime.regime],
        name=texts.label(REGIME[ruling.regime.regime]),
        age=ruling.regime.age,
        adx=n.fixed(ruling.features.adx, 1),
    )


def _vote(texts: Texts, name: str, vote: Vote, weight: float, seen: Features, params: TradingParams) -> Html:
    strength = texts.numbers.fixed(vote.strength, 2) if vote.bias else "–"
    times = (
        texts.label(marked(", not counted")) if weight == 0 else "" if weight == 1 else f" ×{texts.numbers.short(weight, 2)}"
    )
    return texts.say(
        marked("{icon} {rule} {strength}{times}: {inputs}"),
        icon=VOTE_ICON[vote.bias],
        rule=texts.label(RULE[name]),
        strength=strength,
        times=times,
        inputs=_inputs(texts, name, seen, params),
    )


def _inputs(texts: Texts, name: str, seen: Features, params: TradingParams) -> str:
    """What a rule looked at."""
    n = texts.numbers
    match name:
        case "trend_following":
            return f"EMA{params.ema_short} {n.price(seen.ema_short)}, EMA{params.ema_long} {n.price(seen.ema_long)}"
        case "momentum":
            return f"RSI {n.fixed(seen.rsi, 1)}"
        case "breakout":
            return texts.label(
                marked("close {close}, bands {low} – {high}"),
                close=n.price(seen.close),
                low=n.price(seen.band_low),
                high=n.price(seen.band_high),
            )
        case "mean_reversion":
            distance = (seen.close - seen.ema_trend) / seen.atr if seen.atr else math.nan
            return texts.label(
                marked("{distance} ATR from EMA{period}"), distance=n.signed(distance, 1), period=params.ema_trend
            )
        case "volume_spike":
            ratio = seen.volume / seen.volume_sma if seen.volume_sma else math.nan
            return texts.label(marked("volume {ratio}× its mean"), ratio=n.fixed(ratio, 2))
        case "macd":
            gap = (seen.macd - seen.macd_signal) / seen.atr if seen.atr else math.nan
            return texts.label(marked("MACD − signal = {gap} ATR"), gap=n.signed(gap, 2))
        case _:
            ratio = seen.atr / seen.atr_mean if seen.atr_mean else math.nan
            return texts.label(marked("ATR {ratio}× its mean"), ratio=n.fixed(ratio, 2))


def _arithmetic(texts: Texts, ruling: Ruling, weights: RuleWeights) -> Iterator[Html]:
    n = texts.numbers
    voting = [(vote, weight) for vote, weight in zip(ruling.votes, weights, strict=True) if weight and vote.bias]
    active, everything = sum(weight for _, weight in voting), sum(weights)
    pull = sum(weight * vote.bias for vote, weight in voting)
    strengths = sum(weight * vote.strength for vote, weight in voting if vote.bias == ruling.opinion.proposal)
    yield texts.say(
        marked("bias = {pull} / {active} = {bias}, must pass ±{needed}"),
        pull=n.signed(pull, 1),
        active=n.fixed(active, 1),
        bias=n.signed(ruling.opinion.bias, 2),
        needed=n.fixed(ruling.gate.neutral.needed, 2),
    )
    if ruling.opinion.proposal != Proposal.NEUTRAL:
        yield texts.say(
            marked("confidence = {strengths} / {all} = {confidence}, needs {needed}"),
            strengths=n.fixed(strengths, 2),
            all=n.fixed(everything, 1),
            confidence=n.fixed(ruling.opinion.confidence, 2),
            needed=n.fixed(ruling.gate.confidence_low.needed, 2),
        )


def _regime(texts: Texts, ruling: Ruling, params: TradingParams) -> Html:
    n, seen = texts.numbers, ruling.features
    return texts.say(
        marked("Regime: ADX {adx} (before {before}), close {close}, EMA{period} {ema}, RSI {rsi}"),
        adx=n.fixed(seen.adx, 1),
        before=n.fixed(seen.adx_before, 1),
        close=n.price(seen.close),
        period=params.ema_long,
        ema=n.price(seen.ema_long),
        rsi=n.fixed(seen.rsi, 1),
    )


def _passed(texts: Texts, ruling: Ruling) -> Html:
    checks = ruling.checks
    held = sum(check.held for check in checks)
    told = [
        refusal(texts, Refusal(code, checks[code].seen, checks[code].needed))
        for code in TELLING
        if checks[code].held and math.isfinite(checks[code].seen)
    ]
    return lines(
        "",
        texts.say(marked("✅ {held} of {all} checks passed:"), held=held, all=len(checks)),
        row(*told, gap="; "),
    )
