"""The owner's side of the chat, for the automatic owner: what a person sees and does, and nothing else."""

from contextlib import suppress
from typing import Any

from sandbox.player import Seen
from sandbox.telegram.config import OWNER_ID
from sandbox.telegram.person import Impossible
from sandbox.telegram.server import BotApi


class OwnersChat:
    """Reads the transcript of the owner's chat from where it stopped last. Fulfils `player.Chat`."""

    def __init__(self, bot_api: BotApi) -> None:
        self._bot_api = bot_api
        self._seq = 0

    async def send(self, text: str) -> None:
        """Write a message."""
        self._bot_api.send(text)

    async def press(self, message_id: int, data: str) -> None:
        """Press a button; one that has gone meanwhile is let go, as on a phone."""
        with suppress(Impossible):
            await self._bot_api.press(message_id, data)

    async def news(self, wait_s: float) -> tuple[Seen, ...]:
        """Give the bot's messages that are new or changed, each in its newest form."""
        events = await self._bot_api.news(self._seq, OWNER_ID, wait_s)
        if events:
            self._seq = events[-1]["seq"]
        shown = [event["message"] for event in events if event["kind"] in ("message", "edit")]
        newest = {message["message_id"]: message for message in shown if message["from"]["is_bot"]}
        return tuple(seen(message) for message in newest.values())


def seen(message: dict[str, Any]) -> Seen:
    """Take from a message what the owner needs."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    buttons = tuple(button["callback_data"] for row in rows for button in row if "callback_data" in button)
    return Seen(message["message_id"], message.get("text") or message.get("caption") or "", buttons)
