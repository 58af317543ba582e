"""Users, their private chats with the bot, and the messages in them. A private chat has the id of its user."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.telegram.config import BOT_ID, OWNER_ID, BotApiConfig
from sandbox.telegram.refusals import bad_request, forbidden

MAX_MESSAGES: Final = 3_000

type Message = dict[str, Any]
type User = dict[str, Any]


@dataclass(slots=True)
class Chat:
    """One user's chat. Until the user starts it the bot does not find it."""

    user: User
    is_started: bool = False
    is_blocked: bool = False
    messages: dict[int, Message] = field(default_factory=dict)
    pinned: list[int] = field(default_factory=list)

    @property
    def chat_id(self) -> int:
        """The id of chat and user."""
        return int(self.user["id"])

    def described(self) -> dict[str, Any]:
        """Describe the chat as messages carry it."""
        return {"id": self.chat_id, "type": "private", "first_name": self.user["first_name"]}

    def message(self, message_id: int, purpose: str) -> Message:
        """Find a message. Raises `Refused` with the words for the purpose."""
        found = self.messages.get(message_id)
        if found is None:
            raise bad_request(f"message to {purpose} not found")
        return found


class Chats:
    """All chats. The owner's is there from the beginning, others come when somebody asks for them."""

    def __init__(self, config: BotApiConfig, clock: Callable[[], float]) -> None:
        self.bot: User = {
            "id": BOT_ID,
            "is_bot": True,
            "first_name": config.bot_name,
            "username": config.bot_username,
        }
        self._language = config.language
        self._clock = clock
        self._next_id = 1
        self.chats: dict[int, Chat] = {}
        self.add(OWNER_ID, config.owner_name).is_started = config.owner_has_started

    def add(self, user_id: int, name: str = "") -> Chat:
        """Make a user, or give the one that is there."""
        chat = self.chats.get(user_id)
        if chat is None:
            first_name = name or f"User {user_id}"
            user = {"id": user_id, "is_bot": False, "first_name": first_name, "language_code": self._language}
            chat = self.chats[user_id] = Chat(user)
        return chat

    def for_bot(self, text: str) -> Chat:
        """Find the chat that a call names. Raises `Refused`."""
        if not text:
            raise bad_request("chat_id is empty")
        chat = self.chats.get(int(text)) if text.lstrip("-").isdecimal() else None
        if chat is None or not chat.is_started:
            raise bad_request("chat not found")
        if chat.is_blocked:
            raise forbidden("bot was blocked by the user")
        return chat

    def post(self, chat: Chat, sender: User, content: dict[str, Any]) -> Message:
        """Put a new message into a chat."""
        message = {
            "message_id": self._next_id,
            "from": sender,
            "chat": chat.described(),
            "date": int(self._clock()),
            **content,
        }
        chat.messages[self._next_id] = message
        self._next_id += 1
        if len(chat.messages) > MAX_MESSAGES:
            del chat.messages[next(iter(chat.messages))]
        return message

    def edit(self, chat: Chat, message: Message, content: dict[str, Any], dropped: tuple[str, ...] = ()) -> Message:
        """Put an edited copy in a message's place; what was handed out before never changes."""
        kept = {name: value for name, value in message.items() if name not in dropped}
        edited = {**kept, "edit_date": int(self._clock()), **content}
        chat.messages[message["message_id"]] = edited
        return edited
