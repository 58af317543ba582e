"""Which message of a chat carries which name, so that a card can be edited and a story continued, also after a restart."""

from typing import Final

from engine.adapters.redis_link import RedisLink, as_number

KEY: Final = "autobot:messages:"
KEPT_S: Final = 14 * 86_400


class KeptMessages:
    """Names of messages, forgotten after two weeks."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def find(self, chat: int, name: str) -> int | None:
        """The message that carries a name. Raises `StoreDown`."""
        if not name:
            return None
        text = await self._link.run(self._link.client.get(self._key(chat, name)))
        return None if text is None else as_number(text)

    async def keep(self, chat: int, name: str, message: int) -> None:
        """Give a message a name. Raises `StoreDown`."""
        if name:
            await self._link.run(self._link.client.set(self._key(chat, name), str(message), ex=KEPT_S))

    def _key(self, chat: int, name: str) -> str:
        return f"{KEY}{chat}:{name}"
