"""The queue of a symbol's bars, for every order in which bars may come: each once, in order, at most the newest one live."""

from hypothesis import given
from hypothesis import strategies as st

from engine.adapters.binance_bars import FRESH_MS, LATE_AFTER_MS, BarQueue
from engine.model.events import BarClosed
from engine.model.market import Bar

MINUTE = 60_000
START = 1_795_399_680_000


def closed(minute: int, *, late_ms: int = 20, is_history: bool = False) -> BarClosed:
    opened = START + minute * MINUTE
    return BarClosed("BTCUSDT", Bar(opened, 10, 12, 9, 11, 5), is_history, opened + MINUTE + late_ms, 1)


def a_queue(last_minute: int | None = 0) -> BarQueue:
    queue = BarQueue("BTCUSDT", MINUTE)
    if last_minute is not None:
        queue.last_open_ms = START + last_minute * MINUTE
    return queue


def test_the_first_bar_of_all_waits_for_what_came_before() -> None:
    queue = a_queue(last_minute=None)

    assert queue.arrived(closed(5)) == ()
    assert queue.has_hole
    assert [one.bar for one in queue.repaired([closed(4, is_history=True)])] == [closed(4).bar, closed(5).bar]


def test_a_bar_is_late_three_seconds_after_its_close() -> None:
    queue = a_queue()
    queue.market_ms = START + 2 * MINUTE + LATE_AFTER_MS - 1
    assert not queue.is_late()

    queue.market_ms += 1

    assert queue.is_late()


def test_a_bar_is_fresh_for_five_seconds() -> None:
    for late_ms, is_history in ((FRESH_MS, False), (FRESH_MS + 1, True)):
        (bar,) = a_queue().repaired([closed(1, late_ms=late_ms, is_history=True)])
        assert bar.is_history is is_history


def test_nothing_found_leaves_everything_as_it_was() -> None:
    queue = a_queue()
    queue.is_repairing = True

    assert queue.repaired([]) == ()
    assert not queue.is_repairing
    assert queue.next_open_ms == START + MINUTE


@given(
    st.lists(
        st.one_of(
            st.integers(0, 12).map(lambda minute: ("socket", [minute])),
            st.lists(st.integers(0, 12), max_size=5).map(lambda minutes: ("repair", sorted(set(minutes)))),
            st.just(("begin", list[int]())),
        ),
        max_size=30,
    )
)
def test_bars_leave_once_and_in_order_whatever_comes(steps: list[tuple[str, list[int]]]) -> None:
    queue, posted = a_queue(), list[BarClosed]()

    for kind, minutes in steps:
        if kind == "socket":
            posted.extend(queue.arrived(closed(minutes[0])))
        elif kind == "repair":
            posted.extend(queue.repaired([closed(minute, is_history=True) for minute in minutes]))
        else:
            queue.is_repairing = True

    opened = [one.bar.open_time_ms for one in posted]
    assert opened == sorted(set(opened))
    assert all(at > START for at in opened)
    assert not queue.has_hole or queue.next_open_ms not in opened
