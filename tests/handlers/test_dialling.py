"""The dial: there at once from memory, then with what history says and a picture; less risk waits for neither."""

import asyncio
from typing import Any

import pytest
from aiogram.methods import DeleteMessage, EditMessageCaption, EditMessageMedia, EditMessageText, SendMessage, SendPhoto

from engine.model.past import Dial, NotMeasured, WhyNot
from handlers.ui.callbacks import Go, Knob, Tell, View
from tests.doubles import FakeEngine
from tests.handlers.conversation import Conversation, assert_fits_telegram
from tests.handlers.past_samples import a_dial, a_what_if
from tests.handlers.samples import an_engine

PICTURE = b"\x89PNG"


def a_measured_engine() -> FakeEngine:
    engine = an_engine()
    engine.past.answers |= {
        "dial": lambda days: a_dial(),
        "dial_picture": lambda *_: PICTURE,
        "what_if": lambda changes, days, old: a_what_if(days),
    }
    return engine


def kinds(requests: list[Any]) -> list[type]:
    shown = (SendMessage, SendPhoto, EditMessageText, EditMessageCaption, EditMessageMedia, DeleteMessage)
    return [type(request) for request in requests if isinstance(request, shown)]


async def test_the_dial_becomes_a_picture_with_the_trades_a_week_of_each_place() -> None:
    chat = Conversation(a_measured_engine())

    requests = await chat.say("/threshold")

    assert kinds(requests) == [SendMessage, DeleteMessage, SendPhoto]
    assert "Last 30 days, all symbols:" in chat.shown
    assert "0.70: ≈ 3.7 a week, 16 trades ◂" in chat.shown
    assert "0.60: ≈ 18.0 a week, 18 trades · 🔒 latched on Oct 22\n" in chat.shown
    assert [button.text for button in chat.buttons][:2] == ["0.60 · 18.0 wk 🔒", "0.65 · 4.0 wk"]
    assert_fits_telegram(chat.html, chat.buttons)


async def test_turning_it_shows_what_the_place_would_have_done_before_apply() -> None:
    chat = Conversation(a_measured_engine())
    await chat.say("/threshold")

    requests = await chat.press_labelled("0.60")

    assert kinds(requests) == [EditMessageCaption, EditMessageMedia], "the picture stays until the new one is there"
    assert "Last 7 days\nold: 3 trades" in chat.shown
    assert [button.text for button in chat.buttons if "Set" in button.text] == ["Set 0.60"]
    assert not chat.engine.wishes
    assert chat.engine.past.asked[-3][:1] == ("dial_picture",)
    assert len(chat.shown) <= 1_024


async def test_the_second_question_takes_the_place_of_the_picture() -> None:
    chat = Conversation(a_measured_engine())
    await chat.say("/threshold")
    await chat.press_labelled("0.60")

    requests = await chat.press_labelled("Set 0.60")

    assert kinds(requests)[:2] == [DeleteMessage, SendMessage]
    assert "⬆ More risk" in chat.shown


async def test_it_is_set_while_history_is_still_walked() -> None:
    engine, walked = a_measured_engine(), asyncio.Event()

    async def slowly(days: int) -> Dial:
        await walked.wait()
        return a_dial()

    engine.past.dial = slowly  # type: ignore[method-assign]  # only here it takes its time
    chat = Conversation(engine)
    chat.waits = False
    await chat.say("/threshold")
    await chat.press_labelled("0.80")

    await chat.press_labelled("Set 0.80")
    assert engine.tunables.activation_threshold == 0.8
    walked.set()
    await chat.later.settled()

    assert "✅ Confidence threshold: 0.70 → 0.80" in chat.shown


async def test_without_history_the_remembered_bars_speak() -> None:
    chat = Conversation()

    requests = await chat.say("/threshold")

    assert kinds(requests) == [SendMessage]
    assert "bars looked at" in chat.shown


async def test_a_knob_of_an_impossible_place_is_drawn_at_the_nearest_possible_one() -> None:
    chat = Conversation(a_measured_engine())

    await chat.press(Knob(name="activation_threshold", value=9.0, apply=False).pack())

    assert any(button.text == "Set 0.95" for button in chat.buttons)


@pytest.mark.parametrize("data", [Go(view=View.THRESHOLD).pack(), Tell(view=View.THRESHOLD).pack()])
@pytest.mark.parametrize("language", ["en", "ru"])
async def test_buttons_lead_to_the_same_dial(data: str, language: str) -> None:
    chat = Conversation(a_measured_engine(), language=language)

    await chat.press(data)

    assert_fits_telegram(chat.html, chat.buttons)
    assert "◂" in chat.shown
    assert len(chat.shown) <= 1_024


async def test_without_a_picture_the_walked_numbers_are_told_all_the_same() -> None:
    engine = a_measured_engine()
    engine.past.answers["dial_picture"] = NotMeasured(WhyNot.BUSY)
    chat = Conversation(engine)

    requests = await chat.say("/threshold")

    assert kinds(requests) == [SendMessage, EditMessageText]
    assert "0.70: ≈ 3.7 a week" in chat.shown
