"""A token is taken once, in time, by its own mode only."""

import asyncio

import pytest
from redis.asyncio import Redis

from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_server import EmbeddedServer
from engine.adapters.redis_tokens import TOKENS, Tokens

RECORD = {"act": "enter", "intent": "abc", "user": 7, "price": 100.25}


async def test_a_token_gives_its_record_once(link: RedisLink) -> None:
    tokens = Tokens(link, "paper")
    token = await tokens.issue(RECORD, 60)

    assert await tokens.claim(token) == RECORD
    assert await tokens.claim(token) is None


async def test_looking_does_not_take_it(link: RedisLink) -> None:
    tokens = Tokens(link, "paper")
    token = await tokens.issue(RECORD, 60)

    assert await tokens.peek(token) == RECORD
    assert await tokens.claim(token) == RECORD


async def test_of_many_claims_at_once_exactly_one_succeeds(link: RedisLink) -> None:
    tokens = Tokens(link, "paper")
    token = await tokens.issue(RECORD, 60)

    claims = await asyncio.gather(*[tokens.claim(token) for _ in range(10)])

    assert claims.count(RECORD) == 1
    assert claims.count(None) == 9


async def test_a_token_is_long_short_lived_and_never_the_same(link: RedisLink, server: EmbeddedServer) -> None:
    tokens = Tokens(link, "paper")
    issued = {await tokens.issue(RECORD, 60) for _ in range(50)}

    async with Redis.from_url(server.url, protocol=2) as client:
        lives = [await client.ttl(TOKENS + token) for token in issued]

    assert len(issued) == 50
    assert {len(token) for token in issued} == {16}
    assert all(0 < life <= 60 for life in lives)


async def test_another_modes_token_says_nothing(link: RedisLink) -> None:
    token = await Tokens(link, "paper").issue(RECORD, 60)

    assert await Tokens(link, "live").peek(token) is None
    assert await Tokens(link, "live").claim(token) is None


@pytest.mark.parametrize("token", ["", "never-issued", "a b\nc"])
async def test_an_unknown_token_says_nothing(link: RedisLink, token: str) -> None:
    assert await Tokens(link, "paper").claim(token) is None
