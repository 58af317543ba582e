"""The dial as a picture: drawn in every language, and what was latched looks otherwise than what was calm."""

from dataclasses import replace

import pytest

from engine.model.past import Dial
from handlers.ui.dial_picture import drawn
from handlers.ui.language import Languages
from tests.handlers.past_samples import a_dial

TEXTS = Languages("PAPER")


def with_latch(latched_ms: int) -> Dial:
    found = a_dial()
    return replace(found, steps=tuple(replace(step, latched_ms=latched_ms) for step in found.steps))


@pytest.mark.parametrize("language", TEXTS.known)
@pytest.mark.parametrize("dial", [a_dial(), with_latch(0), with_latch(a_dial().begin_ms + 1)])
def test_every_dial_can_be_drawn(dial: Dial, language: str) -> None:
    assert drawn(TEXTS.texts(language), dial, 0.7, 0.6).startswith(b"\x89PNG")


def test_a_lock_is_drawn_where_the_numbers_alone_would_be_the_same() -> None:
    calm, latched = with_latch(0), with_latch(a_dial().end_ms)

    assert [calm.per_week(step) for step in calm.steps] == [latched.per_week(step) for step in latched.steps]
    assert drawn(TEXTS.texts("en"), calm, 0.7, 0.7) != drawn(TEXTS.texts("en"), latched, 0.7, 0.7)
