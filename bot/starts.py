"""Counts starts that ended badly, in the data folder, so that a crash loop is known for what it is (F12).

A start counts until the process ran well for ten minutes, or ended because it was asked to. A file that cannot be read
or written counts nothing: it must never keep a position from being guarded.
"""

import json
import logging
from pathlib import Path
from typing import Final

from engine.adapters.local_files import write_durably

NAME: Final = "starts.json"
WITHIN_MS: Final = 600_000
KEPT: Final = 100

logger = logging.getLogger(__name__)


class Starts:
    """The starts of one data folder. `limit` of them within ten minutes are a loop; 0 = never."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._path = folder / NAME
        self._limit = limit
        self.failed = 0
        self.is_looping = False

    def begin(self, now_ms: int) -> None:
        """Count this start; where so many failed before it, it is one of a loop."""
        failed = [moment for moment in self._read() if 0 <= now_ms - moment < WITHIN_MS]
        self.failed = len(failed)
        self._write([*failed, now_ms][-KEPT:])
        self.is_looping = 0 < self._limit <= self.failed

    def ran_well(self) -> None:
        """What failed before is forgotten."""
        self._write([])

    def _read(self) -> list[int]:
        try:
            found = json.loads(self._path.read_text())
            return [int(moment) for moment in found]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError, OverflowError, RecursionError) as error:
            logger.warning("the starts before cannot be read: %s", type(error).__name__)
            return []

    def _write(self, moments: list[int]) -> None:
        try:
            write_durably(self._path, json.dumps(moments).encode())
        except OSError as error:
            logger.warning("this start cannot be counted: %s", error.strerror)
