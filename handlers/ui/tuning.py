"""Screens for the tunables: groups, knobs, questions. The threshold has a dial of its own."""

from collections.abc import Sequence
from typing import Final

from engine.model.signals import Ruling
from engine.params import TradingParams, Tunable, raises_risk, read
from handlers.ui import keyboards as keys
from handlers.ui import tunables
from handlers.ui.callbacks import Knob, View
from handlers.ui.counted import THRESHOLD, step
from handlers.ui.language import Texts, marked
from handlers.ui.markup import Html, bold, code, lines, row
from handlers.ui.screen import Button, Screen, arranged

RISKY: Final = "⬆"
RISKIER: Final = marked("⬆ More risk. {title}: {before} → {after}")
NOT_RISKIER: Final = marked("{title}: {before} → {after}")


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
        risk(texts, tunable.name, now, wanted) if differs else None,
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
        *(step(texts, rulings, value, before) for value in (before, after)),
    )


def risk(texts: Texts, name: str, now: float, wanted: float) -> Html:
    """Whether a change is asked about once more."""
    if raises_risk(name, now, wanted):
        return texts.say("⬆ This raises your risk: you will be asked once more.")
    return texts.say("⬇ This does not raise your risk: it acts at once.")
