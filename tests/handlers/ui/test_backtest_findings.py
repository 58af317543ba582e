"""What ended the entries, in words: the sentence names what really did it."""

import pytest

from engine.backtest.report import Finding, reported
from engine.model.orders import ExitReason
from engine.model.past import EndCause, EntriesEnded
from handlers.ui.backtest_findings import finding
from handlers.ui.language import Languages
from tests.engine.backtest.runs import BEGIN_MS, a_closed, a_run

TEXTS = Languages("PAPER")


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (
            ExitReason.LIQUIDATED,
            "A liquidation set the latch on Jan 1, 2024: it ended all entries, later bars were not traded.",
        ),
        (ExitReason.STOP_LOSS, "The drawdown latch ended all entries on Jan 1, 2024: later bars were not traded."),
    ],
)
def test_a_latch_is_blamed_on_what_set_it(reason: ExitReason, said: str) -> None:
    last = a_closed(0, -1.0, reason=reason)
    report = reported(a_run(trades=[last], latched_ms=last.trade.exit_time_ms))

    assert finding(TEXTS.texts("en"), report, Finding.LATCHED) == said


def test_a_wallet_that_ran_dry_is_told_with_its_day() -> None:
    report = reported(a_run([-1.0]), ended=EntriesEnded(EndCause.RAN_DRY, BEGIN_MS))

    said = finding(TEXTS.texts("en"), report, Finding.RAN_DRY)

    assert said == "Nothing was entered after Jan 1, 2024: the wallet was too small for the smallest order."
