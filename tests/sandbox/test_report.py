"""The report holds what the two sides say and whether they agree; an export that cannot be read is one clear line."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.report import BadExport, make_report, read_export, summary, write_report
from tests.sandbox.test_books import a_venue, an_owners_trade


def a_report(trade: dict[str, Any]) -> dict[str, Any]:
    venue = a_venue() | {
        "orders": [{"id": 1}, {"id": 2}],
        "open_positions": [],
        "open_orders": [],
        "uncovered_ms_max": 12,
        "uncovered_market_ms_max": 0,
    }
    return make_report(
        bars=150,
        symbols=("ETHUSDT",),
        export={"trades": [trade | {"reason": "target", "number": 1}], "rulings": 150, "refusals": {"ADX_LOW": 3}},
        venue=venue,
        telegram={"messages": 5, "edits": 2, "callbacks": 1, "errors": 0},
        run={"seconds": 1.0},
    )


def test_a_report_of_equal_books_says_so_and_lists_everything() -> None:
    report = a_report(an_owners_trade())

    assert report["books_equal"] is True
    assert report["trades"][0]["reason"] == "target"
    assert set(report["venue"]) == {"orders", "fills", "wallet_start", "wallet_end", "open_positions", "open_orders"}
    assert (report["rulings"], report["refusals"], report["orders"]) == (150, {"ADX_LOW": 3}, 2)
    assert "books equal" in summary(report)


def test_a_difference_is_named_in_report_and_summary() -> None:
    report = a_report(an_owners_trade(gross="99"))

    assert report["books_equal"] is False
    assert "BOOKS DIFFER" in summary(report)
    assert "gross" in report["differences"][0]


def test_a_report_reads_back_as_it_was(tmp_path: Path) -> None:
    report = a_report(an_owners_trade())

    write_report(tmp_path / "r.json", report)

    assert json.loads((tmp_path / "r.json").read_text()) == report


@pytest.mark.parametrize(("code", "text"), [(1, "{}"), (0, "no json"), (0, "[]"), (0, "{}")])
def test_an_export_that_failed_is_one_clear_line(code: int, text: str) -> None:
    with pytest.raises(BadExport) as refused:
        read_export(code, text)

    assert "\n" not in str(refused.value)
