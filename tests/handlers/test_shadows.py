"""The shadow in the chat: begun without a question, made real only by the way of every setting, ended by a tap."""

from dataclasses import replace

import pytest

from engine.model.commands import Tune
from engine.model.past import Finding, NotMeasured, WhyNot
from handlers.ui.callbacks import Beside, ShadowDo
from tests.handlers.conversation import Conversation, assert_fits_telegram
from tests.handlers.past_samples import a_comparison, a_what_if
from tests.handlers.samples import an_engine


def a_chat(language: str = "en", finding: Finding = Finding.TOO_SMALL, code: str = "") -> Conversation:
    engine = an_engine()
    engine.shadow.comparison = a_comparison(finding)
    engine.past.answers["what_if"] = lambda changes, days, old: a_what_if(days)
    return Conversation(engine, language=language, code=code)


async def test_without_one_it_says_how_to_begin() -> None:
    chat = a_chat()

    await chat.say("/shadow")

    assert "Begin one like this" in chat.shown


async def test_one_is_begun_at_once_and_shown_beside_the_live_settings() -> None:
    chat = a_chat()

    await chat.say("/shadow activation_threshold=0.5 leverage=5")

    assert chat.engine.shadow.plan is not None
    assert chat.engine.shadow.plan.changes == (("activation_threshold", 0.5), ("leverage", 5.0))
    assert "✅ It begins now." in chat.shown
    assert "live: 3 trades · −0.8 R · −$12.30 · fall 1.2%" in chat.shown
    assert "shadow: 7 trades · +1.2 R" in chat.shown
    assert not chat.engine.wishes


@pytest.mark.parametrize(
    ("finding", "is_told"), [(finding, finding not in (Finding.SAME, Finding.TOO_SMALL)) for finding in Finding]
)
async def test_where_the_difference_lies_is_told_only_where_it_may_mean_something(finding: Finding, is_told: bool) -> None:
    chat = a_chat(finding=finding)

    await chat.say("/shadow activation_threshold=0.5")

    assert ("difference −0.5 to +4.1 R" in chat.shown) is is_told


async def test_promoting_goes_by_the_way_of_every_setting() -> None:
    chat = a_chat(code="2468")
    await chat.say("/shadow activation_threshold=0.5")

    await chat.press_labelled("Make these my settings")
    assert "Last 30 days" in chat.shown
    assert not chat.engine.wishes
    await chat.press_labelled("Apply")
    assert not chat.engine.wishes
    await chat.say("2468")

    (wish,) = chat.engine.wishes
    assert isinstance(wish, Tune)
    assert (wish.name, wish.value) == ("activation_threshold", 0.5)
    assert "👥 The shadow goes on, with the same settings as yours now. To end it: /shadow stop" in chat.shown


@pytest.mark.parametrize(
    ("said", "is_same"),
    [
        ("/threshold 0.8", True),
        ("/whatif activation_threshold=0.8", True),
        ("/threshold 0.9", False),
        ("/set leverage 3", False),
    ],
)
async def test_a_shadow_that_became_the_same_as_the_live_settings_is_told_by_whatever_way_they_were_changed(
    said: str, is_same: bool
) -> None:
    chat = a_chat()
    await chat.say("/shadow activation_threshold=0.8")

    await chat.say(said)
    if said.startswith("/whatif"):
        await chat.press_labelled("Apply")

    assert len(chat.engine.wishes) == 1
    assert ("The shadow goes on" in chat.shown) is is_same


async def test_what_became_real_already_is_not_promoted_again() -> None:
    chat = a_chat()
    await chat.say("/shadow activation_threshold=0.5")
    chat.engine.tunables = chat.engine.tunables._replace(activation_threshold=0.5)

    await chat.press_labelled("Make these my settings")

    assert "That is what holds already." in chat.shown


@pytest.mark.parametrize("how", ["command", "button"])
async def test_it_ends(how: str) -> None:
    chat = a_chat()
    await chat.say("/shadow activation_threshold=0.5")

    await (chat.say("/shadow stop") if how == "command" else chat.press_labelled("End the shadow"))

    assert chat.engine.shadow.plan is None
    assert "✅ The shadow ended." in chat.shown


async def test_buttons_of_a_shadow_that_is_gone_touch_no_other() -> None:
    chat = a_chat()
    await chat.say("/shadow activation_threshold=0.5")
    assert chat.engine.shadow.plan is not None
    chat.engine.shadow.plan = replace(chat.engine.shadow.plan, since_ms=chat.engine.shadow.plan.since_ms + 60_000)

    for act in (Beside.STOP, Beside.PROMOTE):
        await chat.press(ShadowDo(act=act, since_s=1_700_000_000).pack())

    assert chat.engine.shadow.plan is not None
    assert not chat.engine.wishes


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("/shadow activation_threshold=7", "you sent 7"),
        ("/shadow nonsense=7", "There is no setting called nonsense"),
        ("/shadow activation_threshold=0.7", "That is what holds already."),
    ],
)
async def test_what_is_wrong_is_said_in_one_line(said: str, answer: str) -> None:
    chat = a_chat()

    await chat.say(said)

    assert answer in chat.shown
    assert chat.engine.shadow.plan is None


async def test_settings_that_contradict_each_other_begin_nothing() -> None:
    chat = a_chat()
    chat.engine.shadow.refuses = NotMeasured(WhyNot.CONFLICT, "macd_fast")

    await chat.say("/shadow macd_fast=40")

    assert "contradict each other: macd_fast" in chat.shown


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("finding", Finding)
async def test_every_finding_has_its_words(language: str, finding: Finding) -> None:
    chat = a_chat(language, finding)

    await chat.say("/shadow activation_threshold=0.5 stop_atr_multiplier=2 weight.macd.range=0")

    assert_fits_telegram(chat.html, chat.buttons)
