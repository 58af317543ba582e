"""What the chat shows of a backtest: a card that fits under its picture, and a picture that needs no touch."""

import struct
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from engine.backtest.report import Finding, Report, reported
from engine.backtest.result import Rejection
from engine.model.orders import ExitReason
from handlers.ui.backtest_cards import result_card, result_picture
from handlers.ui.backtest_findings import SENTENCES, finding
from handlers.ui.language import Languages
from handlers.ui.markup import plain
from tests.engine.backtest.runs import BEGIN_MS, HOUR_MS, a_closed, a_run, hourly, left_open

TEXTS = Languages("PAPER")
LANGUAGES = TEXTS.known
MIXED = [1.0, -1.0, 1.2, -0.9, -0.2] * 8


def a_report(results: list[float] = MIXED, days: int = 120) -> Report:
    run = a_run(results, days=days)
    return reported(run, [hourly(run)])


def the_worst() -> Report:
    """Everything that can be said about a run is said about this one."""
    trades = [a_closed(at, -9.99, reason=ExitReason.LIQUIDATED) for at in range(300)]
    symbols = tuple(f"1000000SYMBOL{at}USDT" for at in range(30))
    ends: dict[str, Any] = {
        "left_open": (left_open(),) * 20,
        "latched_ms": 1_720_000_000_000,
        "rejected": dict.fromkeys(Rejection, 1_234),
    }
    run = a_run(trades=trades, days=400, symbols=symbols, **ends)
    return replace(reported(run), findings=tuple(Finding)[2:])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("one", Finding)
def test_every_finding_is_a_sentence_in_every_language(one: Finding, language: str) -> None:
    said = finding(TEXTS.texts(language), a_report(), one)

    assert set(SENTENCES) == set(Finding)
    assert said[-1] == "."
    assert "{" not in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_card_fits_under_a_picture_whatever_there_is_to_say(language: str) -> None:
    for report in (a_report(), a_report([], days=0), the_worst()):
        card = result_card(TEXTS.texts(language), report, 730)

        assert len(card) < 1_024
        assert card.count("<b>") == card.count("</b>")
        assert card.count("<i>") == card.count("</i>")
        assert "{" not in card
        assert "nan" not in plain(card)


def test_a_card_tells_the_verdict_and_the_uncertainty_beside_the_result() -> None:
    said = plain(result_card(TEXTS.texts("en"), a_report(), 120))

    assert said.startswith("🔵 PAPER · Backtest ETHUSDT · 1h\nJan 1, 2024 – Apr 29, 2024, 120 days\n")
    assert "Price +" in said
    assert "Won 40% · 90%: 28% to 53%" in said
    assert "Not to be told from chance" in said
    assert "2,400 × confidence too low" in said
    assert "Buy and hold +8.00%" in said


def test_a_card_says_of_how_much_of_the_asked_time_anything_is_known() -> None:
    some = plain(result_card(TEXTS.texts("en"), a_report(days=58), 120))
    all_of_it = plain(result_card(TEXTS.texts("en"), a_report(days=58), 58))

    assert "Jan 1, 2024 – Feb 27, 2024, 58 days\nLast 120 days · only 58 days of it known\n" in some
    assert "of it known" not in all_of_it


def test_a_card_of_less_than_a_day_is_told_in_hours() -> None:
    run = a_run([], days=1, end_ms=BEGIN_MS + 2 * HOUR_MS)

    said = plain(result_card(TEXTS.texts("en"), reported(run), 30))

    assert said.splitlines()[1:3] == ["Jan 1, 2024 – Jan 1, 2024, 2 hr", "Last 30 days · only 2 hr of it known"]


def test_a_ratio_that_the_sample_does_not_carry_is_missing_and_says_what_it_needs() -> None:
    said = plain(result_card(TEXTS.texts("en"), a_report(MIXED[:20], days=20), 20))

    assert "Sharpe – · needs 30 days and 2 trades" in said


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("days", [0, 1, 20, 120, 800])
def test_a_picture_is_drawn_as_wide_as_a_phone(language: str, days: int) -> None:
    picture = result_picture(TEXTS.texts(language), a_report((MIXED * 60)[: max(0, days - 1)], days=days))

    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", picture[16:24]) == (1_080, 1_350)


def test_the_worst_run_can_be_drawn_too() -> None:
    assert result_picture(TEXTS.texts("ru"), the_worst())


def test_an_account_that_was_lost_can_be_drawn() -> None:
    run = a_run([-1.0], days=40, wallet_after=Decimal(0))
    lost = replace(run, day_equity=np.asarray(np.linspace(5_000, 0, 40), dtype=np.float64))

    assert result_picture(TEXTS.texts("en"), reported(lost))


def test_a_card_needs_nothing_that_the_live_process_must_not_import() -> None:
    code = "import sys, handlers.ui.backtest_cards; print({'numba', 'pandas', 'matplotlib', 'optuna'} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "set()"
