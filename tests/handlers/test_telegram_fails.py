"""Telegram may fail or hang at any step of an answer: what lowers risk is done all the same, once, and told truly."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest, TelegramNetworkError
from aiogram.methods import AnswerCallbackQuery, EditMessageText, SendMessage, TelegramMethod

from engine.model.commands import ClosePosition, Command, DeclineEntry, PauseTrading
from handlers import chat as showing
from handlers.ui.callbacks import Card, Choice, CloseAll, Do, Go, Hold, Lock, OnPosition, Verb, View
from tests.handlers.conversation import Conversation, Recorder
from tests.handlers.samples import INTENT, NOW_MS, SYMBOL, a_desk, a_position, a_proposal, an_engine

UNTIL_S = NOW_MS // 1_000 + 10
TOKEN = "token1"

type Fault = Callable[[TelegramMethod[Any]], TelegramAPIError]

LOWERS_RISK = {
    "close": Hold(act=OnPosition.CLOSE, intent_id=INTENT, stamp=NOW_MS).pack(),
    "half": Hold(act=OnPosition.HALF, intent_id=INTENT, stamp=NOW_MS).pack(),
    "stop to entry": Hold(act=OnPosition.ENTRY_STOP, intent_id=INTENT, stamp=NOW_MS).pack(),
    "close all": CloseAll(percent=100, until_s=UNTIL_S).pack(),
    "panic": Do(verb=Verb.PANIC, until_s=UNTIL_S).pack(),
    "stop": Do(verb=Verb.STOP_KEEP).pack(),
    "stop and close": Do(verb=Verb.STOP_CLOSE).pack(),
    "pause": Do(verb=Verb.PAUSE).pack(),
    "lock": Lock(symbol=SYMBOL, hours=4).pack(),
    "skip": Card(token=TOKEN, choice=Choice.SKIP).pack(),
}


def too_old(method: TelegramMethod[Any]) -> TelegramAPIError:
    return TelegramBadRequest(method=method, message="Bad Request: query is too old and response timeout expired")


def unreachable(method: TelegramMethod[Any]) -> TelegramAPIError:
    return TelegramNetworkError(method=method, message="Request timeout error")


class FailingRecorder(Recorder):
    """Fails requests of one kind, or lets them hang: all of them, or the first ones."""

    def __init__(self, kind: type, fault: Fault | None, times: int) -> None:
        super().__init__()
        self.kind = kind
        self.fault = fault
        self.left = times

    async def make_request(self, bot: Bot, method: TelegramMethod[Any], timeout: int | None = None) -> Any:
        if isinstance(method, self.kind) and self.left:
            self.left -= 1
            if self.fault is None:
                await asyncio.Event().wait()
            else:
                raise self.fault(method)
        return await super().make_request(bot, method, timeout)


def failing(kind: type, fault: Fault | None, times: int = 1_000) -> Conversation:
    """A chat with an open position and an open card, in which one kind of request fails."""
    chat = Conversation(an_engine(a_desk(position=a_position(), proposal=a_proposal())))
    chat.tokens.records[TOKEN] = {"intent_id": INTENT, "user": chat.user, "chat": chat.user}
    chat.recorder = FailingRecorder(kind, fault, times)
    chat.bot.session = chat.recorder
    return chat


@pytest.mark.parametrize("fault", [too_old, unreachable])
@pytest.mark.parametrize("tap", LOWERS_RISK)
async def test_what_lowers_risk_is_done_and_shown_also_where_the_tap_cannot_be_answered(tap: str, fault: Fault) -> None:
    chat = failing(AnswerCallbackQuery, fault)

    await chat.press(LOWERS_RISK[tap])

    assert len(chat.engine.wishes) == 1
    assert "could not be" not in chat.shown


@pytest.mark.parametrize("tap", LOWERS_RISK)
async def test_what_lowers_risk_does_not_wait_for_an_answer_that_hangs(tap: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showing, "TOAST_S", 0.01)
    chat = failing(AnswerCallbackQuery, None)

    await chat.press(LOWERS_RISK[tap])

    assert len(chat.engine.wishes) == 1
    assert chat.shown


@pytest.mark.parametrize("choice", [Choice.ENTER, Choice.HALF])
async def test_an_old_tap_that_telegram_no_longer_takes_an_answer_to_enters_nothing(choice: Choice) -> None:
    chat = failing(AnswerCallbackQuery, too_old)

    await chat.press(Card(token=TOKEN, choice=choice).pack())

    assert not chat.engine.wishes
    assert "could not be done" in chat.shown


@pytest.mark.parametrize("view", [View.PANIC, View.STOP, View.POSITIONS, View.PANEL])
async def test_the_ways_to_an_exit_are_shown_also_where_the_tap_cannot_be_answered(view: View) -> None:
    chat = failing(AnswerCallbackQuery, unreachable)

    await chat.press(Go(view=view).pack())

    assert "could not be" not in chat.shown
    assert chat.buttons


@pytest.mark.parametrize("tap", LOWERS_RISK)
async def test_what_was_granted_and_could_not_be_shown_is_not_called_undone(tap: str) -> None:
    chat = failing(EditMessageText, unreachable)

    await chat.press(LOWERS_RISK[tap])

    assert len(chat.engine.wishes) == 1
    assert "could not be shown" in chat.shown
    assert "/positions" in chat.shown
    assert "could not be done" not in chat.shown


async def test_a_half_whose_card_could_not_be_drawn_is_not_taken_twice() -> None:
    chat = failing(EditMessageText, unreachable)

    await chat.press(LOWERS_RISK["half"])
    await chat.press(LOWERS_RISK["half"])

    assert [wish.fraction for wish in chat.engine.wishes if isinstance(wish, ClosePosition)] == [0.5]
    assert "Already done; this button is spent." in chat.toasts


async def test_a_half_that_nobody_waited_out_is_not_taken_twice() -> None:
    chat = failing(EditMessageText, unreachable)

    async def unanswered(command: Command) -> Any:
        chat.engine.wishes.append(command)
        await asyncio.Event().wait()

    chat.engine.ask = unanswered  # type: ignore[method-assign]  # the fault under test
    asking = asyncio.create_task(chat.press(LOWERS_RISK["half"]))
    while not chat.engine.wishes:  # noqa: ASYNC110  # the engine tells nobody
        await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait([asking])
    await chat.press(LOWERS_RISK["half"])

    assert len(chat.engine.wishes) == 1


async def test_a_whole_close_whose_card_could_not_be_drawn_may_be_tapped_again() -> None:
    chat = failing(EditMessageText, unreachable)

    await chat.press(LOWERS_RISK["close"])
    await chat.press(LOWERS_RISK["close"])

    assert [type(wish) for wish in chat.engine.wishes] == [ClosePosition, ClosePosition]  # done twice it changes nothing


async def test_a_command_that_was_granted_and_could_not_be_shown_is_not_called_undone() -> None:
    chat = failing(SendMessage, unreachable, times=1)

    await chat.say("/pause")

    assert [type(wish) for wish in chat.engine.wishes] == [PauseTrading]
    assert "could not be shown" in chat.shown


async def test_skipping_by_two_taps_declines_once() -> None:
    chat = failing(AnswerCallbackQuery, unreachable)

    await asyncio.gather(chat.press(LOWERS_RISK["skip"]), chat.press(LOWERS_RISK["skip"]), return_exceptions=True)

    assert [type(wish) for wish in chat.engine.wishes] == [DeclineEntry]
