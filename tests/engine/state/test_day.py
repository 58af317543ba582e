"""The day's book and the loss streak: days turn once and in order, and every closed trade is counted once."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from engine.desk.ruling import judge, ruling
from engine.model.market import DAY_MS
from engine.model.signals import Code, Ruling, Verdict
from engine.state import day
from tests import builders

MIDNIGHT = builders.an_account().day_ms


def a_ruling(confidence: float = 0.7) -> Ruling:
    params, features = builders.params(activation_threshold=confidence), builders.features()
    judged = judge(features, builders.regime(), builders.situation(), builders.lot(), builders.BRACKETS, params)
    return ruling("ETHUSDT", builders.a_bar(), 1, features, builders.regime(), judged, Verdict.REFUSED, "")


def test_a_day_begins_at_midnight_of_the_market_and_keeps_the_equity_it_began_with() -> None:
    account = builders.an_account(day_trades=3, day_gross=Decimal(5), day_refusals=((5, 2),), loss_streak=2)

    same = day.turned(account, Decimal(9_000), MIDNIGHT + DAY_MS - 1)
    turned = day.turned(account, Decimal(9_000), MIDNIGHT + DAY_MS)

    assert same is account
    assert (turned.day_ms, turned.day_start_equity) == (MIDNIGHT + DAY_MS, Decimal(9_000))
    assert (turned.day_trades, turned.day_gross, turned.day_refusals) == (0, Decimal(0), ())
    assert turned.loss_streak == 2, "a streak belongs to the account, not to the day"


@given(st.lists(st.integers(-3 * DAY_MS, 3 * DAY_MS), min_size=1, max_size=20))
def test_a_day_never_turns_back(moments: list[int]) -> None:
    account = builders.an_account()

    for moment in moments:
        after = day.turned(account, Decimal(1), MIDNIGHT + moment)
        assert after.day_ms >= account.day_ms
        assert after.day_ms % DAY_MS == 0
        account = after


def test_a_closed_trade_is_booked_on_the_day() -> None:
    trade = builders.a_trade(funding=Decimal("-0.5"))

    account = day.closed(builders.an_account(), trade, 4, 12.0)

    assert (account.day_trades, account.day_wins) == (1, 1)
    assert (account.day_gross, account.day_fees, account.day_funding) == (Decimal(30), Decimal(2), Decimal("-0.5"))


def test_a_full_streak_locks_entries_from_the_last_exit_and_starts_anew() -> None:
    lost, account = replace(builders.a_trade(), gross=Decimal(-30)), builders.an_account()

    streaks = []
    for _ in range(4):
        account = day.closed(account, lost, 4, 12.0)
        streaks.append(account.loss_streak)

    assert streaks == [1, 2, 3, 0]
    assert account.locked_until_ms == lost.exit_time_ms + 12 * builders.HOUR_MS


def test_a_lock_never_becomes_shorter_whatever_was_tuned_or_is_booked_late() -> None:
    lost = replace(builders.a_trade(), gross=Decimal(-30))
    locked = day.closed(builders.an_account(), lost, 1, 24.0)

    tuned = day.closed(locked, replace(lost, exit_time_ms=lost.exit_time_ms + 1), 1, 1.0)
    late = day.closed(locked, replace(lost, exit_time_ms=lost.exit_time_ms - 3_600_000), 1, 24.0)

    assert tuned.locked_until_ms == late.locked_until_ms == locked.locked_until_ms > lost.exit_time_ms


def test_a_win_ends_a_streak_and_so_does_a_trade_that_cost_nothing() -> None:
    on_a_streak = builders.an_account(loss_streak=3)

    assert day.closed(on_a_streak, builders.a_trade(), 4, 12.0).loss_streak == 0
    assert day.closed(on_a_streak, replace(builders.a_trade(), gross=Decimal(2)), 4, 12.0).loss_streak == 0


@given(st.lists(st.sampled_from((-30, 2, 30)), max_size=40), st.integers(1, 6))
def test_a_streak_stays_below_its_limit_whatever_is_closed(results: list[int], limit: int) -> None:
    account, run, locks = builders.an_account(), 0, 0

    for gross in results:
        before = account.locked_until_ms
        account = day.closed(account, replace(builders.a_trade(), gross=Decimal(gross)), limit, 1.0)
        run = run + 1 if gross < 2 else 0
        locks += run == limit
        run = 0 if run == limit else run
        assert account.loss_streak == run < limit
        assert (account.locked_until_ms > 0) == (locks > 0)
        assert account.locked_until_ms >= before

    assert account.day_trades == len(results)


def test_refusals_are_counted_and_the_day_names_the_most_frequent() -> None:
    account = builders.an_account()
    for _ in range(3):
        account = day.ruled(account, a_ruling())

    report = day.reported(account, Decimal(10_001), "2023-11-14", 5)

    assert account.day_refusals == ((int(Code.CONFIDENCE_LOW), 3),)
    assert (report.rulings, report.top_refusals) == (3, ((Code.CONFIDENCE_LOW, 3),))
    assert (report.equity, report.day) == (Decimal(10_001), "2023-11-14")


def test_a_trade_that_only_its_fees_turned_into_a_loss_is_a_loss() -> None:
    eaten = replace(builders.a_trade(), gross=Decimal(1), fees=Decimal(3))

    assert day.closed(builders.an_account(loss_streak=1), eaten, 4, 12.0).loss_streak == 2
