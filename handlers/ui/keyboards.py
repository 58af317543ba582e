"""Buttons: how rows become Telegram's keyboard, and the rows that many screens share."""

from typing import Final

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from engine.model.commands import OutsideChoice
from engine.model.signals import Sides
from handlers.ui.callbacks import Agree, Allow, Card, Change, Choice, Do, Go, Hold, Knob, OnPosition, Tell, Verb, View, Whose
from handlers.ui.language import Texts, marked
from handlers.ui.markup import clipped
from handlers.ui.names import SIDES_BUTTON
from handlers.ui.screen import ROW_WIDTH, Button, Screen, arranged

SECOND_TAP_S: Final = 15


def markup(screen: Screen) -> InlineKeyboardMarkup | None:
    """A screen's buttons as Telegram wants them."""
    if not screen.rows:
        return None
    return InlineKeyboardMarkup(inline_keyboard=[[_drawn(button) for button in row] for row in screen.rows])


def _drawn(button: Button) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=button.label, callback_data=button.data, style=button.style or None)


def go(texts: Texts, label: str, view: View, about: str = "") -> Button:
    """A button that leads somewhere."""
    return Button(texts.label(label), Go(view=view, about=about).pack())


def tell(texts: Texts, label: str, view: View, about: str = "") -> Button:
    """A button that shows something in a message of its own."""
    return Button(texts.label(label), Tell(view=view, about=about).pack())


def back(texts: Texts, view: View = View.PANEL, about: str = "") -> Button:
    return go(texts, marked("‹ Back"), view, about)


def refresh(view: View, about: str = "") -> Button:
    return Button("🔄", Go(view=view, about=about).pack())


def cancel(texts: Texts) -> Button:
    return Button(texts.label(marked("✖ Cancel")), Do(verb=Verb.CANCEL).pack())


def run(texts: Texts) -> Button:
    label = texts.label(marked("▶ Start LIVE trading")) if texts.is_live else texts.label(marked("▶ Start trading"))
    return Button(label, Do(verb=Verb.RUN).pack(), "success")


def pause(texts: Texts) -> Button:
    return Button(texts.label(marked("⏸ Pause")), Do(verb=Verb.PAUSE).pack())


def agree(texts: Texts, token: str) -> Button:
    return Button(texts.label(marked("Yes, do it")), Agree(token=token).pack(), "primary")


def change(texts: Texts, token: str) -> Button:
    return Button(texts.label(marked("✅ Apply")), Change(token=token).pack(), "primary")


def discard(texts: Texts) -> Button:
    return Button(texts.label(marked("✖ Discard")), Do(verb=Verb.CANCEL).pack())


def sides(texts: Texts, symbol: str, current: Sides | None) -> tuple[Button, ...]:
    """Long, Short, Both; the one that holds is ticked."""
    return tuple(
        Button(
            ("✅ " if choice is current else "") + texts.label(SIDES_BUTTON[choice]),
            Allow(sides=choice.value, symbol=symbol).pack(),
        )
        for choice in Sides
    )


def apply(texts: Texts, name: str, value: float, shown: str) -> Button:
    """The button that changes a tunable."""
    return Button(texts.label(marked("Set {value}"), value=shown), Knob(name=name, value=value, apply=True).pack(), "primary")


def preview(name: str, value: float, shown: str) -> Button:
    """A button that only shows a tunable with another value in mind."""
    return Button(clipped(shown, ROW_WIDTH), Knob(name=name, value=value, apply=False).pack())


def on_card(texts: Texts, token: str, symbol: str, notional: str) -> tuple[tuple[Button, ...], ...]:
    """Enter, Half, Skip, Why. The token alone knows the proposal."""

    def data(choice: Choice) -> str:
        return Card(token=token, choice=choice).pack()

    enter = marked("✅ Enter LIVE {notional}") if texts.is_live else marked("✅ Enter {notional}")
    half = marked("½ Enter LIVE half") if texts.is_live else marked("½ Enter half")
    return arranged(
        [Button(texts.label(enter, notional=notional), data(Choice.ENTER), "success")],
        [Button(texts.label(half), data(Choice.HALF)), Button(texts.label(marked("✖ Skip")), data(Choice.SKIP))],
        [tell(texts, marked("❓ Why"), View.WHY, symbol)],
    )


def on_position(texts: Texts, intent_id: str, symbol: str, stamp: int) -> tuple[tuple[Button, ...], ...]:
    """Close, Half, Stop to entry, Why. They name the position by the intent that opened it."""

    def data(act: OnPosition) -> str:
        return Hold(act=act, intent_id=intent_id, stamp=stamp).pack()

    close, half = marked("✖ Close"), marked("½ Close half")
    if texts.is_live:
        close, half = marked("✖ Close LIVE"), marked("½ Close LIVE half")
    return arranged(
        [Button(texts.label(close), data(OnPosition.CLOSE), "danger"), Button(texts.label(half), data(OnPosition.HALF))],
        [
            Button(texts.label(marked("Stop → entry")), data(OnPosition.ENTRY_STOP)),
            tell(texts, marked("❓ Why"), View.WHY, symbol),
        ],
    )


def on_question(texts: Texts, question_id: str) -> tuple[Button, ...]:
    """Adopt, Ignore, Forget: whose a position is. Forgetting is asked once more."""

    def data(choice: OutsideChoice) -> str:
        return Whose(choice=choice, question_id=question_id).pack()

    return (
        Button(texts.label(marked("🤝 Adopt")), data(OutsideChoice.ADOPT), "success"),
        Button(texts.label(marked("🛡 Ignore")), data(OutsideChoice.IGNORE)),
        Button(texts.label(marked("🚪 Forget…")), data(OutsideChoice.FORGET)),
    )
