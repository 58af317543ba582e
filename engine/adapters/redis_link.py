"""The connection to the store: every failure becomes `StoreDown`, in words that hold no secret and within a time budget."""

import asyncio
from collections.abc import Awaitable
from typing import Final
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, BusyLoadingError, NoPermissionError, RedisError
from redis.exceptions import ConnectionError as Unreachable

from engine.ports import StoreDown

READ_BUDGET_MS: Final = 2_000
MAX_CONNECTIONS: Final = 16
ROUND_TRIP: Final = "surrogateescape"  # a damaged name goes back as it came
NOT_LET_IN: Final = ("NOAUTH", "WRONGPASS", "invalid username-password", "Authentication required")


class RedisLink:
    """A client that never repeats a command by itself: what is safe to repeat is known further up."""

    def __init__(self, url: str) -> None:
        self._secret = urlsplit(url).password or ""
        self.client: Redis = Redis.from_url(
            url,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            socket_timeout=None,  # the budgets are ours
            max_connections=MAX_CONNECTIONS,
            encoding_errors=ROUND_TRIP,
        )

    async def run[T](self, call: Awaitable[T], budget_ms: int = READ_BUDGET_MS) -> T:
        """Await one call to the store. Raises `StoreDown`."""
        try:
            async with asyncio.timeout(budget_ms / 1_000):
                return await call
        except TimeoutError as error:
            raise StoreDown(f"the store did not answer within {budget_ms} ms") from error
        except (RedisError, OSError) as error:
            raise StoreDown(said(error, self._secret)) from error

    async def close(self) -> None:
        """Leave the store."""
        await self.client.aclose()


def said(error: Exception, secret: str) -> str:
    """What went wrong, in words without the secret."""
    text = str(error).replace(secret, "***") if secret else str(error)
    if isinstance(error, AuthenticationError) or any(sign in text for sign in NOT_LET_IN):
        return "the store refuses the user name or password (REDIS_URL)"
    if isinstance(error, NoPermissionError):
        return f"the store forbids a command to this user: {text}"
    if isinstance(error, BusyLoadingError):
        return "the store is still reading its data"
    if isinstance(error, Unreachable | OSError):
        return f"the store cannot be reached: {text.rstrip('.')}: does it run, and is REDIS_URL right?"
    return f"the store failed: {text}"


def as_text(value: bytes | str) -> str:
    """What the client gave us, as text that can be shown: damaged bytes are question marks."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def as_name(value: bytes | str) -> str:
    """What the client gave us as the name of something, which it finds again by that, damaged or not."""
    return value.decode(errors=ROUND_TRIP) if isinstance(value, bytes) else value


def shown(name: str) -> str:
    """A name from `as_name` in a form that any text may hold."""
    return name.encode(errors="backslashreplace").decode()


def as_number(value: bytes | str) -> int | None:
    """What the client gave us as a whole number; None where it is none."""
    try:
        return int(value)
    except ValueError:
        return None
