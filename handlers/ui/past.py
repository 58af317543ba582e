"""Words for what history says: figures of old and new settings beside each other, and always how little they say."""

from collections.abc import Sequence
from typing import Final

from engine.model.market import DAY_MS
from engine.model.past import Finding, NotMeasured, PastFigures, Phase, Progress, WhatIf, WhyNot
from engine.model.signals import Code
from handlers.ui.language import Texts, marked
from handlers.ui.markup import Html, bold, lines, row
from handlers.ui.refusals import refusal_name
from handlers.ui.screen import Screen

type Answer = WhatIf | NotMeasured

FINDING: Final = {
    Finding.SAME: marked("Not one trade differs."),
    Finding.TOO_SMALL: marked("Too few trades to mean anything."),
    Finding.UNCLEAR: marked("No difference beyond chance."),
    Finding.BETTER: marked("The new one was better here; the future may differ."),
    Finding.WORSE: marked("The new one was worse here."),
}
NO_INTERVAL: Final = (Finding.SAME, Finding.TOO_SMALL)  # of one day it has no width, which would look sure
WHY_NOT: Final = {
    WhyNot.BUSY: marked("something else is being measured"),
    WhyNot.AWAY: marked("the exchange cannot be asked for past bars"),
    WhyNot.FEW_BARS: marked("too few bars: {detail}"),
    WhyNot.SHORT_TIME: marked("too few days to choose on and to judge on (known after the warm-up / needed): {detail}"),
    WhyNot.HOLE: marked("bars are missing: {detail}"),
    WhyNot.NOT_LISTED: marked("the exchange does not trade {detail}"),
    WhyNot.STOPPED: marked("stopped"),
    WhyNot.TOO_LONG: marked("it took too long"),
    WhyNot.BROKE: marked("a fault; the log knows more"),
    WhyNot.CONFLICT: marked("these settings contradict each other: {detail}"),
}
PHASE: Final = {
    Phase.FETCHING: marked("reading bars"),
    Phase.PREPARING: marked("preparing"),
    Phase.WALKING: marked("walking through the bars"),
    Phase.SEARCHING: marked("searching"),
    Phase.DRAWING: marked("drawing"),
}
FIRST_WALK: Final = marked("walking through the bars (the first time this compiles, up to a minute)")
MOST_REFUSALS: Final = 3
KNOWN_ENOUGH: Final = 0.95


def with_figures(texts: Texts, screen: Screen, answers: Sequence[Answer] | None) -> Screen:
    """A screen with what the change would have meant; None = it is being measured."""
    return screen._replace(text=lines(screen.text, "", figures(texts, answers)))


def figures(texts: Texts, answers: Sequence[Answer] | None) -> Html:
    """Old and new over each of the looked-at times."""
    if answers is None:
        return texts.say("⏳ Old against new over the last days: being measured…")
    known = [answer for answer in answers if isinstance(answer, WhatIf)]
    if not known:
        return lines(*(_not_measured(texts, answer) for answer in answers[:1] if isinstance(answer, NotMeasured)))
    return lines(*(_compared(texts, answer) for answer in known))


def why_not(texts: Texts, error: NotMeasured) -> Html:
    """Why there is no figure."""
    return texts.say(WHY_NOT[error.reason], detail=error.detail or "–")


def progress(texts: Texts, now: Progress) -> Html:
    """What is being done, and how far it is."""
    if not now.total:  # a walk that counts nothing yet may be compiling, and one that has compiled is over before it is told
        words = FIRST_WALK if now.phase is Phase.WALKING else PHASE[now.phase]
        return texts.say("⏳ {phase}…", phase=texts.label(words))
    part = texts.numbers.percent(now.done / now.total, 0)
    return texts.say("⏳ {phase}: {part}", phase=texts.label(PHASE[now.phase]), part=part)


def refusals(texts: Texts, answer: WhatIf) -> Html:
    """What stood against entries most often, old and new."""
    old, new = dict(answer.before.refusals), dict(answer.after.refusals)
    counted = sorted(old.keys() | new.keys(), key=lambda code: -max(old.get(code, 0), new.get(code, 0)))
    return lines(*(_refusal(texts, code, old.get(code, 0), new.get(code, 0)) for code in counted[:MOST_REFUSALS]))


def _refusal(texts: Texts, code: Code, old: int, new: int) -> Html:
    n = texts.numbers
    return texts.say("{reason}: {old} → {new}", reason=refusal_name(texts, code), old=n.fixed(old, 0), new=n.fixed(new, 0))


def _not_measured(texts: Texts, error: NotMeasured) -> Html:
    return texts.say("Old against new: not measured yet ({reason}).", reason=why_not(texts, error))


def known_only(texts: Texts, days: int, known_ms: int) -> Html | None:
    """Of how much of a time anything is known, where that is clearly less than what was asked for."""
    if known_ms >= days * DAY_MS * KNOWN_ENOUGH:
        return None
    return texts.say("only {span} of it known", span=texts.numbers.duration(known_ms))


def difference(texts: Texts, low_r: float, high_r: float, level: float) -> Html:
    """Where the difference lies, and how sure that is."""
    n = texts.numbers
    return texts.say(
        "difference {low} to {high} R ({level})", low=n.signed(low_r, 1), high=n.signed(high_r, 1), level=n.percent(level, 0)
    )


def _compared(texts: Texts, answer: WhatIf) -> Html:
    between = difference(texts, answer.low_r, answer.high_r, answer.level)
    return lines(
        row(
            bold(texts.plural("Last {count} day", "Last {count} days", answer.days)),
            known_only(texts, answer.days, answer.end_ms - answer.begin_ms),
        ),
        texts.say("old: {figures}", figures=_figures(texts, answer.before)),
        texts.say("new: {figures}", figures=_figures(texts, answer.after)),
        between if answer.finding not in NO_INTERVAL else None,
        texts.say(FINDING[answer.finding]),
    )


def _figures(texts: Texts, seen: PastFigures) -> Html:
    n = texts.numbers
    return row(
        texts.plural("{count} trade", "{count} trades", seen.trades),
        n.signed(seen.net_r, 1) + " R",
        n.gain(seen.net),
        texts.say("fall {drawdown}", drawdown=n.percent(seen.drawdown)),
        texts.say("🔒 latched") if seen.is_latched else None,
    )
