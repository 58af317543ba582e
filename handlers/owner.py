"""Who speaks, where, and everything that answering takes: made once per update, so that handlers ask for one thing."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from aiogram import BaseMiddleware
from aiogram.types import CallbackQuery, Message, TelegramObject

from engine.control import EngineControl
from engine.model.commands import Asked, Command
from engine.model.messages import Reply
from handlers.chat import chat_of
from handlers.later import Later
from handlers.ports import SecondFactor, Tokens, Users
from handlers.ui.language import Texts

LATE_MS: Final = 30_000  # a message that waited so long for us was meant for another moment


class NotShown(Exception):
    """The engine has answered, and its answer could not be told."""


def waited_ms(message: Message, now_ms: int) -> int:
    """How long ago a message was written."""
    return now_ms - round(message.date.timestamp() * 1_000)


@dataclass(frozen=True, slots=True)
class Owner:
    """The one who speaks. Whether they may was decided before."""

    user: int
    chat: int
    texts: Texts
    engine: EngineControl
    users: Users
    tokens: Tokens
    factor: SecondFactor
    later: Later = field(default_factory=Later)
    wishes: list[Command] = field(default_factory=list)  # what reached the engine with this update
    replies: list[Reply] = field(default_factory=list)

    async def ask(self, wish: Command) -> Reply:
        """Ask the engine. From here on the wish may be granted, whatever becomes of the conversation."""
        self.wishes.append(wish)
        reply = await self.engine.ask(wish)
        self.replies.append(reply)
        return reply

    def asked(self) -> Asked:
        """Their stamp for a wish, as of now."""
        return self.engine.asked(str(self.user))

    def is_late(self, message: Message) -> bool:
        """Whether a message waited too long for us."""
        return waited_ms(message, self.now_ms) > LATE_MS

    @property
    def now_ms(self) -> int:
        """Wire time."""
        return self.engine.asked("").seen_ms


class Introduce(BaseMiddleware):
    """Puts `owner` beside a message or a tap."""

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Nobody without a name gets in."""
        assert isinstance(event, Message | CallbackQuery), "only these are listened to"
        if event.from_user is None:
            return None
        later: Later = data["later"]
        if isinstance(event, CallbackQuery) and event.message is not None:
            later.touched((event.message.chat.id, event.message.message_id))
        data["owner"] = owner = Owner(
            user=event.from_user.id,
            chat=event.chat.id if isinstance(event, Message) else chat_of(event),
            texts=data["texts"],
            engine=data["engine"],
            users=data["users"],
            tokens=data["tokens"],
            factor=data["factor"],
            later=later,
        )
        try:
            return await handler(event, data)
        except Exception as error:
            if owner.replies:
                raise NotShown from error
            raise
