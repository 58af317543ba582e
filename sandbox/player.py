"""Plays the owner through the chat alone: opens the panel, starts trading, allows both sides, takes every proposal.

It knows what a person knows: commands, and which button of a message says yes. Every card is pressed once.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

ENTER_PREFIX: Final = "c1:"  # a proposal's card: c1:<token>:<choice>
ENTER_SUFFIX: Final = ":e"
AGREE_PREFIX: Final = "ok:"  # a wish that was held back for a second tap
OPENING: Final = ("/start", "/run", "/both")
ANSWER_LIMIT_S: Final = 120.0
WAIT_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A message of the bot as the chat shows it now. `buttons` are their callback data."""

    message_id: int
    text: str
    buttons: tuple[str, ...]


class Chat(Protocol):
    """The owner's side of one chat."""

    async def send(self, text: str) -> None:
        """Write a message."""

    async def press(self, message_id: int, data: str) -> None:
        """Press a button."""

    async def news(self, wait_s: float) -> tuple[Seen, ...]:
        """Give the bot's messages that are new or changed since the last time; wait a while for the first."""


class NoAnswer(Exception):
    """The bot did not answer the owner in time."""


class Player:
    """The automatic owner. `pressed` counts the proposals it took."""

    def __init__(self, chat: Chat, say: Callable[[str], None]) -> None:
        self.pressed = 0
        self._chat = chat
        self._say = say
        self._done: set[tuple[int, str]] = set()

    async def open(self) -> None:
        """Open the panel, start trading, allow both sides; return when each was answered."""
        for command in OPENING:
            await self._chat.send(command)
            await self._answered(command)
        self._say("The owner has started trading, both sides.")

    async def play(self) -> None:
        """Take every proposal until cancelled."""
        while True:
            await self._look(WAIT_S)

    async def _answered(self, command: str) -> None:
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                while not await self._look(WAIT_S):
                    pass
        except TimeoutError:
            raise NoAnswer(f"the bot did not answer {command} within {ANSWER_LIMIT_S:.0f} s") from None

    async def _look(self, wait_s: float) -> bool:
        """Read what is new, press what says yes; say whether anything was new."""
        seen = await self._chat.news(wait_s)
        for message in seen:
            for data in message.buttons:
                if is_yes(data) and (message.message_id, data) not in self._done:
                    self._done.add((message.message_id, data))
                    self.pressed += data.startswith(ENTER_PREFIX)
                    await self._chat.press(message.message_id, data)
        return bool(seen)


def is_yes(data: str) -> bool:
    """Whether a button takes a proposal or agrees to a wish."""
    return data.startswith(AGREE_PREFIX) or (data.startswith(ENTER_PREFIX) and data.endswith(ENTER_SUFFIX))
