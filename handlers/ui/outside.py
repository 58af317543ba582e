"""Somebody else's hand at the exchange: what it did, and whose a position is."""

from typing import Final

from engine.model.notices import OutsideChange, OutsideQuestion
from engine.model.view import Care, PositionView
from handlers.ui import keyboards as keys
from handlers.ui.alerts import Alert, Loudness, position_name
from handlers.ui.callbacks import View
from handlers.ui.language import Texts, marked
from handlers.ui.markup import Html, bold, clipped, lines, row
from handlers.ui.names import ARROW, SIDE, base_asset
from handlers.ui.screen import arranged

DETAIL_WIDTH: Final = 300
OUTSIDE: Final = {
    "position_opened": marked("A position was opened outside the bot: {detail}. It is adopted and gets stops."),
    "position_added": marked("The position was changed outside the bot by {detail}. Its stops follow the new size."),
    "position_reduced": marked("A part of the position was closed outside the bot: {detail}. Its stops follow the new size."),
    "left_alone_flat": marked("The position that was left alone is gone. The symbol is open for entries again."),
    "books_corrected": marked("The exchange holds {detail}, the books said otherwise. They were corrected."),
    "stop_canceled": marked("A stop was cancelled outside the bot. A new one is placed."),
    "stop_expired": marked("The exchange let a stop expire. A new one is placed."),
    "stop_spent": marked("The wide stop of what is left alone triggered and closed only a part. A new one is placed."),
    "stop_rejected": marked("The exchange refused a stop. A new one is placed, or the position is closed."),
    "wide_stop_kept_out": marked(
        "Somebody else's stop {detail} closes the whole position, and the exchange takes only one. Mine waits until it is gone."
    ),
    "entry_arrived": marked("An entry that was given up has arrived after all: {detail}. It is ours and gets stops."),
    "liquidation": marked("The exchange liquidated a part of the position: {detail}. Entries are latched."),
    "adl": marked("The exchange reduced the position by {detail}: auto-deleveraging. Its stops follow the new size."),
    "settlement": marked("The exchange settled {detail} of the position: the contract ends."),
    "contract_ending": marked("The contract ends soon or is no longer traded. No entries; a position of ours is closed now."),
    "not_listed": marked(
        "The exchange does not list this contract: mistyped in SYMBOLS, or delisted. It is not traded, everything else is. "
        "What I remember of it is kept; if a position was open there, look at the exchange."
    ),
    "setup_changed": marked(
        "Leverage or margin mode was changed outside the bot (leverage {detail}). No entries until it is set up again; "
        "with a position open nothing is switched."
    ),
    "hedge_mode": marked("The account was switched to hedge mode. No entries until it is one-way again; I switch nothing."),
    "multi_assets": marked("The account was switched to multi-assets mode. No entries until it is off; I switch nothing."),
    "trading_off": marked("The exchange does not let the account trade. No entries; exits are tried nevertheless."),
    "account_legal": marked("The account's modes fit again. Entries are possible."),
    "key_refused": marked(
        "The exchange refuses the key: wrong, expired, other address, or a right is missing. No entries; the stops that "
        "rest there stand. I try again every half minute."
    ),
    "key_accepted": marked("The exchange takes the key again."),
}
UNKNOWN_CHANGE: Final = marked("Something was changed outside the bot: {what} {detail}")
DID: Final = {
    "opened": marked("opened"),
    "added": marked("enlarged"),
    "reversed": marked("turned around"),
}
CARE: Final = {
    Care.ASKED: marked("✋ Opened or changed outside the bot. Whose is it? Covered meanwhile, no entries here."),
    Care.IGNORED: marked("✋ Left alone: only my wide stop rests there. No entries here until it is flat."),
    Care.FORGOTTEN: marked("✋ Forgotten: none of my stops guards it. No entries here until it is flat."),
}


def outside_change(texts: Texts, notice: OutsideChange) -> Alert:
    """Somebody else's hand at the exchange."""
    words = OUTSIDE.get(notice.what, UNKNOWN_CHANGE)
    about = notice.symbol or texts.label(marked("the account"))
    text = lines(
        row(texts.tag, bold(texts.say("✋ {symbol}", symbol=about))),
        texts.say(words, what=notice.what, detail=clipped(notice.detail, DETAIL_WIDTH)),
        texts.at(notice.time_ms),
    )
    return Alert(text, Loudness.ASK, arranged([keys.tell(texts, marked("📍 Positions"), View.POSITIONS)]))


def question(texts: Texts, notice: OutsideQuestion) -> Alert:
    """A position by somebody else's hand: adopt, ignore or forget?"""
    n = texts.numbers
    head = f"{ARROW[notice.side]} {texts.label(SIDE[notice.side])} {notice.symbol} {n.price(notice.price)}"
    text = lines(
        row(texts.tag, bold(texts.say("✋ Whose is it? {what}", what=head))),
        texts.say(
            "A position was {did} outside the bot: it is now {quantity} {asset}.",
            did=texts.label(DID[notice.what]),
            quantity=n.short(notice.quantity),
            asset=base_asset(notice.symbol),
        ),
        texts.say("My stops cover all of it. No entries on this symbol until you answer."),
        *explained(texts),
        texts.at(notice.time_ms),
    )
    shown = keys.tell(texts, marked("📍 Positions"), View.POSITIONS)
    buttons = arranged(list(keys.on_question(texts, notice.question_id)), [shown])
    return Alert(text, Loudness.ASK, buttons, follows=position_name(notice.intent_id))


def explained(texts: Texts) -> tuple[Html, ...]:
    """What each answer means."""
    return (
        texts.say("Adopt: it becomes mine, with plan, stops, exits and statistics."),
        texts.say("Ignore: I keep my wide stop and do nothing else. No entries until it is flat."),
        texts.say("Forget: I take my stops away. That raises risk, so I ask once more. No entries until it is flat."),
    )


def care(texts: Texts, position: PositionView) -> Html | None:
    """What is done about a position that is not ours."""
    return texts.say(CARE[position.care]) if position.care is not None else None


def forget_question(texts: Texts, symbol: str) -> Html:
    """Asked before our stops are taken away."""
    return texts.say("🚪 Take my stops away from {symbol} and leave it alone? Nothing of mine will guard it.", symbol=symbol)
