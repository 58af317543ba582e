"""Tokens for buttons: a record under an unguessable name, that can be taken once and only until it expires."""

import secrets
from typing import Any, Final

import msgspec

from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_writer import PREFIX

TOKENS: Final = PREFIX + "tokens:"
TOKEN_BYTES: Final = 12  # 96 bits, 16 characters


class Tokens:
    """Tokens of one mode and account: a card made in paper mode says nothing to a live one."""

    def __init__(self, link: RedisLink, namespace: str) -> None:
        self._link = link
        self._namespace = namespace

    async def issue(self, record: dict[str, Any], ttl_s: int) -> str:
        """Keep a record for a while and return its token."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        text = msgspec.json.encode({"namespace": self._namespace, "record": record})
        await self._link.run(self._link.client.set(TOKENS + token, text, ex=ttl_s))
        return token

    async def claim(self, token: str) -> dict[str, Any] | None:
        """Take a token's record; None where it expired, was taken, or never was. Of many claims one succeeds."""
        return self._record(await self._link.run(self._link.client.getdel(TOKENS + token)))

    async def peek(self, token: str) -> dict[str, Any] | None:
        """Look at a token's record without taking it."""
        return self._record(await self._link.run(self._link.client.get(TOKENS + token)))

    def _record(self, text: bytes | str | None) -> dict[str, Any] | None:
        if text is None:
            return None
        kept = msgspec.json.decode(text)
        return kept["record"] if kept["namespace"] == self._namespace else None
