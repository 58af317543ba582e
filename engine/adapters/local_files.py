"""What the data folder itself remembers beside the store: who uses it, how far the journal came, what holds entries back.

Every write is on the disk when it returns, and a file that cannot be read never counts as good news.
"""

import os
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Final

from engine.adapters.codec import Undecodable, decode, encode
from engine.adapters.file_lock import FileLock
from engine.model.notices import LatchCause
from engine.model.view import NO_BRAKES, Brakes, LatchView

LOCK_NAME: Final = "instance.lock"
SEQUENCE_NAME: Final = "journal.seq"
BRAKES_NAME: Final = "brakes.json"
DIGITS: Final = 20
PRIVATE: Final = 0o600


class FolderInUse(Exception):
    """Another process works on this data folder."""


class InstanceLock:
    """One process per data folder. The kernel lets go of it when the process dies, however it dies."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._lock = FileLock(folder / LOCK_NAME)

    def take(self) -> None:
        """Become the folder's only user. Raises `FolderInUse` naming who has it."""
        if not self._lock.take():
            raise FolderInUse(f"{self._folder} is used by {self._lock.holder()}")

    def release(self) -> None:
        """Let the next one in."""
        self._lock.release()


class SequenceFile:
    """The number of the newest journal write, outside of the store: a store that knows less has lost its tail.

    It stands between signing an entry and sending it, so it is one small write in place, not a new file.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / SEQUENCE_NAME

    def note(self, number: int) -> None:
        """Remember a number; also a lower one, once a lost tail was dealt with. Raises `OSError`."""
        is_new = not self._path.exists()
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT, PRIVATE)
        try:
            os.pwrite(file, f"{number:0{DIGITS}d}\n".encode(), 0)
            os.ftruncate(file, DIGITS + 1)
            os.fsync(file)
        finally:
            os.close(file)
        if is_new:
            _sync_folder(self._path.parent)

    def read(self) -> int | None:
        """The number; 0 where none was noted yet, None where the file is damaged."""
        try:
            text = self._path.read_bytes()
        except FileNotFoundError:
            return 0
        except OSError:
            return None
        digits = text.removesuffix(b"\n")
        return int(digits) if len(digits) == DIGITS and digits.isdigit() else None

    def has_lost_tail(self, last_write: int) -> bool:
        """Whether a store whose newest write is `last_write` forgot something that was sent on its word."""
        noted = self.read()
        return noted is None or last_write < noted


class BrakesFile:
    """The second memory of latch, panic and pause. Without a file nothing holds; a file that cannot be read is a latch.

    A line of JSON, and a line with its checksum: one letter that is wrong must not let go of anything.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / BRAKES_NAME

    def read(self) -> Brakes:
        """What the file remembers."""
        try:
            text, _, checksum = self._path.read_bytes().partition(b"\n")
            if checksum == _checksum(text):
                return decode(text, Brakes)
        except FileNotFoundError:
            return NO_BRAKES
        except (OSError, Undecodable):
            pass
        return Brakes(self._damaged())

    def write(self, brakes: Brakes) -> None:
        """Remember it. Raises `OSError`."""
        text = encode(brakes)
        write_durably(self._path, text + b"\n" + _checksum(text))

    def _damaged(self) -> LatchView:
        changed_ms = 0
        with suppress(OSError):
            changed_ms = self._path.stat().st_mtime_ns // 1_000_000
        return LatchView(LatchCause.LOST_STATE, seen=0.0, needed=0.0, set_ms=changed_ms)


def _checksum(text: bytes) -> bytes:
    return b"%08x\n" % zlib.crc32(text)


def write_durably(path: Path, text: bytes) -> None:
    """Replace a file so that after a power cut it is either the old one or the new one. Raises `OSError`."""
    draft = path.with_name(path.name + ".new")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE)
    try:
        with os.fdopen(file, "wb", closefd=False) as writer:
            writer.write(text)
        os.fsync(file)
    finally:
        os.close(file)
    draft.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make a file's name as durable as its content."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
