"""What is remembered beside the store, in small files: the latch, and the number of the newest write about an entry.

Each is replaced as a whole and is on the disk when `write` returns. A damaged file counts as the careful answer.
"""

import os
from pathlib import Path

from engine.adapters.codec import Undecodable, decode, encode
from engine.model.notices import LatchCause
from engine.model.view import LatchView

NO_LATCH = b""


class LatchFile:
    """The latch's second memory: it holds although the store was lost."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> LatchView | None:
        """The latch that the file remembers. A file that cannot be read is a latch."""
        try:
            text = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError:
            return lost_state(0)
        if text == NO_LATCH:
            return None
        try:
            return decode(text, LatchView)
        except Undecodable:
            return lost_state(0)

    def write(self, latch: LatchView | None) -> None:
        """Remember the latch. Raises `OSError`."""
        replace_file(self._path, NO_LATCH if latch is None else encode(latch))


class NumberFile:
    """A number that only grows, such as that of the newest write about an entry."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> int:
        """The number, 0 where none was kept or it cannot be read."""
        try:
            return int(self._path.read_bytes())
        except (OSError, ValueError):
            return 0

    def write(self, number: int) -> None:
        """Keep the number. Raises `OSError`."""
        replace_file(self._path, str(number).encode())


def lost_state(time_ms: int) -> LatchView:
    """The latch for a memory that was lost."""
    return LatchView(LatchCause.LOST_STATE, 0.0, 0.0, time_ms)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file whole: after a crash there is the old one or the new one."""
    new = path.with_name(path.name + ".new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
