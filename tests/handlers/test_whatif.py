"""Old settings against new ones: the question stands at once, the figures follow, and nothing is changed by a look."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from engine.model.commands import Tune, TuneAll
from engine.model.past import Finding, NotMeasured, WhatIf, WhyNot
from handlers.ui.callbacks import Change
from tests.doubles import FakeEngine
from tests.handlers.conversation import Conversation, assert_fits_telegram
from tests.handlers.past_samples import DAY_MS, END_MS, a_what_if
from tests.handlers.samples import an_engine


def a_measured_engine(**others: Any) -> FakeEngine:
    engine = an_engine()
    engine.past.answers["what_if"] = lambda changes, days, old: a_what_if(days, **others)
    return engine


async def test_a_look_shows_old_against_new_and_changes_nothing() -> None:
    chat = Conversation(a_measured_engine())

    await chat.say("/whatif activation_threshold=0.5")

    assert "Confidence threshold: 0.70 → 0.50" in chat.shown
    assert "Last 7 days\nold: 3 trades · +0.4 R · +$9.00 · fall 2.1%" in chat.shown
    assert "Last 30 days" in chat.shown
    assert "new: 7 trades" in chat.shown
    assert "Too few trades to mean anything." in chat.shown
    assert "512 → 401" in chat.shown
    assert not chat.engine.wishes
    assert [asked[:3] for asked in chat.engine.past.asked] == [
        ("what_if", {"activation_threshold": 0.5}, days) for days in (7, 30)
    ]
    assert_fits_telegram(chat.html, chat.buttons)


async def test_what_lowers_risk_is_applied_by_one_tap_and_only_once() -> None:
    chat = Conversation(a_measured_engine())
    await chat.say("/whatif activation_threshold=0.8")
    apply = next(button.callback_data or "" for button in chat.buttons if "Apply" in button.text)

    await chat.press(apply)
    await chat.press(apply)

    assert [type(wish) for wish in chat.engine.wishes] == [Tune]
    assert chat.engine.tunables.activation_threshold == 0.8


async def test_what_raises_risk_is_asked_once_more_with_everything_that_would_change() -> None:
    chat = Conversation(a_measured_engine(), code="2468")
    await chat.say("/whatif activation_threshold = 0,5, rsi_period=10")

    await chat.press_labelled("Apply")
    assert "⬆ More risk. Confidence threshold: 0.70 → 0.50" in chat.shown
    assert "RSI period: 14 bars → 10 bars" in chat.shown
    assert not chat.engine.wishes
    await chat.say("2468")

    (wish,) = chat.engine.wishes
    assert isinstance(wish, TuneAll)
    assert wish.changes == (("activation_threshold", 0.5), ("rsi_period", 10.0))
    assert "✅ RSI period: 10 bars" in chat.shown


async def test_it_can_be_applied_while_nothing_is_measured_yet() -> None:
    engine, measured = an_engine(), asyncio.Event()

    async def slowly(changes: Mapping[str, float], days: int, old: Mapping[str, float] | None = None) -> WhatIf:
        await measured.wait()
        return a_what_if(days)

    engine.past.what_if = slowly  # type: ignore[method-assign]  # only here it takes its time
    chat = Conversation(engine)
    chat.waits = False
    await chat.say("/whatif activation_threshold=0.8")
    assert "being measured" in chat.shown

    await chat.press_labelled("Apply")
    applied = chat.shown
    measured.set()
    await chat.later.settled()

    assert "✅ Confidence threshold: 0.70 → 0.80" in applied
    assert chat.shown == applied, "figures that come late do not draw over what came of it"


@pytest.mark.parametrize(
    ("reason", "words"),
    [(WhyNot.BUSY, "something else is being measured"), (WhyNot.AWAY, "the exchange cannot be asked for past bars")],
)
async def test_where_nothing_can_be_measured_it_says_so_and_can_be_applied(reason: WhyNot, words: str) -> None:
    chat = Conversation()
    chat.engine.past.answers["what_if"] = NotMeasured(reason)

    await chat.say("/whatif activation_threshold=0.8")

    assert f"not measured yet ({words})" in chat.shown
    assert any("Apply" in button.text for button in chat.buttons)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("/whatif", "Ask like this"),
        ("/whatif nonsense", "Ask like this"),
        ("/whatif activation_threshold", "Ask like this"),
        ("/whatif activation_treshold=0.5", "There is no setting called activation_treshold. Closest: activation_threshold"),
        ("/whatif activation_threshold=7", "Confidence threshold is 0.05 – 0.95, you sent 7."),
        ("/whatif activation_threshold=x", "Confidence threshold is 0.05 – 0.95, you sent x."),
        ("/whatif activation_threshold=0.7", "That is what holds already."),
    ],
)
async def test_what_is_wrong_is_said_in_one_line(said: str, answer: str) -> None:
    chat = Conversation()

    await chat.say(said)

    assert answer in chat.shown
    assert not chat.engine.past.asked


async def test_settings_that_contradict_each_other_are_named() -> None:
    chat = Conversation()
    chat.engine.past.answers["what_if"] = NotMeasured(WhyNot.CONFLICT, "macd_fast must be shorter")

    await chat.say("/whatif macd_fast=40")

    assert "these settings contradict each other: macd_fast must be shorter" in chat.shown


async def test_a_button_that_is_too_old_or_somebody_elses_changes_nothing() -> None:
    chat = Conversation(a_measured_engine())
    await chat.say("/whatif activation_threshold=0.8")
    apply = next(button.callback_data or "" for button in chat.buttons if "Apply" in button.text)

    await chat.press(apply, user=8)
    await chat.press(Change(token="gone").pack())

    assert not chat.engine.wishes
    assert chat.toasts == ["This question is over. Please ask again."] * 2


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("finding", Finding)
async def test_every_finding_has_its_words(language: str, finding: Finding) -> None:
    chat = Conversation(a_measured_engine(finding=finding), language=language)

    await chat.say("/whatif activation_threshold=0.5 stop_atr_multiplier=2 take_profit_multiplier=3 leverage=5")

    assert_fits_telegram(chat.html, chat.buttons)


@pytest.mark.parametrize(
    ("finding", "is_told"), [(finding, finding not in (Finding.SAME, Finding.TOO_SMALL)) for finding in Finding]
)
async def test_where_the_difference_lies_is_told_only_where_it_may_mean_something(finding: Finding, is_told: bool) -> None:
    chat = Conversation(a_measured_engine(finding=finding, low_r=1.5, high_r=1.5))

    await chat.say("/whatif activation_threshold=0.5")

    assert ("difference +1.5 to +1.5 R" in chat.shown) is is_told


@pytest.mark.parametrize("reason", WhyNot)
async def test_every_reason_has_its_words(reason: WhyNot) -> None:
    chat = Conversation(language="ru")
    chat.engine.past.answers["what_if"] = NotMeasured(reason, "ETHUSDT")

    await chat.say("/whatif activation_threshold=0.5")

    assert "пока не посчитано" in chat.shown


async def test_a_time_of_which_little_is_known_is_not_passed_off_as_a_whole_one() -> None:
    chat = Conversation(a_measured_engine(begin_ms=END_MS - 2 * DAY_MS))

    await chat.say("/whatif activation_threshold=0.5")

    assert "Last 7 days · only 2 days of it known" in chat.shown


async def test_where_too_much_goes_on_already_the_question_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.later.MOST_AT_ONCE", 0)
    chat = Conversation(a_measured_engine())

    await chat.say("/whatif activation_threshold=0.5")

    assert "not measured yet (something else is being measured)" in chat.shown
