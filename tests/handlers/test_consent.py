"""What waits for consent waits for one person in one chat, not for long, and is granted once."""

from engine.model.commands import Tune
from handlers.ui.callbacks import Agree
from tests.handlers.conversation import Conversation, at_once
from tests.handlers.samples import NOW_MS


async def test_an_agreement_acts_once() -> None:
    chat = Conversation()
    await chat.say("/threshold 0.4")
    yes = Agree(token="token1").pack()

    await at_once(chat.press(yes), chat.press(yes))

    assert [type(wish) for wish in chat.engine.wishes] == [Tune]


async def test_somebody_else_cannot_agree() -> None:
    chat = Conversation()
    await chat.say("/threshold 0.4")

    await chat.press(Agree(token="token1").pack(), user=8)

    assert not chat.engine.wishes
    assert chat.toasts == ["This question is over. Please ask again."]


async def test_a_wish_that_wants_a_code_cannot_be_agreed_to_by_a_tap() -> None:
    chat = Conversation(code="2468")
    await chat.say("/threshold 0.4")

    await chat.press(Agree(token="token1").pack())

    assert not chat.engine.wishes


async def test_a_wrong_code_is_deleted_and_may_be_tried_again() -> None:
    chat = Conversation(code="2468")
    await chat.say("/threshold 0.4")

    await chat.say("1111")
    assert "That is not it" in chat.shown
    await chat.say("2468")

    assert len(chat.engine.wishes) == 1
    assert chat.deleted == 2


async def test_a_code_that_comes_after_the_question_expired_is_deleted_and_grants_nothing() -> None:
    chat = Conversation(code="2468")
    await chat.say("/threshold 0.4")
    chat.tokens.records.clear()

    await chat.say("2468")

    assert not chat.engine.wishes
    assert chat.deleted == 1
    assert "question is over" in chat.shown


async def test_a_code_that_was_read_late_is_deleted_and_grants_nothing_until_it_is_sent_again() -> None:
    chat = Conversation(code="2468")
    await chat.say("/threshold 0.4")

    await chat.say("2468", sent_ms=NOW_MS - 40_000)
    assert not chat.engine.wishes
    assert chat.deleted == 1
    assert "came late" in chat.shown

    await chat.say("2468")
    assert len(chat.engine.wishes) == 1


async def test_cancelling_leaves_the_question() -> None:
    chat = Conversation(code="2468")
    await chat.say("/threshold 0.4")

    await chat.say("/cancel")
    await chat.say("2468")

    assert not chat.engine.wishes
    assert not chat.factor.tried
