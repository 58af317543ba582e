"""Logs hold no secret: not in messages, fields, addresses or tracebacks."""

import json
import logging
import os
from collections.abc import Callable, Iterator
from io import BufferedWriter, FileIO, TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

import pytest
import structlog

from bot import logs
from bot.logs import ALIKE, ALIKE_WITHIN_S, BLANK, BesideTheLoop, BoundedFile, Redaction, Sampled, start_logging
from tests.bot.conftest import TOKEN

KEY = "mYkEy" * 8
SIGNATURE = "0a" * 32


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """A started log; gives its file."""
    root = logging.getLogger()
    handlers, level, raises = root.handlers[:], root.level, logging.raiseExceptions
    start_logging("INFO", tmp_path, Redaction([KEY, 'p"a/ss']))
    yield tmp_path / "autobot.log"
    for handler in root.handlers:
        handler.close()
    root.handlers[:], logging.raiseExceptions = handlers, raises
    root.setLevel(level)
    structlog.reset_defaults()


def test_each_line_is_one_object_of_json(log: Path) -> None:
    logging.getLogger("trade").info("two\nlines", extra={"symbol": "ETHUSDT"})

    (line,) = log.read_text().splitlines()
    assert json.loads(line) | {"timestamp": ""} == {
        "event": "two\nlines",
        "level": "info",
        "logger": "trade",
        "symbol": "ETHUSDT",
        "timestamp": "",
    }


@pytest.mark.parametrize(
    "secret",
    [TOKEN, KEY, SIGNATURE, 'p"a/ss'],
    ids=["a bot's token", "a known key", "a signature", "a password that JSON escapes"],
)
def test_a_secret_is_blanked_wherever_it_stands(log: Path, secret: str) -> None:
    logging.getLogger("a").error("at https://api.telegram.org/bot%s/getMe?signature=%s", secret, secret)
    logging.getLogger("b").info("field", extra={"deep": {"inside": [secret]}})
    try:
        raise ConnectionError(f"no way to redis://user:{secret}@host")
    except ConnectionError:
        logging.getLogger("c").exception("failed")
    structlog.get_logger("d").warning("by another door", where=secret)

    text = log.read_text()
    assert secret not in text
    assert json.dumps(secret)[1:-1] not in text
    assert text.count(BLANK) >= 4
    assert len(text.splitlines()) == 4


def test_what_is_no_secret_stays_readable() -> None:
    redaction = Redaction(["abc"])

    assert redaction("abc ETHUSDT 1795000000000 intent abcdefghijklmnop") == "abc ETHUSDT 1795000000000 intent abcdefghijklmnop"


class Moments:
    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


def a_record(text: str = "the same %d", level: int = logging.WARNING) -> logging.LogRecord:
    return logging.LogRecord("bot", level, "", 0, text, (1,) if "%" in text else (), None)


def test_a_flood_of_one_kind_is_cut_and_counted_and_hides_nothing_else() -> None:
    now = Moments()
    sampled = Sampled(now)

    passed = sum(sampled.filter(a_record()) for _ in range(1_000))
    other = sampled.filter(a_record("something else"))
    now.s = ALIKE_WITHIN_S
    after = a_record()

    assert (passed, other, sampled.filter(after)) == (ALIKE, True, True)
    assert vars(after)["left_out"] == 1_000 - ALIKE


def test_a_day_has_room_for_so_many_bytes_and_always_for_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "DAY_BYTES", 100)
    now = Moments()
    file = BoundedFile(tmp_path / "log", now)

    for _ in range(50):
        file.emit(a_record("x" * 20))
    file.emit(a_record("an error", logging.ERROR))
    now.s = 90_000.0
    file.emit(a_record("a new day"))
    file.close()

    lines = (tmp_path / "log").read_text().splitlines()
    assert lines[-2:] == ["an error", "a new day"]
    assert len(lines) == 7


def test_a_secret_that_begins_with_another_one_is_blanked_whole() -> None:
    assert Redaction(["open", "open-sesame"])("say open-sesame") == f"say {BLANK}"


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bool], None]]:
    """A disk that can be made full: what is written there stays in the stream, which fails each time that it is asked."""
    is_full = False

    def opened(self: BoundedFile) -> TextIO:
        class Disk(FileIO):
            def write(self, data: Any) -> int:
                if is_full:
                    raise OSError(28, "No space left on device")
                return super().write(data)

        return TextIOWrapper(BufferedWriter(Disk(self.baseFilename, "a")), encoding="utf-8")

    def turn(on: bool) -> None:
        nonlocal is_full
        is_full = on

    monkeypatch.setattr(BoundedFile, "_open", opened)
    yield turn
    is_full = False


def test_a_full_disk_costs_lines_of_the_file_only_and_is_told_once(
    caplog: pytest.LogCaptureFixture, log: Path, full: Callable[[bool], None]
) -> None:
    full(True)
    for number in range(3):
        logging.getLogger("bot").error("line %d", number)
    said = sorted(caplog.messages)
    full(False)
    logging.getLogger("bot").error("room again")

    assert said == [
        "line 0",
        "line 1",
        "line 2",
        "the log's file does not take its lines: [Errno 28] No space left on device",
    ]
    assert "room again" in log.read_text()


def test_a_file_that_is_full_again_is_told_again(
    caplog: pytest.LogCaptureFixture, log: Path, full: Callable[[bool], None]
) -> None:
    for is_full in (True, False, True):
        full(is_full)
        logging.getLogger("bot").error("a line")

    assert caplog.text.count("does not take its lines") == 2


def test_a_folder_that_cannot_be_made_leaves_the_standard_error(
    capsys: pytest.CaptureFixture[str], log: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()

    start_logging("INFO", tmp_path / "file" / "logs", Redaction([]))
    logging.getLogger("bot").info("a line")
    for handler in logging.getLogger().handlers:
        handler.flush()

    assert "a line" in capsys.readouterr().err


@pytest.mark.parametrize("pin", ["1234", "let-me-in"])
def test_the_pin_reaches_no_log(log: Path, pin: str) -> None:
    start_logging("INFO", log.parent, Redaction([KEY, pin], pin=pin))

    logging.getLogger("a").error("wrong: %s, pin%s. code=%s\n%s", pin, pin, pin, pin)
    logging.getLogger("b").info("field", extra={"deep": {pin: [pin], "text": f"/x {pin}"}})

    assert pin not in log.read_text()


@pytest.mark.parametrize("pin", ["1234", "2026", "58747"])
def test_a_figure_that_holds_the_pin_stays_whole_and_so_does_not_tell_it(pin: str) -> None:
    text = '{"price": 0.12345, "high": 1234.5, "low": -0.1234, "time_ms": 1795874737000, "timestamp": "2026-11-28T14:20:26Z"}'

    assert Redaction([pin], pin=pin)(text) == text


def test_a_reader_that_stands_still_keeps_no_line_waiting_and_costs_only_lines() -> None:
    reading, writing = os.pipe()
    handler = BesideTheLoop(os.fdopen(writing, "w"))
    try:
        for number in range(5_000):  # far more than pipe and queue hold
            handler.handle(logging.makeLogRecord({"msg": "x" * 200, "args": (), "levelno": logging.INFO, "number": number}))
        waiting = handler._lines.qsize()
    finally:
        os.close(reading)  # the writer meets a closed pipe, and goes on

    assert 0 < waiting <= 2_000
    handler.flush()
    assert handler._lines.empty()


def test_a_line_that_cannot_be_formed_costs_itself_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    reading, writing = os.pipe()
    handler = BesideTheLoop(os.fdopen(writing, "w"))

    handler.handle(logging.makeLogRecord({"msg": "%d", "args": ("no number",)}))
    handler.handle(logging.makeLogRecord({"msg": "next"}))
    handler.flush()

    assert os.read(reading, 65_536) == b"next\n"
    os.close(reading)


def test_lines_come_in_their_order_and_are_all_written_at_the_end() -> None:
    reading, writing = os.pipe()
    handler = BesideTheLoop(os.fdopen(writing, "w"))
    for number in range(100):
        handler.handle(logging.makeLogRecord({"msg": f"line {number}", "levelno": logging.INFO}))

    handler.flush()

    assert os.read(reading, 65_536).decode().splitlines() == [f"line {number}" for number in range(100)]
    os.close(reading)
