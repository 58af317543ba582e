"""Writes that happen once and in order: all or nothing, by the newest process only, never late.

Every write carries the writer's epoch and a rising number. The store refuses an older epoch (another process took over)
and an older number (a write that was given up and arrives late). After a write without an answer, `settle` closes the
door behind it and tells whether it went through.
"""

import os
from collections.abc import Sequence
from typing import Final, NamedTuple

from engine.adapters.redis_link import READ_BUDGET_MS, RedisLink
from engine.ports import StoreDown

PREFIX: Final = "autobot:"
LOCK: Final = PREFIX + "lock"
ARCHIVE: Final = PREFIX + "archive:"

# What belongs to one mode and account: put away when the owner switches to another one, and brought back later.
TAKE: Final = """
local lock, prefix, archive = KEYS[1], ARGV[4], ARGV[5]
local held = redis.call('HMGET', lock, 'epoch', 'seq', 'namespace')
local before = held[3] or ''
if before ~= '' and before ~= ARGV[2] then
  for i = 2, #KEYS do
    local name = string.sub(KEYS[i], #prefix + 1)
    if redis.call('EXISTS', KEYS[i]) == 1 then
      redis.call('RENAME', KEYS[i], archive .. before .. ':' .. name)
    end
    local kept = archive .. ARGV[2] .. ':' .. name
    if redis.call('EXISTS', kept) == 1 then redis.call('RENAME', kept, KEYS[i]) end
  end
end
local epoch = string.format('%.0f', math.max(tonumber(held[1] or '0') + 1, tonumber(ARGV[1])))
redis.call('HSET', lock, 'epoch', epoch, 'seq', held[2] or '0', 'namespace', ARGV[2], 'holder', ARGV[3])
return {epoch, held[2] or '0', before}
"""

# Each command is preceded by its number of words. A trade is written only where its id is new.
APPLY: Final = """
local held = redis.call('HMGET', KEYS[1], 'epoch', 'seq')
local stored, mine = tonumber(held[1] or '0'), tonumber(ARGV[1])
if stored > mine then return 'FENCED' end
if stored < mine then return 'FORGOTTEN' end
if tonumber(held[2] or '0') >= tonumber(ARGV[2]) then return 'LATE' end
local at = 3
while at <= #ARGV do
  local last = at + tonumber(ARGV[at])
  if ARGV[at + 1] == 'ONCE' then
    if redis.call('SADD', ARGV[at + 2], ARGV[at + 3]) == 1 then redis.call(unpack(ARGV, at + 4, last)) end
  else
    redis.call(unpack(ARGV, at + 1, last))
  end
  at = last + 1
end
redis.call('HSET', KEYS[1], 'seq', ARGV[2], 'batch', ARGV[2])
return 'OK'
"""

SETTLE: Final = """
local held = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'batch')
local stored, mine = tonumber(held[1] or '0'), tonumber(ARGV[1])
if stored > mine then return 'FENCED' end
if stored < mine then return 'FORGOTTEN' end
redis.call('HSET', KEYS[1], 'seq', ARGV[2])
return held[3] or '0'
"""

type Command = tuple[str | bytes | int, ...]


class Fenced(StoreDown):
    """A newer process writes to this store. This one must stop at once."""


class Forgotten(StoreDown):
    """The store no longer knows this writer: it was emptied or replaced by an older copy."""


class Unanswered(StoreDown):
    """Nobody knows whether the write went through; `settle` tells."""


class Taken(NamedTuple):
    """What was found when the store was taken over. `namespace_before` "" = a new store."""

    epoch: int
    seq: int
    namespace_before: str


class RedisWriter:
    """The only way state gets into the store."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self.epoch = 0
        self.seq = 0

    async def take(self, namespace: str, now_ms: int, keys: Sequence[str]) -> Taken:
        """Become the writer: whoever wrote before is refused from now on."""
        owner = f"{os.uname().nodename}:{os.getpid()}"
        call = self._link.client.eval(TAKE, 1 + len(keys), LOCK, *keys, str(now_ms), namespace, owner, PREFIX, ARCHIVE)
        epoch, seq, before = await self._link.run(call, READ_BUDGET_MS)
        self.epoch, self.seq = int(epoch), int(seq)
        return Taken(self.epoch, self.seq, before.decode())

    async def apply(self, commands: Sequence[Command], budget_ms: int) -> None:
        """Do all of the commands or none. Raises `Unanswered`, `Fenced` or `Forgotten`."""
        assert self.epoch, "take the store first"
        self.seq += 1
        words = [word for command in commands for word in (len(command), *command)]
        call = self._link.client.eval(APPLY, 1, LOCK, str(self.epoch), str(self.seq), *words)
        try:
            answer = await self._link.run(call, budget_ms)
        except StoreDown as error:
            raise Unanswered(str(error)) from error
        self._checked(answer)

    async def settle(self, seq: int, budget_ms: int) -> bool:
        """Tell whether write `seq` went through, and make sure that it never will if it did not."""
        self.seq += 1
        call = self._link.client.eval(SETTLE, 1, LOCK, str(self.epoch), str(self.seq))
        batch = await self._link.run(call, budget_ms)
        self._checked(batch)
        return int(batch) == seq

    def _checked(self, answer: bytes) -> None:
        if answer == b"FENCED":
            raise Fenced("another autobot took over this store: this one stops")
        if answer == b"FORGOTTEN":
            raise Forgotten("the store was emptied or replaced while in use")
        assert answer != b"LATE", "write numbers rise"
