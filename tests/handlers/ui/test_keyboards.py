"""Buttons: under 64 bytes whatever they carry, and beside each other only where their labels fit."""

import pytest

from engine.params import TUNABLES
from handlers.ui import keyboards as keys
from handlers.ui.callbacks import Card, Choice, Knob
from handlers.ui.language import Languages, Texts
from handlers.ui.screen import Button, arranged, label_width
from tests.handlers.samples import INTENT, NOW_MS
from tests.handlers.ui.longer import longer

TOKEN = "A-_b" * 4  # as long as a real one
TEXTS = [Languages("LIVE").texts("en"), Languages("LIVE").texts("ru"), longer()]


@pytest.mark.parametrize("texts", TEXTS)
def test_the_buttons_of_cards_fit_also_when_they_are_longer(texts: Texts) -> None:
    rows = (
        *keys.on_card(texts, TOKEN, "1000000MOGUSDT", "$1,234,567.89"),
        *keys.on_position(texts, INTENT, "1000000MOGUSDT", NOW_MS),
    )

    for row in rows:
        assert all(len(button.label) <= label_width(len(row)) + 4 * (len(row) == 1) for button in row)
        assert all(len(button.data.encode()) <= 64 for button in row)


def test_a_knob_of_every_tunable_fits_into_sixty_four_bytes() -> None:
    for tunable in TUNABLES:
        for value in (tunable.low, tunable.high, round(tunable.high / 3, 6)):
            data = Knob(name=tunable.name, value=value, apply=True).pack()

            assert len(data.encode()) <= 64
            assert Knob.unpack(data).value == value


def test_a_card_button_says_its_token_and_its_choice_and_no_more() -> None:
    assert Card(token=TOKEN, choice=Choice.ENTER).pack() == f"c1:{TOKEN}:e"


def test_a_row_is_broken_where_a_label_does_not_fit() -> None:
    short, long = Button("short", "a"), Button("a label that is far too long", "b")

    assert arranged([short, short]) == ((short, short),)
    assert arranged([short, long]) == ((short,), (long,))
    assert arranged([None, short], []) == ((short,),)
