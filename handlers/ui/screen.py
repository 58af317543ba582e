"""What is drawn: a text and rows of buttons, still free of any chat."""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from handlers.ui.markup import Html

ROW_WIDTH: Final = 34  # characters of labels that fit beside each other on a phone, with two buttons in the row
GAP_WIDTH: Final = 2  # what each further button takes away

type Style = Literal["danger", "success", "primary", ""]


class Button(NamedTuple):
    """A button: its label, what it sends, and its colour (never the only signal)."""

    label: str
    data: str
    style: Style = ""


class Screen(NamedTuple):
    """One message. With a `picture` (PNG) the text stands under it, and is short.

    Without one it may still stand under the picture that is there (`keeps_picture`) until a new one is drawn.
    """

    text: Html
    rows: tuple[tuple[Button, ...], ...] = ()
    picture: bytes = b""
    keeps_picture: bool = False


def label_width(columns: int) -> int:
    """How long a label may be in a row of so many buttons."""
    return (ROW_WIDTH + GAP_WIDTH) // columns - GAP_WIDTH


def arranged(*rows: Sequence[Button | None]) -> tuple[tuple[Button, ...], ...]:
    """Lay rows out. A row whose labels do not fit beside each other is broken; None leaves a button out."""
    laid: list[tuple[Button, ...]] = []
    for row in rows:
        buttons = tuple(button for button in row if button is not None)
        columns = len(buttons)
        while columns > 1 and any(len(button.label) > label_width(columns) for button in buttons):
            columns -= 1
        laid.extend(buttons[at : at + columns] for at in range(0, len(buttons), max(columns, 1)))
    return tuple(laid)
