"""Studies in the store: what each is about, Optuna's journal of it, and who walks which part of it just now.

Optuna's own backend reads line by line and trusts pickles that lie in the store; this one reads in one go, and nothing
from the store is ever executed here. The layout of the journal is Optuna's, so that its tools can read it.
"""

import json
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from optuna.storages.journal import BaseJournalBackend
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from engine.adapters.redis_link import as_text, said
from engine.ports import StoreDown

PREFIX: Final = "autobot:study:"
NAMES: Final = "autobot:studies"  # hash: name -> what it is about
TRIED: Final = "autobot:tried:"  # by candles: how many settings each study tried on them
TIMEOUT_S: Final = 5.0
LEASE_MS: Final = 5_000
RENEWED_A_LEASE: Final = 4
READ_AT_ONCE: Final = 256

APPEND: Final = """
redis.call('set', KEYS[1], -1, 'NX')
for at = 1, #ARGV do
  local number = redis.call('incr', KEYS[1])
  redis.call('set', KEYS[2] .. number, ARGV[at])
end
return 1
"""
RENEW: Final = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0"
LEAVE: Final = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"


class StudyStore:
    """The part of the store that studies use. Everything raises `StoreDown` when it fails."""

    def __init__(self, url: str) -> None:
        self._secret = urlsplit(url).password or ""
        self._redis: Redis = Redis.from_url(
            url, retry=Retry(NoBackoff(), 0), protocol=2, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S
        )

    def close(self) -> None:
        """Leave the store."""
        self._redis.close()

    def begin(self, name: str, about: str) -> str:
        """Begin a study, unless one of this name is there; give what the study is about."""
        with self._spoken():
            self._redis.hsetnx(NAMES, name, about)
            return as_text(self._redis.hget(NAMES, name) or "")

    def about(self, name: str) -> str | None:
        """What a study is about; None where there is none of this name."""
        with self._spoken():
            found = self._redis.hget(NAMES, name)
            return None if found is None else as_text(found)

    def names(self) -> list[str]:
        """All studies."""
        with self._spoken():
            return sorted(map(as_text, self._redis.hkeys(NAMES)))

    def forget(self, name: str) -> bool:
        """Delete a study and all of its trials; False where there is none. How much was tried is not forgotten."""
        with self._spoken():
            keys = list(self._redis.scan_iter(match=f"{PREFIX}{name}:*", count=1_000))
            for at in range(0, len(keys), READ_AT_ONCE):
                self._redis.delete(*keys[at : at + READ_AT_ONCE])
            return bool(self._redis.hdel(NAMES, name))

    def tried(self, data: str, name: str, trials: int) -> int:
        """Note how many settings a study tries on some candles; give how many all others did."""
        with self._spoken():
            self._redis.hset(TRIED + data, name, str(trials))
            counts = {as_text(key): int(count) for key, count in self._redis.hgetall(TRIED + data).items()}
            return sum(count for other, count in counts.items() if other != name)

    def journal(self, name: str) -> "StudyJournal":
        """Optuna's journal of a study."""
        return StudyJournal(self, self._redis, f"{PREFIX}{name}")

    def leases(self, name: str, holder: str) -> "StudyLeases":
        """Leases on the parts of a study."""
        return StudyLeases(self, self._redis, f"{PREFIX}{name}:lease:", holder)

    @contextmanager
    def _spoken(self) -> Iterator[None]:
        try:
            yield
        except (RedisError, OSError) as error:
            raise StoreDown(said(error, self._secret)) from error


class StudyJournal(BaseJournalBackend):
    """Optuna's journal in its own layout: a counter, and a line under each number."""

    def __init__(self, store: StudyStore, redis: Redis, prefix: str) -> None:
        self._store = store
        self._redis = redis
        self._counter = f"{prefix}:log_number"
        self._line = f"{prefix}:log:"
        self._append = redis.register_script(APPEND)

    def read_logs(self, log_number_from: int) -> Generator[dict[str, Any], None, None]:
        """All lines from a number on."""
        with self._store._spoken():
            last = int(self._redis.get(self._counter) or -1)
        for begin in range(log_number_from, last + 1, READ_AT_ONCE):
            numbers = range(begin, min(begin + READ_AT_ONCE, last + 1))
            with self._store._spoken():
                lines = self._redis.mget([f"{self._line}{number}" for number in numbers])
            for number, line in zip(numbers, lines, strict=True):
                yield self._read(number, line)

    def append_logs(self, logs: Sequence[dict[str, Any]]) -> None:
        """Write lines, all of them or none."""
        with self._store._spoken():
            self._append(keys=[self._counter, self._line], args=[json.dumps(log) for log in logs])

    def _read(self, number: int, line: bytes | str | None) -> dict[str, Any]:
        try:
            read = json.loads(line or b"")
        except ValueError:
            read = None
        if not isinstance(read, dict):
            raise StoreDown(f"line {number} of the study's journal is missing or broken: begin a study of another name")
        return read


class StudyLeases:
    """Parts that this holder walks. Kept alive by a thread; a holder that dies loses them within five seconds."""

    def __init__(self, store: StudyStore, redis: Redis, prefix: str, holder: str, lease_ms: int = LEASE_MS) -> None:
        self._store = store
        self._redis = redis
        self._prefix = prefix
        self._holder = holder
        self._lease_ms = lease_ms
        self._held = set[int]()
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._renew = redis.register_script(RENEW)
        self._leave = redis.register_script(LEAVE)
        self._thread = threading.Thread(target=self._keep, name="leases", daemon=True)
        self._thread.start()

    def take(self, batch: int) -> bool:
        """Have a part for oneself; False where another has it."""
        with self._store._spoken():
            taken = self._redis.set(f"{self._prefix}{batch}", self._holder, nx=True, px=self._lease_ms)
        if taken:
            with self._lock:
                self._held.add(batch)
        return bool(taken)

    def leave(self, batch: int) -> None:
        """Give a part back."""
        with self._lock:
            self._held.discard(batch)
        with self._store._spoken():
            self._leave(keys=[f"{self._prefix}{batch}"], args=[self._holder])

    def close(self) -> None:
        """Hold nothing any longer."""
        self._end.set()
        self._thread.join()

    def _keep(self) -> None:
        while not self._end.wait(self._lease_ms / 1_000 / RENEWED_A_LEASE):
            with self._lock:
                held = list(self._held)
            for batch in held:
                try:
                    with self._store._spoken():
                        self._renew(keys=[f"{self._prefix}{batch}"], args=[self._holder, self._lease_ms])
                except StoreDown:
                    break  # told by whoever wants to read or write; a lease that ends costs one walk more
