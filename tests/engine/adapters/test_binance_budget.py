"""The budget: what may still be asked, and when silence is due."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from engine.adapters.binance_budget import Budget, Need
from tests.engine.adapters.fake_exchange import ManualClock

MINUTE = 60_000


def a_budget(clock: ManualClock) -> Budget:
    return Budget(clock.now_ms, clock.now_ms)


def at_second(second: int) -> ManualClock:
    return ManualClock(1_795_399_680_000 + second * 1_000)


def test_a_fresh_budget_lets_everything_go() -> None:
    budget = a_budget(at_second(0))

    assert [budget.wait_ms(need) for need in Need] == [0, 0, 0, 0]


def test_history_waits_for_the_next_minute_when_seven_tenths_are_used() -> None:
    clock = at_second(20)
    budget = a_budget(clock)
    budget.note_headers({"X-MBX-USED-WEIGHT-1M": "1680"})

    assert budget.wait_ms(Need.HISTORY) == 40_000
    assert [budget.wait_ms(need) for need in (Need.RECONCILE, Need.ENTRY, Need.EXIT)] == [0, 0, 0]
    clock.time_ms += 40_000
    assert budget.wait_ms(Need.HISTORY) == 0


def test_reading_the_account_waits_only_at_the_very_end() -> None:
    budget = a_budget(at_second(20))
    budget.note_headers({"X-MBX-USED-WEIGHT-1M": "2290"})

    assert budget.wait_ms(Need.RECONCILE) == 40_000
    assert budget.wait_ms(Need.EXIT) == 0


def test_published_limits_replace_the_assumed_ones() -> None:
    budget = a_budget(at_second(20))
    budget.learn_limits(6_000, {"1M": 100, "10S": 0, "1D": 5})
    budget.note_headers({"X-MBX-USED-WEIGHT-1M": "2290", "X-MBX-ORDER-COUNT-1M": "70"})

    assert budget.wait_ms(Need.HISTORY) == 0
    assert budget.wait_ms(Need.ENTRY) == MINUTE


def test_entries_wait_where_too_many_orders_were_placed_lately_and_exits_do_not() -> None:
    clock = at_second(5)
    budget = a_budget(clock)
    budget.note_headers({"X-MBX-ORDER-COUNT-10S": "210"})

    assert budget.wait_ms(Need.ENTRY) == 10_000
    assert budget.wait_ms(Need.EXIT) == 0
    clock.time_ms += 10_000
    assert budget.wait_ms(Need.ENTRY) == 0


def test_too_many_orders_stop_entries_for_one_window() -> None:
    budget = a_budget(at_second(5))
    budget.note_too_many_orders()

    assert budget.wait_ms(Need.ENTRY) == 10_000
    assert budget.wait_ms(Need.RECONCILE) == 0


def test_a_429_without_a_time_means_a_minute() -> None:
    budget = a_budget(at_second(5))
    budget.note_too_many({})

    assert [budget.wait_ms(need) for need in Need] == [MINUTE, MINUTE, MINUTE, 0]


def test_a_ban_lasts_as_long_as_it_says_but_not_for_ever() -> None:
    clock = at_second(5)
    budget = a_budget(clock)

    budget.note_banned({}, "nothing said")
    assert budget.wait_ms(Need.EXIT) == 120_000
    budget.note_banned({"Retry-After": "300"}, "")
    assert budget.wait_ms(Need.EXIT) == 300_000
    budget.note_banned({}, "banned until 99999999999999")
    assert budget.wait_ms(Need.EXIT) == 3 * 86_400_000


@pytest.mark.parametrize("retry_after", ["0", "9" * 5_000])
def test_a_ban_of_no_length_is_taken_for_the_shortest(retry_after: str) -> None:
    """A ban of no length was asked through, which makes it a longer one."""
    budget = a_budget(at_second(5))

    budget.note_banned({"Retry-After": retry_after}, "")

    assert [budget.wait_ms(need) for need in Need] == [120_000] * 4


def test_the_rest_of_a_ban_that_began_before_us_is_no_longer_than_it_is_told() -> None:
    """A start within a ban: a position may be bare, and each second of silence too many leaves it so."""
    clock = at_second(5)
    budget = a_budget(clock)

    budget.note_banned({}, f"banned until {clock.time_ms + 5_000}")

    assert budget.wait_ms(Need.EXIT) == 5_000


def test_a_ban_that_ended_by_our_clock_is_none_that_ended() -> None:
    clock = at_second(5)
    budget = a_budget(clock)

    budget.note_banned({}, f"banned until {clock.time_ms - 3_600_000}")

    assert budget.wait_ms(Need.EXIT) == 120_000


@pytest.mark.parametrize("wrong_ms", [-3_600_000, 3_600_000])
def test_the_end_of_a_ban_is_held_against_the_answers_own_date_whatever_our_clock_says(wrong_ms: int) -> None:
    clock = at_second(5)
    budget = Budget(clock.now_ms, lambda: clock.time_ms + wrong_ms)
    date = format_datetime(datetime.fromtimestamp(clock.time_ms // 1_000, UTC), usegmt=True)

    budget.note_banned({"Date": date}, f"banned until {clock.time_ms + 5_000}")

    assert 5_000 <= budget.wait_ms(Need.EXIT) <= 6_000


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Foo 2026 00:00:00 GMT", "Sat, 28 Nov 99999999 17:00:00 GMT"])
def test_a_date_that_cannot_be_read_leaves_the_measured_clock(date: str) -> None:
    clock = at_second(5)
    budget = a_budget(clock)

    budget.note_banned({"Date": date}, f"banned until {clock.time_ms + 5_000}")

    assert budget.wait_ms(Need.EXIT) == 5_000


@pytest.mark.parametrize(("retry_after", "wait_ms"), [("99999999", 3 * 86_400_000), ("9" * 5_000, MINUTE), ("0", 0)])
def test_a_429_keeps_nobody_silent_for_ever(retry_after: str, wait_ms: int) -> None:
    budget = a_budget(at_second(5))

    budget.note_too_many({"Retry-After": retry_after})

    assert budget.wait_ms(Need.RECONCILE) == wait_ms


def test_a_ban_whose_length_is_told_needs_no_clock_of_the_exchange() -> None:
    clock = at_second(5)
    budget = Budget(clock.now_ms, lambda: clock.time_ms - 3_600_000)

    budget.note_banned({"Retry-After": "300"}, f"banned until {clock.time_ms + 300_000}")

    assert budget.wait_ms(Need.EXIT) == 300_000


def test_a_silence_stays_as_long_as_it_is_when_the_exchanges_clock_turns_out_to_be_another() -> None:
    """A start asks before it measured the clock; the machine's may be an hour ahead."""
    clock, ahead = at_second(5), ManualClock(3_600_000)
    budget = Budget(clock.now_ms, lambda: clock.time_ms + ahead.time_ms)
    budget.note_too_many({"Retry-After": "2"})
    budget.note_too_many_orders()
    budget.note_headers({"X-MBX-ORDER-COUNT-10S": "210"})

    ahead.time_ms = 0

    assert budget.wait_ms(Need.RECONCILE) == 2_000
    assert budget.wait_ms(Need.ENTRY) == 10_000


def test_counters_that_are_no_numbers_are_ignored() -> None:
    budget = a_budget(at_second(5))
    budget.note_headers({"X-MBX-USED-WEIGHT-1M": "many", "X-MBX-ORDER-COUNT-1M": "-", "X-MBX-ORDER-COUNT-10S": "9" * 5_000})

    assert budget.weight_used() == budget.wait_ms(Need.ENTRY) == 0
