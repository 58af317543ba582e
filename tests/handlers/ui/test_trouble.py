"""Alerts of what went wrong say what is known, and nothing where nothing is."""

from collections.abc import Callable

import pytest

from engine.model.notices import EntryFailed, ExitRefused
from engine.model.signals import Side
from handlers.ui.alerts import Alert
from handlers.ui.language import Languages
from handlers.ui.markup import plain
from handlers.ui.trouble import entry_failed, exit_refused
from tests.handlers.samples import INTENT, NOW_MS, SYMBOL

TEXTS = Languages("LIVE").texts("en")
UNKNOWN = -9_999


def refused(code: int, text: str) -> Alert:
    return exit_refused(TEXTS, ExitRefused(INTENT, SYMBOL, Side.LONG, True, True, code, text, NOW_MS))


def failed(code: int, text: str) -> Alert:
    return entry_failed(TEXTS, EntryFailed(INTENT, SYMBOL, Side.LONG, code, text, NOW_MS))


@pytest.mark.parametrize("told", [refused, failed])
def test_an_unknown_code_without_words_gives_no_reason_but_its_number(told: Callable[[int, str], Alert]) -> None:
    said = plain(told(UNKNOWN, "").text)

    assert "Reason" not in said
    assert "Code -9999" in said


@pytest.mark.parametrize("told", [refused, failed])
def test_the_words_of_the_exchange_are_the_reason_where_its_code_is_unknown(told: Callable[[int, str], Alert]) -> None:
    assert "Reason: too odd." in plain(told(UNKNOWN, "too odd").text)
