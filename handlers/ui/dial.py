"""The threshold's dial: the line on the histogram of past confidences, and the trades a week that each place gives."""

from collections.abc import Sequence
from typing import Final

from engine.model.past import Dial, DialStep
from engine.model.signals import Proposal, Ruling
from engine.params import BY_NAME, TradingParams
from handlers.ui import keyboards as keys
from handlers.ui import tuning
from handlers.ui.callbacks import View
from handlers.ui.counted import THRESHOLD, histogram, step
from handlers.ui.language import Texts, marked
from handlers.ui.markup import Html, bold, lines, row
from handlers.ui.past import Answer, figures, known_only
from handlers.ui.screen import Screen, arranged

STEPS: Final = (-0.10, -0.05, 0.05, 0.10)
FEW_BARS: Final = 100


def dial(
    texts: Texts,
    params: TradingParams,
    rulings: Sequence[Ruling],
    wanted: float,
    note: Html | None = None,
    walked: Dial | None = None,
    answers: Sequence[Answer] | None = None,
    picture: bytes = b"",
) -> Screen:
    """The dial with a line in mind. Until history was walked, the remembered bars speak."""
    n, now = texts.numbers, params.activation_threshold
    differs, choices = wanted != now, choices_around(wanted)
    text = lines(
        row(texts.tag, bold(texts.say("Threshold {value}", value=n.fixed(now, 2)))),
        note,
        texts.say("The bot enters when its confidence is at least this."),
        "",
        *(_remembered(texts, rulings, wanted, choices, now) if walked is None else _walked(texts, walked, choices, now)),
        tuning.risk(texts, THRESHOLD, now, wanted) if differs else None,
        *(("", figures(texts, answers)) if differs or answers else ()),
    )
    change = [keys.apply(texts, THRESHOLD, wanted, n.fixed(wanted, 2))] if differs else []
    turned = [keys.preview(THRESHOLD, value, _label(texts, value, walked)) for value in choices if value != wanted]
    half = len(turned) // 2
    rows = arranged(turned[:half], turned[half:], change, [keys.back(texts), keys.refresh(View.THRESHOLD)])
    return Screen(text, rows, picture, keeps_picture=True)


def _label(texts: Texts, value: float, walked: Dial | None) -> str:
    """A place, and the trades a week that it gave: what one really chooses."""
    place, found = texts.numbers.fixed(value, 2), walked.at(value) if walked is not None else None
    if walked is None or found is None:
        return place
    words = texts.label(marked("{place} · {number} wk"), place=place, number=texts.numbers.fixed(walked.per_week(found), 1))
    return words + (" 🔒" if found.is_latched else "")


def choices_around(wanted: float) -> list[float]:
    """The places that one tap leads to, and the one in mind."""
    tunable = BY_NAME[THRESHOLD]
    around = [wanted, *(round(wanted + step, 2) for step in STEPS)]
    return sorted({value for value in around if tunable.low <= value <= tunable.high})


def _remembered(
    texts: Texts, rulings: Sequence[Ruling], wanted: float, choices: Sequence[float], now: float
) -> Sequence[Html | None]:
    signals = [ruling for ruling in rulings if ruling.opinion.proposal != Proposal.NEUTRAL]
    return (
        *histogram(signals, wanted),
        texts.plural("{count} bar looked at, all symbols:", "{count} bars looked at, all symbols:", len(rulings)),
        *(step(texts, rulings, value, now) for value in choices),
        texts.say("Too few bars to tell much.") if len(rulings) < FEW_BARS else None,
    )


def _walked(texts: Texts, walked: Dial, choices: Sequence[float], now: float) -> Sequence[Html | None]:
    found = [(value, walked.at(value)) for value in choices]
    return (
        row(
            texts.plural("Last {count} day, all symbols:", "Last {count} days, all symbols:", walked.days),
            known_only(texts, walked.days, walked.end_ms - walked.begin_ms),
            gap=" ",
        ),
        *(_a_week(texts, walked, at, value, now) for value, at in found if at is not None),
    )


def _a_week(texts: Texts, walked: Dial, at: DialStep, value: float, now: float) -> Html:
    n = texts.numbers
    counted = texts.plural("{count} trade", "{count} trades", at.trades)
    a_week = n.fixed(walked.per_week(at), 1)
    words = row(
        texts.say("{place}: ≈ {number} a week, {trades}", place=n.fixed(value, 2), number=a_week, trades=counted),
        texts.say("🔒 latched on {day}", day=n.day(at.latched_ms)) if at.is_latched else None,
    )
    return Html(words + (" ◂" if value == now else ""))
