"""Tunables by command, by dial and by knob: lowering risk acts at once, raising it asks, nonsense is answered kindly."""

import pytest

from engine.model.commands import Tune
from engine.model.signals import Code
from engine.params import TUNABLES
from handlers.ui.callbacks import Knob
from handlers.ui.counted import counted
from tests.handlers.conversation import Conversation, assert_fits_telegram
from tests.handlers.past_samples import a_what_if
from tests.handlers.samples import a_ruling, an_engine


async def test_raising_the_threshold_acts_at_once() -> None:
    chat = Conversation()

    await chat.say("/threshold 0,8")

    assert chat.engine.tunables.activation_threshold == 0.8
    assert "✅ Confidence threshold: 0.70 → 0.80" in chat.shown


async def test_lowering_the_threshold_is_asked_once_more() -> None:
    chat = Conversation()
    await chat.say("/threshold 0.4")
    assert chat.engine.tunables.activation_threshold == 0.7

    await chat.press_labelled("Yes, do it")

    assert chat.engine.tunables.activation_threshold == 0.4


async def test_lowering_it_shows_first_what_the_last_bars_would_have_given() -> None:
    engine = an_engine()
    engine.judged = [a_ruling(confidence=0.9), *[a_ruling(Code.CONFIDENCE_LOW, confidence=0.5)] * 3]
    chat = Conversation(engine)

    await chat.say("/threshold 0.4")

    assert "4 bars looked at, all symbols:\n0.70: 1 entry ◂\n0.40: 4 entries" in chat.shown


async def test_lowering_it_with_a_code_set_wants_the_code() -> None:
    chat = Conversation(code="2468")
    await chat.say("/threshold 0.4")
    assert not any("Yes" in button.text for button in chat.buttons)

    await chat.say("2468")

    assert chat.engine.tunables.activation_threshold == 0.4
    assert chat.deleted == 1


async def test_a_fresh_code_is_not_asked_for_again() -> None:
    chat = Conversation(code="2468")
    await chat.say("/threshold 0.6")
    await chat.say("2468")

    await chat.say("/threshold 0.5")
    await chat.press_labelled("Yes, do it")

    assert chat.engine.tunables.activation_threshold == 0.5
    assert chat.factor.tried == ["2468"]


async def test_seventy_is_taken_for_a_slip_of_the_finger() -> None:
    chat = Conversation()

    await chat.say("/threshold 70")

    assert chat.shown == "Confidence threshold is 0.05 – 0.95, you sent 70. Did you mean 0.70?"
    assert [button.text for button in chat.buttons] == ["0.70", "✖ Cancel"]
    assert not chat.engine.wishes


async def test_the_guess_is_one_tap_away() -> None:
    chat = Conversation()
    await chat.say("/threshold 80")

    await chat.press_labelled("0.80")

    assert chat.engine.tunables.activation_threshold == 0.8


@pytest.mark.parametrize("said", ["abc", "nan", "1e999", "0.7; drop"])
async def test_what_is_no_number_changes_nothing(said: str) -> None:
    chat = Conversation()

    await chat.say(f"/threshold {said}")

    assert not chat.engine.wishes
    assert "you sent" in chat.shown


async def test_any_tunable_is_set_by_its_name_also_in_percent() -> None:
    chat = Conversation()

    await chat.say("/set risk_per_trade 0.5%")

    (wish,) = chat.engine.wishes
    assert isinstance(wish, Tune)
    assert (wish.name, wish.value) == ("risk_per_trade", 0.005)


async def test_a_misspelt_name_is_answered_with_the_closest() -> None:
    chat = Conversation()

    await chat.say("/set risk_per_trad 1%")

    assert "risk_per_trade" in chat.shown
    assert not chat.engine.wishes


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_every_tunable_has_a_knob_that_turns_without_changing_anything(language: str) -> None:
    chat = Conversation(language=language)

    for tunable in TUNABLES:
        await chat.say(f"/set {tunable.name}")
        turns = [button for button in chat.buttons if button.callback_data and button.callback_data.startswith("kn:")]
        assert turns, tunable.name
        for button in turns:
            assert not Knob.unpack(button.callback_data or "").apply
            await chat.press(button.callback_data or "")
            assert_fits_telegram(chat.html, chat.buttons)

    assert not chat.engine.wishes


async def test_every_group_of_settings_opens() -> None:
    chat = Conversation()
    await chat.say("/settings")

    for button in chat.buttons:
        await chat.press(button.callback_data or "")
        assert_fits_telegram(chat.html, chat.buttons)


async def test_a_knob_of_a_setting_that_no_longer_exists_leads_to_the_settings() -> None:
    chat = Conversation()

    await chat.press(Knob(name="gone", value=1.0, apply=True).pack())

    assert chat.toasts == ["This card is old; here is the current one."]
    assert not chat.engine.wishes


async def test_the_dial_counts_the_entries_that_each_threshold_would_have_given() -> None:
    engine = an_engine()
    engine.judged = [
        a_ruling(confidence=0.9),
        a_ruling(Code.CONFIDENCE_LOW, confidence=0.6),
        a_ruling(Code.CONFIDENCE_LOW, Code.ADX_LOW, confidence=0.65),
    ]

    chat = Conversation(engine)
    await chat.say("/threshold")

    assert counted(engine.judged, 0.7).entries == 1
    assert counted(engine.judged, 0.6).entries == 2
    assert "0.60: 2 entries" in chat.shown
    assert "0.70: 1 entry ◂" in chat.shown
    assert "▲" in chat.shown


async def test_what_neither_raises_nor_lowers_risk_is_looked_at_before_it_is_set() -> None:
    engine = an_engine()
    engine.past.answers["what_if"] = lambda changes, days, old: a_what_if(days)
    chat = Conversation(engine)

    await chat.say("/set exit_on_range 1")
    assert not chat.engine.wishes
    assert "Last 7 days" in chat.shown
    await chat.press_labelled("Set on")

    assert chat.engine.tunables.exit_on_range == 1


async def test_the_question_before_more_risk_shows_old_against_new() -> None:
    engine = an_engine()
    engine.past.answers["what_if"] = lambda changes, days, old: a_what_if(days)
    chat = Conversation(engine)

    await chat.say("/threshold 0.4")

    assert "⬆ More risk" in chat.shown
    assert "Last 30 days\nold: 3 trades" in chat.shown
    assert any("Yes, do it" in button.text for button in chat.buttons)


async def test_less_risk_waits_for_no_figures_and_is_told_them_afterwards() -> None:
    engine = an_engine()
    engine.past.answers["what_if"] = lambda changes, days, old: a_what_if(days)
    chat = Conversation(engine)

    await chat.say("/threshold 0.8")

    assert "✅ Confidence threshold: 0.70 → 0.80" in chat.shown
    assert "Last 30 days" in chat.shown
    assert engine.past.asked[1] == ("what_if", {"activation_threshold": 0.8}, 7, {"activation_threshold": 0.7})
