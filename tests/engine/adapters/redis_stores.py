"""Stores as one process after another opens them."""

from typing import Any

from engine.adapters.redis_store import RedisStore
from tests.engine.adapters.saved_values import NAMESPACE


async def reopened(open_store: Any, namespace: str = NAMESPACE) -> RedisStore:
    """A store as the next process sees it, already read."""
    store: RedisStore = await open_store(namespace)
    await store.load()
    return store
