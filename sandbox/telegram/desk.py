"""What the methods work with: one object that holds the chats and all that belongs to them."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from sandbox.telegram.budget import Budget
from sandbox.telegram.callbacks import Callbacks
from sandbox.telegram.chats import Chat, Chats, Message
from sandbox.telegram.config import BotApiConfig
from sandbox.telegram.faults import Faults
from sandbox.telegram.files import Files
from sandbox.telegram.transcript import Transcript
from sandbox.telegram.updates import Update, Updates


class Desk:
    """The state of one Bot API. It lives as long as the server and is written nowhere."""

    def __init__(self, config: BotApiConfig, clock: Callable[[], float]) -> None:
        self.config = config
        self.clock = clock
        self.chats = Chats(config, clock)
        self.transcript = Transcript(clock)
        self.updates = Updates(clock, config.updates_kept_s, self._note_read)
        self.callbacks = Callbacks(clock, config.callback_timeout_s)
        self.budget = Budget(clock, config.messages_per_s, config.burst, config.penalty_s, config.strict_limits)
        self.faults = Faults(clock)
        self.files = Files()
        self.profile: dict[str, str] = {"name": config.bot_name, "description": "", "short_description": ""}
        self.commands: dict[tuple[str, str], list[dict[str, str]]] = {}
        self.menu_button: dict[str, Any] = {"type": "commands"}
        self.counts: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()

    def say(self, chat: Chat, content: dict[str, Any], *, is_silent: bool) -> Message:
        """Let the bot post a message. Only the transcript remembers whether it made a sound."""
        message = self.chats.post(chat, self.chats.bot, content)
        self.counts["messages"] += 1
        self.transcript.add("message", chat.chat_id, message=message, is_silent=is_silent)
        return message

    def change(self, chat: Chat, message: Message, content: dict[str, Any], dropped: tuple[str, ...] = ()) -> Message:
        """Let the bot edit a message."""
        edited = self.chats.edit(chat, message, content, dropped)
        self.counts["edits"] += 1
        self.transcript.add("edit", chat.chat_id, message=edited)
        return edited

    def commands_for(self, chat: Chat) -> list[dict[str, str]]:
        """Give the command list that a user's menu shows: the narrowest scope that has one."""
        language = str(chat.user.get("language_code", ""))
        for scope in (f"chat:{chat.chat_id}", "all_private_chats", "default"):
            for code in (language, ""):
                if (scope, code) in self.commands:
                    return self.commands[scope, code]
        return []

    def _note_read(self, update: Update) -> None:
        message = update.get("message")
        if message is not None:
            self.transcript.add("read", message["chat"]["id"], message_id=message["message_id"])
