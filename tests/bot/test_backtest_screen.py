"""A backtest on a terminal: what is wrong with the data first, everything in 80 columns, in the reader's language."""

import io
from dataclasses import replace

import pytest

from bot.backtest_screen import show
from engine.backtest.audit.found import Audit, IndicatorsCompared, TraderCompared
from engine.backtest.history import Simulation
from engine.backtest.report import Report, reported
from engine.backtest.result import Rejection
from engine.params import TradingParams
from handlers.ui.audit_words import audit_lines
from handlers.ui.backtest_words import REJECTED, Setup, remarks
from handlers.ui.language import Languages
from handlers.ui.tearsheet import tearsheet
from tests.engine.backtest.runs import a_run
from tests.handlers.ui.test_backtest_cards import the_worst

TEXTS = Languages("PAPER")
SETUP = Setup(TradingParams(activation_threshold=0.5), Simulation(), (), ("ETHUSDT 1h: [3] bars are missing",))


def shown(report: Report, language: str = "en", width: int = 80) -> str:
    file = io.StringIO()
    show(TEXTS.texts(language), report, SETUP, file, width=width)
    return file.getvalue()


@pytest.mark.parametrize("language", TEXTS.known)
def test_nothing_is_wider_than_a_terminal_and_nothing_is_left_untold(language: str) -> None:
    said = shown(reported(a_run([1.0, -1.0, 0.5] * 15)), language)

    assert max(len(line) for line in said.splitlines()) <= 80
    assert "{" not in said
    assert "nan" not in said


def test_what_is_wrong_with_the_data_comes_first_then_the_verdict_then_the_figures() -> None:
    said = shown(reported(a_run([1.0, -1.0, 0.5] * 15)))

    words = ("[3] bars are missing", "ETHUSDT · 1h", "Not to be told from chance", "Net result", "Confidence threshold")
    places = [said.index(one) for one in (*words, "By exit", "What stood in the way")]
    assert places == sorted(places)


@pytest.mark.parametrize("language", TEXTS.known)
@pytest.mark.parametrize("why", Rejection)
def test_entries_that_the_exchange_rejected_are_told_with_the_reason_above_all_other_remarks(
    why: Rejection, language: str
) -> None:
    report = reported(a_run([], days=40, entered=71, rejected={why: 71}))
    texts = TEXTS.texts(language)

    said = " ".join(shown(report, language).split())

    assert "71" in remarks(texts, report)[0]
    assert texts.label(REJECTED[why]) in remarks(texts, report)[0]
    assert " ".join(remarks(texts, report)[0].split()) in said
    assert texts.label("rejected at the open") in said
    assert texts.label(REJECTED[why]) in tearsheet(texts, report, SETUP)


def test_without_a_rejection_nothing_is_said_of_any() -> None:
    assert "rejected" not in shown(reported(a_run([1.0, -1.0, 0.5] * 15)))


def test_a_run_without_trades_and_the_worst_one_are_shown_too() -> None:
    assert "No trade was made" in shown(reported(a_run([], days=3)))
    assert "liquidated" in shown(the_worst(), width=200)


@pytest.mark.parametrize("language", TEXTS.known)
@pytest.mark.parametrize("differences", [(), ("wallet: 1 replayed, 2 walked",)])
def test_an_audit_is_told_in_the_end_and_only_where_there_was_one(language: str, differences: tuple[str, ...]) -> None:
    report, texts = reported(a_run([1.0])), TEXTS.texts(language)
    audit = Audit(
        (IndicatorsCompared("ETHUSDT", 4_240, 760, 18, 0, 3e-13, "adx", 5_000),), TraderCompared(1, 1, 9, differences)
    )
    file = io.StringIO()

    show(texts, report, replace(SETUP, audit=audit), file, width=80)

    said, without = file.getvalue(), shown(report, language)
    heading = texts.label("Audit")
    assert heading not in without.splitlines()
    assert said.startswith(without + heading)
    assert " ".join(said.split()).endswith(" ".join(audit_lines(texts, audit)[-1].split()))
    assert max(len(line) for line in said.splitlines()) <= 80
