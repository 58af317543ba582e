"""Breakdowns: every trade is in exactly one group of each kind, and the parts make the whole to the last digit."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine.backtest import breakdowns
from engine.backtest.breakdowns import added
from engine.backtest.result import Closed
from engine.model.market import DAY_MS
from engine.model.orders import ExitReason
from engine.model.signals import Regime, Side
from tests.engine.backtest.runs import BEGIN_MS, a_closed, a_run, moved_to

MONEY = some.decimals(-1_000, 1_000, places=8)
REASONS = some.sampled_from([ExitReason.STOP_LOSS, ExitReason.TAKE_PROFIT, ExitReason.TIME_LIMIT])


@some.composite
def trades(draw: some.DrawFn) -> list[Closed]:
    """Some trades with any money."""
    found = []
    for number in range(draw(some.integers(0, 12))):
        one = a_closed(
            number,
            0.0,
            symbol=draw(some.sampled_from(["ETHUSDT", "BTCUSDT"])),
            reason=draw(REASONS),
            regime=draw(some.sampled_from(Regime)),
        )
        money: dict[str, Any] = {"gross": draw(MONEY), "fees": abs(draw(MONEY)), "funding": draw(MONEY)}
        found.append(replace(one, trade=replace(one.trade, **money)))
    return found


@given(trades())
def test_the_parts_make_the_whole_to_the_last_digit(trades: list[Closed]) -> None:
    total, run = added(trades), a_run(trades=trades, days=40)

    assert total.net == sum((one.trade.net for one in trades), Decimal(0))
    groups = (
        breakdowns.by_side(trades),
        breakdowns.by_symbol(trades),
        breakdowns.by_reason(trades),
        breakdowns.by_regime(trades),
        breakdowns.by_month(run),
    )
    for kind in groups:
        results = [group.results for group in kind]
        assert sum((one.net for one in results), Decimal(0)) == total.net
        assert sum((one.fees for one in results), Decimal(0)) == total.fees
        assert sum((one.funding for one in results), Decimal(0)) == total.funding
        assert sum(one.trades for one in results) == total.trades
        assert sum(one.wins for one in results) == total.wins


def test_results_by_hand() -> None:
    total = added([a_closed(0, 2.0), a_closed(1, -1.0), a_closed(2, 1.0), a_closed(3, -0.5)])

    assert (total.trades, total.wins, total.win_rate) == (4, 2, 0.5)
    assert total.net == Decimal(150)
    assert total.gross == Decimal(150) + Decimal("0.44")
    assert (total.fees, total.funding) == (Decimal("0.40"), Decimal("-0.04"))
    assert total.in_r == pytest.approx(1.5)
    assert total.expectancy == pytest.approx(0.375)
    assert total.profit_factor == pytest.approx(2.0)
    assert total.mean_bars_held == 5


def test_without_losers_there_is_no_profit_factor_and_without_trades_no_rate() -> None:
    assert added([a_closed(0, 1.0)]).profit_factor is None
    assert added([a_closed(0, -1.0)]).profit_factor == 0.0
    nothing = added([])
    assert (nothing.win_rate, nothing.expectancy, nothing.mean_bars_held, nothing.profit_factor) == (None, None, None, None)


def test_groups_without_a_trade_are_left_out_and_the_others_keep_their_order() -> None:
    chosen = [a_closed(0, 1.0, side=Side.SHORT), a_closed(1, -1.0, side=Side.SHORT)]

    assert [group.key for group in breakdowns.by_side(chosen)] == [Side.SHORT]
    assert [group.key for group in breakdowns.by_reason(chosen)] == [ExitReason.STOP_LOSS, ExitReason.TAKE_PROFIT]


def test_every_month_is_there_with_what_the_account_became_in_it() -> None:
    run = a_run(trades=[a_closed(10, 2.0), a_closed(70, -1.0)], days=91)  # January to March of 2024

    months = breakdowns.by_month(run)

    assert [(one.year, one.month, one.results.trades) for one in months] == [(2024, 1, 1), (2024, 2, 0), (2024, 3, 1)]
    assert [one.change for one in months] == pytest.approx([0.02, 0.0, -100 / 10_200])


def test_an_exit_at_the_very_end_belongs_to_the_last_month() -> None:
    end = BEGIN_MS + 31 * DAY_MS
    run = a_run(trades=[moved_to(a_closed(30, 1.0), end)], days=31)

    months = breakdowns.by_month(run)

    assert [(one.month, one.results.trades) for one in months] == [(1, 1)]


def test_a_run_without_time_has_no_months() -> None:
    assert breakdowns.by_month(a_run(days=0)) == ()
