"""What the conversation needs besides the engine, as narrow protocols. Adapters fulfil them, fakes with memory stand in."""

from typing import Any, Protocol


class Users(Protocol):
    """What is remembered about the people who may speak."""

    async def set_language(self, user: int, language: str) -> None:
        """Keep a user's choice of language."""

    async def set_value(self, user: int, name: str, value: str) -> None:
        """Keep a small thing about a user. An empty value forgets it."""

    async def get_value(self, user: int, name: str) -> str | None:
        """A small thing about a user, or None."""


class Tokens(Protocol):
    """Names for buttons that nobody can guess: each can be taken once, and only until it expires."""

    async def issue(self, record: dict[str, Any], ttl_s: int) -> str:
        """Keep a record for a while and return its token."""

    async def claim(self, token: str) -> dict[str, Any] | None:
        """Take a token's record; None where it expired, was taken, or never was. Of many claims one succeeds."""

    async def peek(self, token: str) -> dict[str, Any] | None:
        """Look at a token's record without taking it."""


class SecondFactor(Protocol):
    """A PIN or TOTP code. What raises risk asks for it; what lowers risk never does."""

    @property
    def is_configured(self) -> bool:
        """Whether there is a code to ask for."""

    async def verify(self, user: int, code: str) -> bool:
        """Check a code once, counting wrong ones; a right one opens the grace period for this user."""

    async def is_fresh(self, user: int) -> bool:
        """Whether this user gave a right code a short while ago."""
