"""One holder per file: a lock that the kernel itself releases when the holder dies."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import IO


class FileLock:
    """An exclusive lock on a file that names its holder's process id."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None

    def take(self) -> bool:
        """Take the lock, or tell that somebody else has it."""
        file = open(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600), "r+")  # noqa: SIM115  # stays open while held
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        with suppress(OSError):  # a full disk: the lock holds all the same, only its holder is not named
            os.ftruncate(file.fileno(), 0)
            os.pwrite(file.fileno(), str(os.getpid()).encode(), 0)
        return True

    @property
    def is_held(self) -> bool:
        """Whether it is ours now."""
        return self._file is not None

    def release(self) -> None:
        """Let go. A child that was given `fileno` still holds the lock."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def fileno(self) -> int:
        """The open file, to be handed to a child that shall keep the lock as long as it lives."""
        assert self._file is not None, "the lock is not held"
        return self._file.fileno()

    def holder(self) -> str:
        """Who has it, in words."""
        pid = self.path.read_text().strip() if self.path.exists() else ""
        return f"process {pid}" if pid else "another process"
