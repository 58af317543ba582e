"""Writes that happen once and in order: all or nothing, by the newest process only, never late, on what they follow only.

Every write carries the writer's epoch, a rising number and the number that it follows. The store refuses an older epoch
(another process took over), an older number (a write that was given up and arrives late) and one that follows something
else than what is there (the store lost its tail, or somebody else wrote). A script that fails halfway is not undone, so
the kind of every key is looked at before anything is done, and a count that is damaged begins anew. After a write
without an answer, `settle` closes the door behind it and tells whether it went through.
"""

import os
from collections.abc import Sequence
from typing import Final, NamedTuple

from engine.adapters.redis_link import READ_BUDGET_MS, RedisLink, as_text
from engine.ports import StoreDown

PREFIX: Final = "autobot:"
LOCK: Final = PREFIX + "lock"
ARCHIVE: Final = PREFIX + "archive:"

# What belongs to one mode and account: put away when the owner switches to another one, and brought back later.
TAKE: Final = """
local lock, prefix, archive = KEYS[1], ARGV[4], ARGV[5]
local held = redis.call('HMGET', lock, 'epoch', 'seq', 'namespace', 'holder')
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
local epoch = string.format('%.0f', math.max((tonumber(held[1] or '0') or 0) + 1, tonumber(ARGV[1])))
local seq = string.format('%.0f', tonumber(held[2] or '0') or 0)
redis.call('HSET', lock, 'epoch', epoch, 'seq', seq, 'namespace', ARGV[2], 'holder', ARGV[3])
return {epoch, seq, before, held[4] or ''}
"""

# Each command is preceded by its number of words. A trade is written only where its id is new, and before the id is.
APPLY: Final = """
local held = redis.call('HMGET', KEYS[1], 'epoch', 'seq')
local stored, mine = tonumber(held[1] or '0') or 0, tonumber(ARGV[1])
if stored > mine then return 'FENCED' end
if stored < mine then return 'FORGOTTEN' end
local last_seq = tonumber(held[2] or '0') or 0
if last_seq >= tonumber(ARGV[2]) then return 'LATE' end
if last_seq ~= tonumber(ARGV[3]) then return 'FORGOTTEN' end
local kinds, seen, at = {XADD = 'stream', HSET = 'hash', HDEL = 'hash', HINCRBY = 'hash', ONCE = 'set'}, {}, 4
while at <= #ARGV do
  for word = at + 1, at + (ARGV[at + 1] == 'ONCE' and 4 or 1), 3 do
    local kind, key = kinds[ARGV[word]], ARGV[word + 1]
    if kind then
      seen[key] = seen[key] or redis.call('TYPE', key).ok
      if seen[key] ~= 'none' and seen[key] ~= kind then return table.concat({'MISFIT', key, seen[key], kind}, ' ') end
    end
  end
  at = at + tonumber(ARGV[at]) + 1
end
at = 4
while at <= #ARGV do
  local last = at + tonumber(ARGV[at])
  if ARGV[at + 1] == 'ONCE' then
    if redis.call('SISMEMBER', ARGV[at + 2], ARGV[at + 3]) == 0 then
      redis.call(unpack(ARGV, at + 4, last))
      redis.call('SADD', ARGV[at + 2], ARGV[at + 3])
    end
  else
    if ARGV[at + 1] == 'HINCRBY' then
      local count = redis.call('HGET', ARGV[at + 2], ARGV[at + 3]) or '0'
      local is_count = count == '0' or (#count < 19 and string.match(count, '^[1-9]%d*$'))
      if not is_count then redis.call('HDEL', ARGV[at + 2], ARGV[at + 3]) end
    end
    redis.call(unpack(ARGV, at + 1, last))
  end
  at = last + 1
end
redis.call('HSET', KEYS[1], 'seq', ARGV[2], 'batch', ARGV[2])
return 'OK'
"""

SETTLE: Final = """
local held = redis.call('HMGET', KEYS[1], 'epoch', 'seq', 'batch')
local stored, mine = tonumber(held[1] or '0') or 0, tonumber(ARGV[1])
if stored > mine then return 'FENCED' end
if stored < mine or (tonumber(held[2] or '0') or 0) < tonumber(ARGV[3]) then return 'FORGOTTEN' end
redis.call('HSET', KEYS[1], 'seq', ARGV[2])
return held[3] or '0'
"""

# A write that changes nothing: only a write tells whether the store takes writes.
BEAT: Final = """
local held = redis.call('HMGET', KEYS[1], 'epoch', 'seq')
local stored, mine = tonumber(held[1] or '0') or 0, tonumber(ARGV[1])
if stored > mine then return 'FENCED' end
if stored < mine or tonumber(held[2] or '0') ~= tonumber(ARGV[2]) then return 'FORGOTTEN' end
redis.call('HSET', KEYS[1], 'beat', ARGV[3])
return 'OK'
"""

type Command = tuple[str | bytes | int, ...]


class Fenced(StoreDown):
    """A newer process writes to this store. This one must stop at once."""


class Forgotten(StoreDown):
    """What this writer left is not what is there: the store was emptied, lost its tail, or was written to by others."""


class Unanswered(StoreDown):
    """Nobody knows whether the write went through; `settle` tells."""


class Taken(NamedTuple):
    """What was found when the store was taken over. `namespace_before` "" = a new store.

    `from_elsewhere`: the writer before worked in another place, so nothing proves that it is dead.
    """

    epoch: int
    seq: int
    namespace_before: str
    from_elsewhere: bool


class RedisWriter:
    """The only way state gets into the store."""

    def __init__(self, link: RedisLink, place: str) -> None:
        self._link = link
        self._place = place or os.uname().nodename
        self._confirmed = 0  # the number that the store is known to hold
        self.epoch = 0
        self.seq = 0

    async def take(self, namespace: str, now_ms: int, keys: Sequence[str]) -> Taken:
        """Become the writer: whoever wrote before is refused from now on."""
        owner = f"{self._place}:{os.getpid()}"
        call = self._link.client.eval(TAKE, 1 + len(keys), LOCK, *keys, str(now_ms), namespace, owner, PREFIX, ARCHIVE)
        epoch, seq, before, holder = await self._link.run(call, READ_BUDGET_MS)
        self.epoch, self._confirmed = int(epoch), int(seq)
        self.seq = max(self.seq, self._confirmed)  # numbers rise, also where the store lost some
        place = as_text(holder).rpartition(":")[0]
        return Taken(self.epoch, self._confirmed, as_text(before), bool(place) and place != self._place)

    async def apply(self, commands: Sequence[Command], budget_ms: int) -> None:
        """Do all of the commands or none. Raises `StoreDown`: `Unanswered`, `Fenced`, `Forgotten`, or a key's kind is wrong."""
        assert self.epoch, "take the store first"
        self.seq += 1
        words = [word for command in commands for word in (len(command), *command)]
        head = (str(self.epoch), str(self.seq), str(self._confirmed))
        call = self._link.client.eval(APPLY, 1, LOCK, *head, *words)
        try:
            answer = await self._link.run(call, budget_ms)
        except StoreDown as error:
            raise Unanswered(str(error)) from error
        self._checked(answer)
        self._confirmed = self.seq

    async def settle(self, seq: int, budget_ms: int) -> bool:
        """Tell whether write `seq` went through, and make sure that it never will if it did not."""
        self.seq += 1
        call = self._link.client.eval(SETTLE, 1, LOCK, str(self.epoch), str(self.seq), str(self._confirmed))
        batch = await self._link.run(call, budget_ms)
        self._checked(batch)
        self._confirmed = self.seq
        return bool(batch == str(seq).encode())

    async def beat(self, now_ms: int, budget_ms: int) -> None:
        """Find out whether the store takes writes and is still ours. Raises `StoreDown`, `Fenced` or `Forgotten`."""
        call = self._link.client.eval(BEAT, 1, LOCK, str(self.epoch), str(self._confirmed), str(now_ms))
        self._checked(await self._link.run(call, budget_ms))

    def _checked(self, answer: bytes) -> None:
        if answer.startswith(b"MISFIT "):
            raise StoreDown(misfit(*answer.decode().split()[1:]))
        if answer == b"FENCED":
            raise Fenced("another autobot took over this store: this one stops")
        if answer in (b"FORGOTTEN", b"LATE"):  # our numbers rise: one that is late met somebody else's
            raise Forgotten("the store was emptied, replaced or written to by others while in use")


def misfit(key: str, found: str, wanted: str) -> str:
    """What to do about a key that is not of our kind."""
    return (
        f"{key} in the store is a {found}, not a {wanted}: another program wrote there. Nothing is written until it is out "
        f"of the way (RENAME {key} {key}:aside), or REDIS_URL names another store"
    )
