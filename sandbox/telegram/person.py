"""What a person does in a chat: write, press, react, block. The bot learns of it by updates alone."""

import asyncio
from typing import Any

from sandbox.telegram.callbacks import Query
from sandbox.telegram.chats import Chat, Message
from sandbox.telegram.desk import Desk
from sandbox.telegram.keyboards import has_data
from sandbox.telegram.text import found_in


class Impossible(ValueError):
    """A person cannot do this: no such message, no such button."""


class Person:
    """The people's side of the chats."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def send(self, user_id: int, text: str, reply_to: int | None = None) -> Message:
        """Write a text; the first one starts the chat. Raises `Impossible`."""
        desk, words = self._desk, text.strip()
        if not words:
            raise Impossible("an empty text cannot be sent")
        chat = desk.chats.add(user_id)
        if chat.is_blocked:
            self.block(user_id, is_blocked=False)
        chat.is_started = True
        content: dict[str, Any] = {"text": words}
        entities = found_in(words, [])[1]
        if entities:
            content["entities"] = entities
        if reply_to is not None:
            content["reply_to_message"] = bare(self._message(chat, reply_to))
        message = desk.chats.post(chat, chat.user, content)
        desk.counts["texts"] += 1
        desk.transcript.add("message", chat.chat_id, message=message)
        desk.updates.push("message", message)
        return message

    def press(self, user_id: int, message_id: int, data: str, *, stale: bool = False) -> Query:
        """Press a button. `stale` presses one that the message no longer has, as an old screen can."""
        desk, chat = self._desk, self._desk.chats.add(user_id)
        message = self._message(chat, message_id)
        if not stale and not has_data(message.get("reply_markup"), data):
            raise Impossible(f"message {message_id} has no button with data {data!r}")
        query = desk.callbacks.open(chat.chat_id, message_id, data)
        desk.counts["callbacks"] += 1
        desk.transcript.add("press", chat.chat_id, message_id=message_id, data=data, query_id=query.query_id)
        body = {"id": query.query_id, "from": chat.user, "message": message, "chat_instance": str(chat.chat_id), "data": data}
        desk.updates.push("callback_query", body)
        return query

    async def answer_to(self, query: Query, wait_s: float) -> dict[str, Any] | None:
        """Wait for the bot's answer to a press; None where none comes."""
        done, _ = await asyncio.wait({query.answer}, timeout=wait_s)
        return query.answer.result() if done else None

    def data_at(self, user_id: int, message_id: int, index: int) -> str:
        """Give the data of a message's button, counted from 0, row by row. Raises `Impossible`."""
        message = self._message(self._desk.chats.add(user_id), message_id)
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        buttons = [button for row in rows for button in row]
        if not 0 <= index < len(buttons) or "callback_data" not in buttons[index]:
            raise Impossible(f"message {message_id} has no button {index} that can be pressed")
        return str(buttons[index]["callback_data"])

    def react(self, user_id: int, message_id: int, emoji: str) -> None:
        """Put a reaction under a message, or take it away with ""."""
        desk, chat = self._desk, self._desk.chats.add(user_id)
        message = self._message(chat, message_id)
        new = [{"type": "emoji", "emoji": emoji}] if emoji else []
        body = {"chat": chat.described(), "message_id": message_id, "user": chat.user, "date": int(desk.clock())}
        desk.transcript.add("reaction", chat.chat_id, message_id=message["message_id"], emoji=emoji, by="user")
        desk.updates.push("message_reaction", {**body, "old_reaction": [], "new_reaction": new})

    def block(self, user_id: int, *, is_blocked: bool) -> None:
        """Block the bot, or let it in again."""
        desk, chat = self._desk, self._desk.chats.add(user_id)
        if chat.is_blocked == is_blocked:
            return
        chat.is_blocked = is_blocked
        states = ("member", "kicked") if is_blocked else ("kicked", "member")
        old, new = ({"user": desk.chats.bot, "status": status, "until_date": 0} for status in states)
        body = {"chat": chat.described(), "from": chat.user, "date": int(desk.clock())}
        desk.transcript.add("blocked", chat.chat_id, is_blocked=is_blocked)
        desk.updates.push("my_chat_member", {**body, "old_chat_member": old, "new_chat_member": new})

    def _message(self, chat: Chat, message_id: int) -> Message:
        found = chat.messages.get(message_id)
        if found is None:
            raise Impossible(f"chat {chat.chat_id} has no message {message_id}")
        return found


def bare(message: Message) -> Message:
    """Give a message as another one quotes it: without what it replied to itself."""
    return {name: value for name, value in message.items() if name != "reply_to_message"}
