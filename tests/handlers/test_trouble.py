"""A fault in the conversation is told in plain words, and the owner can go on."""

import logging

import pytest

from engine.model.commands import Command
from engine.model.messages import Reply
from tests.handlers.conversation import Conversation
from tests.handlers.samples import a_desk, a_position, an_engine


async def test_a_fault_is_apologised_for_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    chat = Conversation()

    async def failing(command: Command) -> Reply:
        raise RuntimeError("secret detail")

    chat.engine.ask = failing  # type: ignore[method-assign]  # the fault under test
    with caplog.at_level(logging.ERROR):
        await chat.say("/pause")

    assert "Trading is not touched" in chat.shown
    assert "secret detail" not in chat.shown
    assert "an update of the chat failed" in caplog.text


async def test_a_tap_that_failed_may_be_repeated() -> None:
    chat = Conversation(an_engine(a_desk(position=a_position())))
    await chat.say("/positions")
    close = next(button.callback_data or "" for button in chat.buttons if "✖ Close" in button.text)
    granting = chat.engine.ask

    async def failing(command: Command) -> Reply:
        raise RuntimeError("once")

    chat.engine.ask = failing  # type: ignore[method-assign]  # the fault under test
    await chat.press(close)
    chat.engine.ask = granting  # type: ignore[method-assign]
    await chat.press(close)

    assert len(chat.engine.wishes) == 1
