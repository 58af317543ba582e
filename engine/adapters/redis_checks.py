"""Is this server fit to remember positions? One that forgets on its own is refused, with the remedy."""

from collections.abc import Awaitable
from typing import Any, Final

from redis.exceptions import NoPermissionError, ResponseError

from engine.adapters.redis_link import RedisLink
from engine.ports import StoreDown

OLDEST: Final = (6, 2)  # the first that takes a token and deletes it in one step


class ServerUnfit(StoreDown):
    """The server may lose what it confirmed. The text names the setting and the remedy."""


async def check_server(link: RedisLink) -> list[str]:
    """Raise `ServerUnfit` where data may be lost, and return weaker doubts. What is hidden from us is not held against it."""
    facts = await _visible(link, link.client.info("all"))
    config = await _visible(link, link.client.config_get("append*", "maxmemory-policy"))
    _check_version(str(facts.get("redis_version", "")))
    policy = config.get("maxmemory-policy") or facts.get("maxmemory_policy")
    if policy not in ("noeviction", None):
        raise ServerUnfit(f"the store's server may throw data away: set maxmemory-policy to noeviction (it is {policy})")
    if config.get("appendonly") == "no" or facts.get("aof_enabled") == 0:
        raise ServerUnfit("the store's server keeps no journal on disk: set appendonly to yes")
    return list(_doubts(facts, config))


def _check_version(version: str) -> None:
    if version and tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        raise ServerUnfit(f"the store's server speaks as Redis {version}: 6.2 or newer is needed")


def _doubts(facts: dict[str, Any], config: dict[str, Any]) -> list[str]:
    if not facts and not config:
        return ["the store's server hides its settings: make sure of appendonly yes and maxmemory-policy noeviction"]
    fsync = config.get("appendfsync", "always")
    if fsync != "always":
        return [f"the store's server writes to disk with appendfsync {fsync}: a power cut may cost the newest entries"]
    return []


async def _visible(link: RedisLink, call: Awaitable[Any]) -> dict[str, Any]:
    """The answer, or nothing where the command is forbidden or renamed."""
    try:
        return dict(await link.run(call))
    except StoreDown as error:
        cause = error.__cause__
        if isinstance(cause, NoPermissionError) or (isinstance(cause, ResponseError) and "unknown command" in str(cause)):
            return {}
        raise
