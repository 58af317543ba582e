"""The search for other settings in the chat: its verdict comes first, and only a better one can be applied from there."""

from dataclasses import replace

import pytest

from engine.model.commands import TuneAll
from engine.model.past import CalibrationFinding, EndCause, EntriesEnded, NotMeasured, WhyNot
from tests.handlers.conversation import Conversation, assert_fits_telegram
from tests.handlers.past_samples import END_MS, a_calibration
from tests.handlers.samples import an_engine


def a_chat(finding: CalibrationFinding, language: str = "en") -> Conversation:
    engine = an_engine()
    engine.past.answers["calibrate"] = a_calibration(finding)
    return Conversation(engine, language=language)


async def test_that_nothing_is_better_is_a_good_answer_and_offers_nothing() -> None:
    chat = a_chat(CalibrationFinding.NO_BETTER)

    await chat.say("/calibrate")

    assert "No setting is better than yours beyond chance." in chat.shown
    assert "yours: 60 trades · +1.0 R\nchosen: 80 trades · +4.2 R" in chat.shown
    assert "/shadow activation_threshold=0.55 weight.macd.bull_trend=2" in chat.shown
    assert not any("Apply" in button.text for button in chat.buttons)
    assert chat.engine.past.asked[0][2] == 365


async def test_better_ones_go_by_the_way_of_every_setting() -> None:
    chat = a_chat(CalibrationFinding.BETTER)
    await chat.say("/calibrate 200")

    await chat.press_labelled("Apply")
    assert not chat.engine.wishes
    await chat.press_labelled("Yes, do it")

    (wish,) = chat.engine.wishes
    assert isinstance(wish, TuneAll)
    assert wish.changes == (("activation_threshold", 0.55), ("weight.macd.bull_trend", 2.0))


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("finding", CalibrationFinding)
async def test_every_finding_has_its_words(language: str, finding: CalibrationFinding) -> None:
    chat = a_chat(finding, language)

    await chat.say("/calibrate")

    assert_fits_telegram(chat.html, chat.buttons)


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("cause", EndCause)
async def test_every_end_of_the_entries_has_its_words(language: str, cause: EndCause) -> None:
    chat, end = Conversation(language=language), EntriesEnded(cause, END_MS)
    answer = replace(a_calibration(), present_ended=end, chosen_ended=end)
    chat.engine.past.answers["calibrate"] = answer

    await chat.say("/calibrate")

    assert chat.shown.count("⚠️") == 2
    assert_fits_telegram(chat.html, chat.buttons)


async def test_a_wallet_too_small_is_told_under_the_verdict() -> None:
    chat = Conversation()
    answer = replace(a_calibration(), present_ended=EntriesEnded(EndCause.RAN_DRY, END_MS))
    chat.engine.past.answers["calibrate"] = answer

    await chat.say("/calibrate")

    assert "yours entered nothing after Nov 14, 2023: the wallet was too small for the smallest order." in chat.shown
    assert "a chosen one" not in chat.shown


async def test_too_short_a_time_is_said_in_one_line() -> None:
    chat = Conversation()
    chat.engine.past.answers["calibrate"] = NotMeasured(WhyNot.SHORT_TIME, "19 / 117")

    await chat.say("/calibrate 20")

    assert "too few days to choose on and to judge on (known after the warm-up / needed): 19 / 117" in chat.shown


@pytest.mark.parametrize("said", ["/calibrate abc", "/calibrate 9999", "/calibrate 0"])
async def test_what_is_wrong_is_said_at_once(said: str) -> None:
    chat = Conversation()

    await chat.say(said)

    assert "Days are 1 to 730 here" in chat.shown
    assert not chat.engine.past.asked
