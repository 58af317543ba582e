"""Logs: one line of JSON each, on the standard error and in rotating files, with every secret blanked.

The blanking is the last thing that happens to a line, after tracebacks were written into it.
"""

import json
import logging
import os
import queue
import re
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final, TextIO

from engine.adapters.light_imports import absent

with absent("rich"):  # it paints tracebacks on terminals, which these lines are not for, and takes a tenth of a second
    import structlog

BLANK: Final = "[hidden]"
FILE_BYTES: Final = 8_000_000
FILES_KEPT: Final = 5
DAY_BYTES: Final = 40_000_000  # then only errors are written, until the day is over
DAY_S: Final = 86_400.0
ALIKE: Final = 30  # lines of one kind within a minute; what is more is counted and left out
ALIKE_WITHIN_S: Final = 60.0
MOST_KINDS: Final = 1_000
LINES_WAITING: Final = 2_000
FLUSHED_WITHIN_S: Final = 1.0
LOOK_S: Final = 0.005
SHORTEST_SECRET: Final = 4  # blanking shorter values would only garble the text
QUIET: Final = ("aiohttp", "aiogram", "websockets", "binance", "apscheduler", "asyncio", "urllib3", "redis")
NOTED: Final = (
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)
WHOLE_FIGURE: Final = r"(?<!\d)(?<!\d[.:-])%s(?!\d)(?![.:-]\d)"  # not within a price, a date or a moment
PATTERNS: Final = (
    re.compile(r"\d{3,}:[A-Za-z0-9_-]{30,}"),  # a bot's token, also behind /bot in an address
    re.compile(r"(?<=signature=)[0-9a-fA-F]+"),
    re.compile(r"(?<=listenKey=)[^&\s\"'\\]+"),
    re.compile(r"[0-9A-Za-z]{60,}"),  # API keys, listen keys and signatures are 64 long
    re.compile(r"(?<=://)[^/\s@\"']*:[^/\s@\"']*(?=@)"),
)

logger = logging.getLogger(__name__)


class Redaction:
    """Blanks secrets: those that are known exactly, and whatever looks like one.

    A PIN of digits is blanked as a whole figure only: a price with a hole in it is lost, and tells the PIN.
    """

    def __init__(self, secrets: Iterable[str], *, pin: str = "") -> None:
        known = {secret for secret in secrets if len(secret) >= SHORTEST_SECRET}
        known |= {json.dumps(secret)[1:-1] for secret in known}
        self._exact = _any_of(known, pin)
        self._exact_in_chat = _any_of(known - {pin}, "")

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        return _blanked(text, self._exact)

    def in_chat(self, text: str) -> str:
        """The same for the owner's eyes, who knows the PIN: a figure that happens to be the same is theirs to read."""
        return _blanked(text, self._exact_in_chat)


def _any_of(secrets: Iterable[str], pin: str) -> re.Pattern[str] | None:
    longest_first = sorted(secrets, key=len, reverse=True)
    forms = [WHOLE_FIGURE % one if one == pin and one.isdecimal() else re.escape(one) for one in longest_first]
    return re.compile("|".join(forms)) if forms else None


def _blanked(text: str, exact: re.Pattern[str] | None) -> str:
    for pattern in (exact, *PATTERNS) if exact is not None else PATTERNS:
        text = pattern.sub(BLANK, text)
    return text


class BlankedLines(logging.Formatter):
    """Writes a record as one line of JSON, then blanks it."""

    def __init__(self, redaction: Redaction) -> None:
        super().__init__()
        self._redaction = redaction
        self._writer = structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*NOTED, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(default=repr, ensure_ascii=False),
            ],
        )

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        return self._redaction(self._writer.format(record))


class Sampled(logging.Filter):
    """Lets only so many lines of one kind through in a minute: a flood fills no disk, and hides nothing else (F18)."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock_s = clock_s
        self._kinds: dict[tuple[str, int, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this line is written; the first one after a flood tells how many were not."""
        kind, now = (record.name, record.levelno, str(record.msg)[:200]), self._clock_s()
        began_s, count = self._kinds.get(kind, (now, 0))
        if now - began_s >= ALIKE_WITHIN_S:
            if count > ALIKE:
                record.left_out = count - ALIKE
            began_s, count = now, 0
        if len(self._kinds) >= MOST_KINDS:
            self._kinds.clear()
        self._kinds[kind] = (began_s, count + 1)
        return count < ALIKE


class BoundedFile(RotatingFileHandler):
    """Rotating files that take so many bytes a day; what is worse than a warning is always written.

    A disk that takes nothing costs lines, never more: no error of its comes out of whoever wrote one.
    """

    def __init__(self, path: Path, clock_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__(
            path, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8", delay=True, errors="backslashreplace"
        )
        self._clock_s = clock_s
        self._day_began_s, self._written = clock_s(), 0
        self._is_stuck = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, if there is room for it today."""
        if self._clock_s() - self._day_began_s >= DAY_S:
            self._day_began_s, self._written = self._clock_s(), 0
        if self._written >= DAY_BYTES and record.levelno < logging.ERROR:
            return
        before = self._size()
        super().emit(record)
        after = self._size()
        self._written += after - before if after >= before else after
        self._is_stuck = self._is_stuck and after == before

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the library's name
        """Say once that lines are lost here: the standard error still has them."""
        if not self._is_stuck:
            self._is_stuck = True
            logger.error("the log's file does not take its lines: %s", sys.exception())

    def _size(self) -> int:
        """How long the file is. Asked of the system: the stream would first write what it could not before, and fail again."""
        try:
            return Path(self.baseFilename).stat().st_size
        except OSError:
            return 0


class BesideTheLoop(logging.Handler):
    """Lines for a stream that somebody else reads, written by a thread of their own: a reader that stands still costs lines,
    and keeps no stop waiting.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._lines = queue.Queue[str](maxsize=LINES_WAITING)
        threading.Thread(target=self._write_all, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Have a line written, if there is room for it."""
        try:
            self._lines.put_nowait(self.format(record) + "\n")
        except queue.Full:
            return
        except Exception:  # a line that cannot be formed costs itself, not whoever wrote it
            self.handleError(record)

    def flush(self) -> None:
        """Wait until all is written, for a moment at most."""
        give_up_s = time.monotonic() + FLUSHED_WITHIN_S
        while self._lines.unfinished_tasks and time.monotonic() < give_up_s:
            time.sleep(LOOK_S)

    def _write_all(self) -> None:
        while True:
            line = self._lines.get()
            with suppress(OSError, ValueError):
                self._write(line)
            self._lines.task_done()

    def _write(self, line: str) -> None:
        """Past the stream's own lock where it is a real one: the interpreter's end must not wait for it, either."""
        try:
            number = self._stream.fileno()
        except (OSError, ValueError):
            self._stream.write(line)
            return
        left = line.encode(errors="backslashreplace")
        while left:
            left = left[os.write(number, left) :]


def said() -> None:
    """Wait for what the standard error is still to take, for a moment at most: before an end that waits for nothing else."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, BesideTheLoop):
            handler.flush()


def start_logging(level: str, folder: Path | None, redaction: Redaction) -> None:
    """Send everything that is logged to the standard error and, where a folder is given, to files in it."""
    handlers: list[logging.Handler] = [BesideTheLoop(sys.stderr)]
    if folder is not None:
        with suppress(OSError):  # the first line will tell; a position is guarded without files, too
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handlers.append(BoundedFile(folder / "autobot.log"))
    for handler in handlers:
        handler.addFilter(Sampled())
        handler.setFormatter(BlankedLines(redaction))
    structlog.configure(
        processors=[*NOTED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=level, handlers=handlers, force=True)
    logging.raiseExceptions = False  # a full disk must not end in the standard error's tracebacks
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))
