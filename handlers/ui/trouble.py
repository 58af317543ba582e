"""Alerts of what went wrong or was blocked. No stack traces, no blame; what it means for the money comes first."""

from typing import Final

from engine.model.machine_notices import EngineHalted
from engine.model.notices import (
    CoverMissing,
    EntriesLocked,
    EntryFailed,
    EntryProvedAbsent,
    EntryUnknown,
    ExitRefused,
    LatchLifted,
    LatchSet,
    PanicDone,
)
from engine.model.signals import Side
from handlers.ui import keyboards as keys
from handlers.ui.alerts import Alert, Loudness, card_name, entry_name, position_name
from handlers.ui.callbacks import View
from handlers.ui.language import Texts, marked
from handlers.ui.markup import Html, bold, clipped, lines, row
from handlers.ui.names import ARROW, LATCH_CAUSE, SIDE
from handlers.ui.refusals import refusal_name
from handlers.ui.screen import arranged

EXPIRED: Final = 0
DETAIL_WIDTH: Final = 300
EXCHANGE_SAID: Final = {
    EXPIRED: marked("the order expired before it was filled"),
    -1003: marked("the exchange asks us to slow down"),
    -1021: marked("the server's clock is off"),
    -2014: marked("the exchange refuses the key: see /health and the bot's log"),
    -2015: marked("the exchange refuses the key: wrong, expired, other address, or a right is missing"),
    -2018: marked("the balance is not enough"),
    -2019: marked("the margin is not enough"),
    -2021: marked("the price had already passed the trigger"),
    -2022: marked("there was nothing left to reduce"),
    -2027: marked("the position would exceed what this leverage allows"),
    -4061: marked("the account is in hedge mode, the bot is set for one-way"),
    -4131: marked("the book was too thin for a fair price"),
    -4164: marked("the order is below the exchange's smallest value"),
}
NO_STOP: Final = marked("🚨 No stop on the exchange: {what}")
COVER_FAILS: Final = {
    "naked": NO_STOP,
    "refused": marked("🚨 The exchange refuses the tight stop, only the wide one rests: {what}"),
    "fired": marked("🚨 A stop triggered and did not close: {what}"),
    "touched": marked("🚨 The price passed a level and nothing happened: {what}"),
}


def entry_failed(texts: Texts, notice: EntryFailed) -> Alert:
    """The exchange said no; nothing is open."""
    text = lines(
        row(texts.tag, bold(texts.say("⛔ Not entered: {what}", what=_about(texts, notice.symbol, notice.side)))),
        _reason(texts, _exchange_said(texts, notice.code, notice.text)),
        texts.say("Nothing is open from this signal."),
        texts.say("Code {code}", code=notice.code) if notice.code != EXPIRED else None,
        texts.at(notice.time_ms),
    )
    health = keys.tell(texts, marked("🩺 Health"), View.HEALTH)
    return Alert(text, Loudness.MONEY, arranged([health]), follows=card_name(notice.intent_id))


def entry_unknown(texts: Texts, notice: EntryUnknown) -> Alert:
    """Nobody answered: it is asked for by its name, never sent again."""
    text = lines(
        row(texts.tag, bold(texts.say("❔ No answer: {what}", what=_about(texts, notice.symbol, notice.side)))),
        texts.say("The order may or may not exist. I am asking for it by its name and send nothing again."),
        texts.say("Please do not enter by hand meanwhile."),
        texts.at(notice.time_ms),
    )
    name = entry_name(notice.intent_id)
    return Alert(text, Loudness.CRITICAL, name=name, follows=card_name(notice.intent_id))


def entry_proved_absent(texts: Texts, notice: EntryProvedAbsent) -> Alert:
    """It never arrived."""
    text = lines(
        row(texts.tag, bold(texts.say("✅ Cleared up: {symbol}", symbol=notice.symbol))),
        texts.say("The unanswered order never reached the exchange. Nothing is open from it."),
        texts.at(notice.time_ms),
    )
    return Alert(text, Loudness.MONEY, follows=entry_name(notice.intent_id))


def cover_missing(texts: Texts, notice: CoverMissing) -> Alert:
    """A position without a stop: the worst that can be, and what is done about it."""
    now = (
        texts.say("It is being closed at market now.")
        if notice.is_closing
        else texts.say("The stop is being placed again; if that fails, the position is closed.")
    )
    head, is_unnamed = COVER_FAILS.get(notice.detail, NO_STOP), notice.detail not in COVER_FAILS
    text = lines(
        row(texts.tag, bold(texts.say(head, what=_about(texts, notice.symbol, notice.side)))),
        now,
        texts.say("({detail})", detail=clipped(notice.detail, DETAIL_WIDTH)) if notice.detail and is_unnamed else None,
        texts.at(notice.time_ms),
    )
    shown = keys.tell(texts, marked("📍 Positions"), View.POSITIONS)
    return Alert(text, Loudness.CRITICAL, arranged([shown]), follows=position_name(notice.intent_id))


def exit_refused(texts: Texts, notice: ExitRefused) -> Alert:
    """A position that the exchange does not let us leave: it goes on. Or a part of one, which was given up."""
    what = _about(texts, notice.symbol, notice.side)
    if notice.is_whole:
        head = texts.say("⛔ The exchange refuses to close {what}", what=what)
        covered = texts.say("It is still open, and its stops still guard it. I repeat the exit until it is flat.")
        bare = texts.say("It is still open, and no stop guards it: close it at the exchange if you can. I repeat the exit.")
        meaning = covered if notice.is_covered else bare
    else:
        head = texts.say("⛔ A part was not closed: {what}", what=what)
        meaning = texts.say("I do not repeat it: see the position, and press again if you still want it.")
    no_fill = notice.code == EXPIRED
    why = texts.say("no fill was heard of") if no_fill else _exchange_said(texts, notice.code, notice.text)
    text = lines(
        row(texts.tag, bold(head)),
        _reason(texts, why),
        meaning,
        None if no_fill else texts.say("Code {code}", code=notice.code),
        texts.at(notice.time_ms),
    )
    shown = keys.tell(texts, marked("📍 Positions"), View.POSITIONS)
    loudness = Loudness.CRITICAL if notice.is_whole else Loudness.MONEY
    return Alert(text, loudness, arranged([shown]), follows=position_name(notice.intent_id))


def latch_set(texts: Texts, notice: LatchSet) -> Alert:
    """Entries are blocked until the owner says otherwise."""
    n = texts.numbers
    numbers = texts.say("Seen {seen}, limit {needed}.", seen=n.percent(notice.seen), needed=n.percent(notice.needed))
    text = lines(
        row(texts.tag, bold(texts.say("🔒 Latched: no new entries"))),
        texts.say("Because {cause}.", cause=texts.label(LATCH_CAUSE[notice.cause])),
        numbers if notice.needed else None,
        texts.say("Open positions keep their exits. /latch shows it and lifts it."),
        texts.at(notice.time_ms),
    )
    return Alert(text, Loudness.CRITICAL, arranged([keys.tell(texts, marked("🔒 Latch"), View.LATCH)]))


def latch_lifted(texts: Texts, notice: LatchLifted) -> Alert:
    """The owner lifted it."""
    text = lines(
        row(texts.tag, bold(texts.say("🔓 The latch is lifted"))),
        texts.say("Entries are possible again. Drawdown is counted from now on."),
        texts.at(notice.time_ms),
    )
    return Alert(text, Loudness.NOTICE, arranged([keys.tell(texts, marked("📟 Panel"), View.PANEL)]))


def entries_locked(texts: Texts, notice: EntriesLocked) -> Alert:
    """A limit of the account closed entries for a while."""
    until = texts.say("Until {time}.", time=texts.on(notice.until_ms)) if notice.until_ms else texts.say("Until the day ends.")
    n = texts.numbers
    is_count = notice.needed >= 1
    numbers = texts.say(
        "Seen {seen}, limit {needed}.",
        seen=n.fixed(notice.seen, 0) if is_count else n.percent(notice.seen),
        needed=n.fixed(notice.needed, 0) if is_count else n.percent(notice.needed),
    )
    text = lines(
        row(texts.tag, bold(texts.say("⛔ No new entries: {reason}", reason=refusal_name(texts, notice.code)))),
        numbers,
        until,
        texts.say("Open positions keep their exits."),
    )
    return Alert(text, Loudness.MONEY)


def panic_done(texts: Texts, notice: PanicDone) -> Alert:
    """Everything is flat, or all that can be closed from here."""
    if notice.left:
        title = texts.say("🚨 Panic is done, but {symbols} is still held", symbols=", ".join(notice.left))
        checked = texts.say("It is not in SYMBOLS any more, and left to its stops: close it at the exchange.")
    else:
        title = texts.say("🚨 Panic is done: all flat, latched")
        checked = texts.say("Checked with the exchange: no position, no order of ours is left.")
    closed = texts.plural("{count} position was closed,", "{count} positions were closed,", notice.closed)
    text = lines(
        row(texts.tag, bold(title)),
        row(closed, texts.say("result {net}", net=texts.numbers.gain(notice.net)), gap=" "),
        checked,
        texts.say("No entries until you lift the latch: /latch"),
        texts.at(notice.time_ms),
    )
    return Alert(text, Loudness.CRITICAL, arranged([keys.tell(texts, marked("🔒 Latch"), View.LATCH)]))


def engine_halted(texts: Texts, notice: EngineHalted) -> Alert:
    """Something impossible was met."""
    text = lines(
        row(texts.tag, bold(texts.say("⛔ The engine has halted"))),
        texts.say("It met something that cannot be, and no longer decides. The stops rest on the exchange."),
        texts.say("It starts again by itself and compares everything first. Watch your positions at the exchange."),
        texts.say("({detail})", detail=clipped(notice.detail, DETAIL_WIDTH)) if notice.detail else None,
        texts.at(notice.time_ms),
    )
    return Alert(text, Loudness.CRITICAL)


def _exchange_said(texts: Texts, code: int, text: str) -> Html:
    known = EXCHANGE_SAID.get(code)
    return texts.say(known) if known is not None else texts.say("{text}", text=clipped(text, DETAIL_WIDTH))


def _reason(texts: Texts, why: Html) -> Html | None:
    """The row of a reason; none where the exchange said nothing but a code that is not known here."""
    return texts.say("Reason: {why}.", why=why) if why else None


def _about(texts: Texts, symbol: str, side: Side) -> str:
    return f"{ARROW[side]} {texts.label(SIDE[side])} {symbol}"


def unworded(texts: Texts, kind: str) -> Alert:
    """Something happened of which nothing else can be said: the log knows what."""
    what = texts.say("⚠️ Something happened that could not be put into words ({kind}): see the log.", kind=kind)
    return Alert(lines(row(texts.tag, what)), Loudness.CRITICAL)
