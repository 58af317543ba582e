"""Panic is two taps in fifteen seconds and asks nobody; lifting the latch asks for the second factor."""

import pytest

from engine.model.commands import ClosePosition, LockSymbol, Panic, PauseTrading, ResetLatch
from handlers.ui.callbacks import Card, Choice, Do, Verb
from tests.handlers.conversation import Conversation
from tests.handlers.samples import INTENT, NOW_MS, a_desk, a_latch, a_position, an_engine


async def test_panic_is_two_taps_and_the_second_one_is_elsewhere() -> None:
    chat = Conversation(an_engine(a_desk(position=a_position())))
    await chat.say("/panel")
    assert "Panic" in chat.buttons[-1].text
    await chat.press_labelled("🛑 Panic")
    assert not chat.engine.wishes
    assert "CLOSE EVERYTHING" in chat.buttons[0].text

    await chat.press_labelled("CLOSE EVERYTHING")

    assert [type(wish) for wish in chat.engine.wishes] == [Panic]
    assert chat.engine.wishes[0].asked.who == "7"


async def test_a_late_second_tap_asks_again() -> None:
    chat = Conversation()
    await chat.say("/panic")
    chat.engine.now_ms += 17_000

    await chat.press_labelled("CLOSE EVERYTHING")

    assert not chat.engine.wishes
    assert chat.toasts == ["Too late; please ask again."]
    await chat.press_labelled("CLOSE EVERYTHING")
    assert len(chat.engine.wishes) == 1


async def test_panic_with_real_money_never_asks_for_a_code() -> None:
    engine = an_engine()
    engine.label = "LIVE"
    chat = Conversation(engine, code="2468")
    await chat.say("/panic")

    await chat.press_labelled("CLOSE EVERYTHING LIVE")

    assert [type(wish) for wish in chat.engine.wishes] == [Panic]


async def test_a_panic_button_without_its_time_does_nothing() -> None:
    chat = Conversation()

    await chat.press(Do(verb=Verb.PANIC).pack())

    assert not chat.engine.wishes


async def test_the_latch_tells_its_cause_and_is_lifted_with_the_code() -> None:
    chat = Conversation(an_engine(latch=a_latch()), code="2468")
    await chat.say("/latch")
    assert "the drawdown limit was reached" in chat.shown
    assert "Seen 12.0%, limit 10.0%" in chat.shown

    await chat.press_labelled("🔓 Lift the latch")
    assert not chat.engine.wishes
    await chat.say("2468")

    assert [wish.set_ms for wish in chat.engine.wishes if isinstance(wish, ResetLatch)] == [a_latch().set_ms]


async def test_a_symbol_is_locked_for_hours_and_unlocked() -> None:
    chat = Conversation()
    await chat.say("/lock eth 2h")
    await chat.press_labelled("🔓 ETHUSDT")

    assert [wish.until_ms for wish in chat.engine.wishes if isinstance(wish, LockSymbol)] == [NOW_MS + 7_200_000, 0]


async def test_a_lock_that_is_not_understood_shows_an_example() -> None:
    chat = Conversation()

    await chat.say("/lock eth sometimes")

    assert "/lock ETHUSDT 4h" in chat.shown
    assert not chat.engine.wishes


@pytest.mark.parametrize("hours", ["9" * 40, "721", "-1"])
async def test_a_button_that_nobody_drew_locks_nothing_for_ages(hours: str) -> None:
    chat = Conversation()

    await chat.press(f"lk:ETHUSDT:{hours}")

    assert not chat.engine.wishes


async def test_what_lowers_risk_works_while_the_store_is_down_and_entries_do_not() -> None:
    chat = Conversation(an_engine(a_desk(position=a_position())))
    chat.tokens.records["token1"] = {"intent_id": INTENT, "user": chat.user, "chat": chat.user}
    chat.users.is_down = chat.tokens.is_down = True

    await chat.say("/pause")
    await chat.say("/positions")
    await chat.press_labelled("✖ Close")
    await chat.say("/panic")
    await chat.press_labelled("CLOSE EVERYTHING")
    await chat.press(Card(token="token1", choice=Choice.ENTER).pack())

    assert [type(wish) for wish in chat.engine.wishes] == [PauseTrading, ClosePosition, Panic]
    assert "memory store is unreachable" in chat.shown
