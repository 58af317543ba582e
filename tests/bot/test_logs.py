"""Logs hold no secret: not in messages, fields, addresses or tracebacks."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from bot.logs import BLANK, Redaction, start_logging
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
