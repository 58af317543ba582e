"""Screens for the tunables: groups, knobs, and the threshold's dial with what the last bars would have given."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from engine.control import EngineControl
from engine.model.signals import Code, Proposal, Ruling
from engine.params import BY_NAME, TradingParams, Tunable, raises_risk, read
from handlers.ui import keyboards as keys
from handlers.ui import tunables
from handlers.ui.callbacks import Knob, View
from handlers.ui.language import Texts, marked
from handlers.ui.markup import Html, bold, code, lines, row
from handlers.ui.screen import Button, Screen, arranged

THRESHOLD: Final = "activation_threshold"
BINS: Final = 20
BARS: Final = " ▁▂▃▄▅▆▇█"
STEPS: Final = (-0.10, -0.05, 0.05, 0.10)
FEW_BARS: Final = 100
RULINGS: Final = 500
RISKY: Final = "⬆"
RISKIER: Final = marked("⬆ More risk. {title}: {before} → {after}")
NOT_RISKIER: Final = marked("{title}: {before} → {after}")


class Counted(NamedTuple):
    """How often the last bars would have led to an entry at a threshold, everything else unchanged."""

    bars: int
    entries: int


def counted(rulings: Sequence[Ruling], threshold: float) -> Counted:
    """Count the bars on which nothing but the confidence stood, or stands, in the way."""
    entries = 0
    for ruling in rulings:
        others = [code for code in ruling.refusal_codes if code is not Code.CONFIDENCE_LOW]
        entries += not others and ruling.opinion.confidence >= threshold
    return Counted(len(rulings), entries)


def settings(texts: Texts) -> Screen:
    """The groups of settings."""
    groups = [keys.go(texts, tunables.GROUP[group], View.SETTINGS, group) for group in tunables.GROUPS]
    more = [
        keys.go(texts, marked("🧭 Sides"), View.SIDES),
        keys.go(texts, marked("🤝 Who decides"), View.MODE),
        keys.go(texts, marked("🔒 Symbols"), View.SYMBOLS),
        keys.go(texts, marked("🌐 Language"), View.LANGUAGE),
    ]
    text = lines(
        row(texts.tag, bold(texts.say("Settings"))),
        texts.say("What raises your risk is marked {sign} and asks before it acts.", sign=RISKY),
        texts.say("By name: {example}", example=code("/set risk_per_trade 0.5%")),
    )
    pairs = [groups[at : at + 2] for at in range(0, len(groups), 2)]
    return Screen(text, arranged(*pairs, more[:2], more[2:], [keys.back(texts)]))


def group(texts: Texts, name: str, params: TradingParams) -> Screen:
    """The knobs of one group."""
    chosen = tunables.of_group(name)
    shown = [
        texts.say(
            "{title}: {value}",
            title=tunables.title(texts, tunable.name),
            value=bold(tunables.value(texts, tunable.name, read(params, tunable.name))),
        )
        for tunable in chosen
    ]
    buttons = [
        keys.preview(tunable.name, read(params, tunable.name), tunables.title(texts, tunable.name)) for tunable in chosen
    ]
    pairs = [buttons[at : at + 2] for at in range(0, len(buttons), 2)]
    text = lines(row(texts.tag, bold(texts.label(tunables.GROUP[name]))), "", *shown)
    return Screen(text, arranged(*pairs, [keys.back(texts, View.SETTINGS)]))


def knob(texts: Texts, tunable: Tunable, params: TradingParams, wanted: float, note: Html | None = None) -> Screen:
    """One tunable with another value in mind; nothing changes until it is set."""
    now = read(params, tunable.name)
    down, up = tunables.steps(tunable, wanted)
    differs = wanted != now
    text = lines(
        row(texts.tag, bold(tunables.title(texts, tunable.name))),
        note,
        texts.say("Now {value}", value=bold(tunables.value(texts, tunable.name, now))),
        texts.say("Chosen {value}", value=bold(tunables.value(texts, tunable.name, wanted))) if differs else None,
        _risk(texts, tunable.name, now, wanted) if differs else None,
        texts.say("Allowed: {range}", range=tunables.allowed(texts, tunable)),
        texts.say("By name: {example}", example=code(f"/set {tunable.name} {tunables.typed(tunable, wanted)}")),
    )
    change = [keys.apply(texts, tunable.name, wanted, tunables.value(texts, tunable.name, wanted))] if differs else []
    turned = [
        keys.preview(tunable.name, value, sign + tunables.value(texts, tunable.name, value))
        for sign, value in (("− ", down), ("+ ", up))
        if value != wanted
    ]
    return Screen(text, arranged(turned, change, [keys.back(texts, View.SETTINGS, tunable.group)]))


def dial(texts: Texts, params: TradingParams, rulings: Sequence[Ruling], wanted: float, note: Html | None = None) -> Screen:
    """The threshold on the histogram of past confidences, with the entries that each step would have given."""
    n, tunable, now = texts.numbers, BY_NAME[THRESHOLD], params.activation_threshold
    around = [wanted, *(round(wanted + step, 2) for step in STEPS)]
    choices = sorted({value for value in around if tunable.low <= value <= tunable.high})
    signals = [ruling for ruling in rulings if ruling.opinion.proposal != Proposal.NEUTRAL]
    table = [_step(texts, rulings, value, now) for value in choices]
    differs = wanted != now
    text = lines(
        row(texts.tag, bold(texts.say("Threshold {value}", value=n.fixed(now, 2)))),
        note,
        texts.say("The bot enters when its confidence is at least this."),
        "",
        *_histogram(signals, wanted),
        texts.plural("{count} bar looked at, all symbols:", "{count} bars looked at, all symbols:", len(rulings)),
        *table,
        texts.say("Too few bars to tell much.") if len(rulings) < FEW_BARS else None,
        _risk(texts, THRESHOLD, now, wanted) if differs else None,
    )
    change = [keys.apply(texts, THRESHOLD, wanted, n.fixed(wanted, 2))] if differs else []
    turned = [keys.preview(THRESHOLD, value, n.fixed(value, 2)) for value in choices if value != wanted]
    half = len(turned) // 2
    return Screen(text, arranged(turned[:half], turned[half:], change, [keys.back(texts), keys.refresh(View.THRESHOLD)]))


def did_you_mean(texts: Texts, tunable: Tunable, sent: str, guess: float | None) -> Screen:
    """A value that is not allowed, with the one that was probably meant."""
    text = texts.say(
        "{title} is {range}, you sent {sent}.",
        title=tunables.title(texts, tunable.name),
        range=tunables.allowed(texts, tunable),
        sent=sent,
    )
    if guess is None:
        return Screen(text, arranged([keys.cancel(texts)]))
    question = texts.say("Did you mean {value}?", value=tunables.shown(texts, tunable.name, guess))
    yes = Button(tunables.shown(texts, tunable.name, guess), Knob(name=tunable.name, value=guess, apply=True).pack())
    return Screen(row(text, question, gap=" "), arranged([yes, keys.cancel(texts)]))


def changed(texts: Texts, name: str, before: float, after: float) -> Html:
    """A tunable was changed."""
    return texts.say(
        "✅ {title}: {before} → {after}",
        title=tunables.title(texts, name),
        before=tunables.value(texts, name, before),
        after=tunables.value(texts, name, after),
    )


def set_to(texts: Texts, name: str, value: float) -> Html:
    """A tunable was changed together with others."""
    return texts.say("✅ {title}: {value}", title=tunables.title(texts, name), value=tunables.value(texts, name, value))


def change(texts: Texts, name: str, before: float, after: float) -> Html:
    """A change, and whether it raises risk."""
    return texts.say(
        RISKIER if raises_risk(name, before, after) else NOT_RISKIER,
        title=tunables.title(texts, name),
        before=tunables.value(texts, name, before),
        after=tunables.value(texts, name, after),
    )


def question(texts: Texts, name: str, before: float, after: float, rulings: Sequence[Ruling]) -> Html:
    """What is about to be changed; for the threshold, what it would have meant for the last bars."""
    asked = change(texts, name, before, after)
    if name != THRESHOLD or not rulings:
        return asked
    return lines(
        asked,
        texts.plural("{count} bar looked at, all symbols:", "{count} bars looked at, all symbols:", len(rulings)),
        *(_step(texts, rulings, value, before) for value in (before, after)),
    )


def rulings_of_all(engine: EngineControl) -> Sequence[Ruling]:
    """The remembered rulings of all symbols."""
    return [ruling for symbol in engine.view().desks for ruling in engine.rulings(symbol, RULINGS)]


def _risk(texts: Texts, name: str, now: float, wanted: float) -> Html:
    if raises_risk(name, now, wanted):
        return texts.say("⬆ This raises your risk: you will be asked once more.")
    return texts.say("⬇ This does not raise your risk: it acts at once.")


def _step(texts: Texts, rulings: Sequence[Ruling], value: float, now: float) -> Html:
    found = counted(rulings, value)
    words = texts.plural("{count} entry", "{count} entries", found.entries)
    mark = " ◂" if value == now else ""
    return row(texts.numbers.fixed(value, 2), Html(words + mark), gap=": ")


def _histogram(signals: Sequence[Ruling], wanted: float) -> tuple[Html, ...]:
    """Past confidences in steps of 0.05, and where the line lies."""
    if not signals:
        return ()
    bins = [0] * BINS
    for ruling in signals:
        bins[min(BINS - 1, int(ruling.opinion.confidence * BINS + 1e-9))] += 1
    top = max(bins)
    drawn = "".join(BARS[-(-count * (len(BARS) - 1) // top)] for count in bins)
    at = min(BINS - 1, int(wanted * BINS + 1e-9))
    return code(f"0 {drawn} 1"), code("  " + "·" * at + "▲" + "·" * (BINS - 1 - at))
