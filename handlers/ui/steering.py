"""Screens for who trades and which way: sides, mode, stop, panic, latch, symbols, language, and questions before acting."""

from collections.abc import Iterator
from typing import Final

from engine.model.commands import DecisionMode
from engine.model.signals import Regime, Sides
from engine.model.view import DeskView, EngineView
from handlers.ui import keyboards as keys
from handlers.ui.callbacks import ChooseMode, Do, Lock, Speak, Verb, View
from handlers.ui.language import Languages, Texts, marked
from handlers.ui.markup import Html, bold, lines, row
from handlers.ui.names import LATCH_CAUSE, MODE, MODE_MEANING, REGIME, REGIME_ICON, SIDES
from handlers.ui.screen import Button, Screen, arranged

MOST_SYMBOLS: Final = 12
LOCK_HOURS: Final = 4
AGAINST: Final = {Regime.BULL_TREND: Sides.SHORT, Regime.BEAR_TREND: Sides.LONG}
MOTTO: Final = "LIVE"  # what is typed before real money is traded; never translated


def sides(texts: Texts, view: EngineView, symbol: str, note: Html | None = None) -> Screen:
    """Which sides are allowed, beside the regime; "" shows all symbols."""
    desks = [view.desks[symbol]] if symbol in view.desks else list(view.desks.values())
    title = texts.say("Allowed sides: {symbol}", symbol=symbol) if symbol else texts.say("Allowed sides")
    found = {desk.sides for desk in desks}
    current = found.pop() if len(found) == 1 else None
    parts = [_of_desk(texts, desk) for desk in desks[:MOST_SYMBOLS]]
    held = sum(desk.position is not None for desk in desks)
    promise = texts.plural(
        "{count} open position stays with its exits; only new entries change.",
        "{count} open positions stay with their exits; only new entries change.",
        held,
    )
    nudges = [line for desk in desks for line in _nudge(texts, desk)]
    text = lines(row(texts.tag, bold(title)), note, "", *parts, "", *nudges[:MOST_SYMBOLS], promise if held else None)
    several = [keys.go(texts, name, View.SIDES, name) for name in view.desks] if not symbol and len(view.desks) > 1 else []
    return Screen(
        text,
        arranged(
            keys.sides(texts, symbol, current),
            *(several[at : at + 2] for at in range(0, min(len(several), MOST_SYMBOLS), 2)),
            [keys.back(texts, View.SIDES if symbol else View.PANEL), keys.refresh(View.SIDES, symbol)],
        ),
    )


def _of_desk(texts: Texts, desk: DeskView) -> Html:
    regime = desk.regime.regime
    return texts.say(
        "{symbol}: {sides} · {icon} {regime}, {age} bars",
        symbol=desk.symbol,
        sides=texts.label(SIDES[desk.sides]),
        icon=REGIME_ICON[regime],
        regime=texts.label(REGIME[regime]),
        age=desk.regime.age,
    )


def _nudge(texts: Texts, desk: DeskView) -> Iterator[Html]:
    """Say so where the regime can only give entries on a side that is not allowed."""
    if AGAINST.get(desk.regime.regime) is desk.sides:
        yield texts.say(
            "⚠ {symbol} is in a {regime}, but you allow {sides}: until that changes there will be no entry.",
            symbol=desk.symbol,
            regime=texts.label(REGIME[desk.regime.regime]),
            sides=texts.label(SIDES[desk.sides]),
        )


def mode(texts: Texts, current: DecisionMode, note: Html | None = None) -> Screen:
    """Who decides on entries."""
    meanings = [f"{texts.label(MODE[each])} – {texts.label(MODE_MEANING[each])}" for each in DecisionMode]
    buttons = [
        Button(("✅ " if each is current else "") + texts.label(MODE[each]), ChooseMode(mode=each).pack())
        for each in DecisionMode
    ]
    text = lines(row(texts.tag, bold(texts.say("Who decides on entries"))), note, "", *meanings)
    return Screen(text, arranged(buttons, [keys.back(texts)]))


def stop(texts: Texts, held: int) -> Screen:
    """What `/stop` asks while positions are open."""
    text = lines(
        row(texts.tag, bold(texts.say("Stop trading"))),
        texts.plural("{count} position is open. What should happen to it?", "{count} positions are open. What then?", held),
        "",
        texts.say("Pause: no new entries, but the bot goes on trailing stops and leaving."),
        texts.say("Stop and keep: only the stops and targets on the exchange remain."),
        texts.say("Close all: everything is closed at market now."),
    )
    close = marked("✖ Close all LIVE, stop") if texts.is_live else marked("✖ Close all, stop")
    return Screen(
        text,
        arranged(
            [keys.pause(texts)],
            [Button(texts.label(marked("⏹ Stop, keep positions")), Do(verb=Verb.STOP_KEEP).pack())],
            [Button(texts.label(close), Do(verb=Verb.STOP_CLOSE).pack(), "danger")],
            [keys.cancel(texts)],
        ),
    )


def panic(texts: Texts, view: EngineView, now_ms: int) -> Screen:
    """The second tap of Panic: at the top, where the first one was at the bottom."""
    until_s = now_ms // 1_000 + keys.SECOND_TAP_S
    held = sum(desk.position is not None for desk in view.desks.values())
    text = lines(
        row(texts.tag, bold(texts.say("🛑 Panic"))),
        texts.plural("Closes {count} position at market,", "Closes {count} positions at market,", held),
        texts.say("cancels our orders, checks that all is flat, and sets the latch."),
        texts.say("The button works for {seconds} s.", seconds=keys.SECOND_TAP_S),
    )
    label = marked("🚨 CLOSE EVERYTHING LIVE") if texts.is_live else marked("🚨 CLOSE EVERYTHING")
    yes = Button(texts.label(label), Do(verb=Verb.PANIC, until_s=until_s).pack(), "danger")
    return Screen(text, arranged([yes], [], [keys.cancel(texts)]))


def latch(texts: Texts, view: EngineView, note: Html | None = None) -> Screen:
    """The latch: whether it is set, why, and the way to lift it."""
    head = row(texts.tag, bold(texts.say("Latch")))
    set_by = view.latch
    if set_by is None:
        text = lines(head, note, texts.say("Not set: entries are not blocked by it."))
        return Screen(text, arranged([keys.back(texts), keys.refresh(View.LATCH)]))
    n = texts.numbers
    numbers = texts.say("Seen {seen}, limit {needed}.", seen=n.percent(set_by.seen), needed=n.percent(set_by.needed))
    text = lines(
        head,
        note,
        texts.say("🔒 Set {time}: {cause}.", time=texts.on(set_by.set_ms), cause=texts.label(LATCH_CAUSE[set_by.cause])),
        numbers if set_by.needed else None,
        texts.say("No entries until you lift it. Open positions keep their exits."),
        texts.say("After lifting, the drawdown is counted from today's equity."),
    )
    lift = Button(texts.label(marked("🔓 Lift the latch")), Do(verb=Verb.RESET_LATCH).pack())
    return Screen(text, arranged([lift], [keys.back(texts), keys.refresh(View.LATCH)]))


def symbols(texts: Texts, view: EngineView, note: Html | None = None) -> Screen:
    """All symbols with their locks."""
    parts, rows = [], []
    for desk in list(view.desks.values())[:MOST_SYMBOLS]:
        locked = desk.locked_until_ms > view.time_ms
        state = (
            texts.say("locked until {time}", time=texts.on(desk.locked_until_ms)) if locked else texts.say("open for entries")
        )
        parts.append(row(bold(desk.symbol), state))
        label = texts.label("🔓 {symbol}", symbol=desk.symbol) if locked else texts.label("🔒 {symbol}", symbol=desk.symbol)
        rows.append(Button(label, Lock(symbol=desk.symbol, hours=0 if locked else LOCK_HOURS).pack()))
    text = lines(
        row(texts.tag, bold(texts.say("Symbols"))),
        note,
        "",
        *parts,
        "",
        texts.say("A lock holds entries for {hours} hours; exits go on.", hours=LOCK_HOURS),
    )
    pairs = [rows[at : at + 2] for at in range(0, len(rows), 2)]
    return Screen(text, arranged(*pairs, [keys.back(texts), keys.refresh(View.SYMBOLS)]))


def languages(texts: Texts, known: Languages) -> Screen:
    """Which language to speak."""
    buttons = [
        Button(("✅ " if name == texts.language else "") + known.own_name(name), Speak(language=name).pack())
        for name in known.known
    ]
    pairs = [buttons[at : at + 2] for at in range(0, len(buttons), 2)]
    return Screen(lines(bold(texts.say("Language"))), arranged(*pairs, [keys.back(texts)]))


def second_tap(texts: Texts, question: Html, token: str) -> Screen:
    """A wish that raises risk, held back for a second tap."""
    return Screen(lines(texts.tag, question), arranged([keys.cancel(texts)], [keys.agree(texts, token)]))


def code_wanted(texts: Texts, question: Html, with_motto: bool, is_fresh: bool) -> Screen:
    """A wish that raises risk, held back for the code."""
    if with_motto and is_fresh:
        how = texts.say("To go on, write {motto}", motto=MOTTO)
    elif with_motto:
        how = texts.say("To go on, write {motto} and your code, like: {motto} 123456", motto=MOTTO)
    else:
        how = texts.say("To go on, write your code.")
    promise = texts.say("I delete the message as soon as I have read it.")
    return Screen(lines(texts.tag, question, how, promise), arranged([keys.cancel(texts)]))


def no_code_set(texts: Texts, question: Html) -> Screen:
    """LIVE, and no code is configured: what raises risk is refused."""
    text = lines(
        texts.tag,
        question,
        texts.say("⛔ Not done: with real money this needs a second factor, and none is set."),
        texts.say("Set a PIN or a TOTP secret where the bot's keys are, and start it again."),
    )
    return Screen(text)
