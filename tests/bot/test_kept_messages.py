"""The names of messages."""

from typing import Any, cast

from bot.kept_messages import KeptMessages
from engine.adapters.redis_link import RedisLink


class Kept:
    """A store that holds one damaged number."""

    @property
    def client(self) -> "Kept":
        return self

    async def get(self, _: str) -> bytes:
        return b"7\xb7"

    async def run(self, call: Any) -> Any:
        return await call


async def test_a_damaged_number_is_no_message() -> None:
    assert await KeptMessages(cast(RedisLink, Kept())).find(42, "card:1") is None
