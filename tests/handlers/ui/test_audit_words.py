"""An audit in words: agreement with what was compared, a difference with its name, and never an agreement that nobody saw."""

import math
from dataclasses import replace

import pytest

from engine.backtest.audit.found import Audit, IndicatorsCompared, TraderCompared
from handlers.ui.audit_words import MOST_SHOWN, audit_lines
from handlers.ui.language import Languages
from tests.engine.backtest.runs import BEGIN_MS

TEXTS = Languages("PAPER")
EQUAL = IndicatorsCompared("ETHUSDT", 4_240, 760, 18, 0, 3.14e-13, "adx", BEGIN_MS)
SAME = TraderCompared(212, 212, 4_000, ())


def said(indicators: IndicatorsCompared = EQUAL, trader: TraderCompared = SAME, language: str = "en") -> list[str]:
    return audit_lines(TEXTS.texts(language), Audit((indicators,), trader))


def test_agreement_is_a_line_each_with_what_was_compared() -> None:
    indicators, trader = said()

    assert indicators.startswith(
        "Indicators of ETHUSDT: 18 features equal those of pandas-ta on 4,240 bars; the first 760 were"
    )
    assert indicators.endswith("The largest relative difference is 3e-13: adx.")
    assert trader.startswith("The Trader itself over the same candles: 212 trades, equal in every field")
    assert "4,000 judged bars" in trader


def test_an_indicator_that_differs_is_named_with_its_bar() -> None:
    line = said(replace(EQUAL, largest=1.2e-3))[0]

    assert "NOT those of pandas-ta" in line
    assert "1e-03: adx, Jan 1, 2024 00:00 UTC" in line


def test_what_only_we_do_not_know_is_a_difference_without_end() -> None:
    assert "is ∞: adx" in said(replace(EQUAL, largest=math.inf))[0]


def test_too_few_bars_are_told_and_not_called_equal() -> None:
    line = said(IndicatorsCompared("ETHUSDT", 0, 760))[0]

    assert "NOT compared" in line
    assert "760" in line
    assert "equal" not in line


def test_values_that_nobody_could_compare_are_told() -> None:
    assert said(replace(EQUAL, unknown=1))[0].endswith("For 1 value pandas-ta gives no number.")
    assert said(replace(EQUAL, unknown=30))[0].endswith("For 30 values pandas-ta gives no number.")


def test_of_many_differences_the_first_are_told_and_the_others_counted() -> None:
    found = tuple(f"trade {at} of ETHUSDT: fees: 1 replayed, 2 walked" for at in range(9))

    _, head, *lines = said(trader=TraderCompared(212, 210, 4_000, found))

    assert head == "The Trader itself over the same candles: 9 differences. It made 210 trades, the walk 212."
    assert lines == [*found[:MOST_SHOWN], "4 more lines"]


@pytest.mark.parametrize("language", TEXTS.known)
@pytest.mark.parametrize("count", [0, 1, 3, 30])
def test_every_language_says_all_of_it(language: str, count: int) -> None:
    found = tuple(f"wallet {at}" for at in range(count))
    for indicators in (EQUAL, replace(EQUAL, largest=1.0), replace(EQUAL, bars=0, largest=0.0)):
        lines = said(indicators, TraderCompared(count, count, 4_000, found), language)

        assert not any("{" in line for line in lines)
        assert "ETHUSDT" in lines[0]
