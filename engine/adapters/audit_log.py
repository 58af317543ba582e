"""The audit: what raised or lowered the risk, who wanted it, and when. A chain in which no line can be changed unnoticed.

Each line holds the one before it by its seal, and is sealed with a key that lies beside the log and never in the store.
What a chain cannot show is a tail that was cut off: the head is to be told to the owner, whose chat then remembers it.
"""

import errno
import hmac
import logging
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from engine.adapters.codec import UNREADABLE
from engine.adapters.local_files import PRIVATE, write_durably

LOG_NAME: Final = "audit.jsonl"
KEY_NAME: Final = "audit.key"
KEY_BYTES: Final = 32
DAMAGED: Final = ".damaged"
START: Final = "0" * 64
MOST_FACTS: Final = 50

logger = logging.getLogger(__name__)

type Fact = str | int | float | bool | None


class AuditEntry(msgspec.Struct, frozen=True):
    """One line without its seal. `prev` is the seal of the line before."""

    seq: int
    prev: str
    time_ms: int
    kind: str
    who: str
    facts: dict[str, Fact]


class Head(NamedTuple):
    """The newest line: what the owner keeps a copy of."""

    seq: int
    seal: str


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """How far the chain holds. `fault` "" = all of it."""

    entries: int
    head: Head
    fault: str

    @property
    def is_whole(self) -> bool:
        return not self.fault


class AuditLog:
    """The log of one data folder. Only the holder of the instance lock may append."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / LOG_NAME
        self._key = _key_of(folder / KEY_NAME)
        self.head = self._last_head()

    def append(self, kind: str, who: str, facts: Mapping[str, Fact], time_ms: int) -> Head:
        """Add a line; it is on the disk when this returns. Raises `OSError`."""
        assert len(facts) <= MOST_FACTS, "an audit line is no dump"
        entry = AuditEntry(self.head.seq + 1, self.head.seal, time_ms, kind, who, dict(facts))
        text = msgspec.json.encode(entry)
        seal = self._seal(text)
        self._write(text[:-1] + b',"seal":"' + seal.encode() + b'"}\n')
        self.head = Head(entry.seq, seal)
        return self.head

    def verify(self, known: Head | None = None) -> AuditVerdict:
        """Walk the whole chain. `known` is a head that was told earlier, in groups as the chat shows it: it has to be in it."""
        head, is_known_seen = Head(0, START), known is None or known.seq == 0
        known = known and Head(known.seq, "".join(known.seal.split()))
        for number, line in enumerate(self._lines(), start=1):
            fault = self._fault(line, number, head)
            if fault:
                return AuditVerdict(head.seq, head, f"line {number}: {fault}")
            head = Head(number, _seal_of(line))
            is_known_seen = is_known_seen or head == known
        fault = "" if is_known_seen or known is None else f"line {known.seq}, which was told before, is not in it"
        return AuditVerdict(head.seq, head, fault)

    def entries(self) -> Iterator[AuditEntry]:
        """Every line that can be read, oldest first. `verify` says whether they are true."""
        for line in self._lines():
            try:
                yield msgspec.json.decode(line, type=AuditEntry)
            except UNREADABLE:
                continue

    def _fault(self, line: bytes, number: int, before: Head) -> str:
        try:
            entry = msgspec.json.decode(line, type=AuditEntry)
        except UNREADABLE:
            return "cannot be read"
        if not hmac.compare_digest(self._seal(_unsealed(line)), _seal_of(line)):
            return "was changed, or the key was"
        if entry.seq != number or entry.prev != before.seal:
            return "does not follow the line before it"
        return ""

    def _seal(self, text: bytes) -> str:
        return hmac.new(self._key, text, "sha256").hexdigest()

    def _write(self, line: bytes) -> None:
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE)
        try:
            self._add(file, line)
        finally:
            os.close(file)

    def _add(self, file: int, line: bytes) -> None:
        """All of the line or none: one that was refused must not stand before the next."""
        size = os.fstat(file).st_size
        try:
            if os.write(file, line) != len(line):
                raise OSError(errno.ENOSPC, "the disk took only a part of the line")
            os.fsync(file)
        except OSError:
            with suppress(OSError):
                os.ftruncate(file, size)
            raise

    def _lines(self) -> Iterator[bytes]:
        if not self._path.exists():
            return
        with self._path.open("rb") as log:
            for line in log:
                yield line.removesuffix(b"\n")

    def _last_head(self) -> Head:
        """The newest whole line. A line that a crash cut short was never confirmed, and goes."""
        head, whole = Head(0, START), 0
        if not self._path.exists():
            return head
        with self._path.open("rb") as log:
            for line in log:
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                head = Head(head.seq + 1, _seal_of(line.removesuffix(b"\n")))
        if whole < self._path.stat().st_size:
            os.truncate(self._path, whole)
        return head


def _key_of(path: Path) -> bytes:
    """The key, made on first use. A new key makes every older line false, which is what a lost or damaged key should do."""
    if path.exists():
        with suppress(ValueError):
            key = bytes.fromhex(path.read_text())
            if len(key) == KEY_BYTES:
                return key
        aside = path.with_name(path.name + DAMAGED)
        path.replace(aside)
        logger.error("the audit's key is damaged and put aside as %s: a new one is made, no older line is proven", aside.name)
    key = secrets.token_bytes(KEY_BYTES)
    write_durably(path, key.hex().encode() + b"\n")
    return key


SEAL_START: Final = b',"seal":"'
SEAL_LENGTH: Final = len(SEAL_START) + 64 + len(b'"}')


def _unsealed(line: bytes) -> bytes:
    return line[:-SEAL_LENGTH] + b"}"


def _seal_of(line: bytes) -> str:
    seal = line[-SEAL_LENGTH:]
    return seal[len(SEAL_START) : -2].decode("ascii", "replace") if seal.startswith(SEAL_START) else ""
