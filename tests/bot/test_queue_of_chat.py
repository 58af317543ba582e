"""What waits for one chat, and what need not be told any more."""

import pytest

from bot.queue_of_chat import MANY, MOST, QueueOfChat, Waiting
from handlers.ui.alerts import Alert, Loudness
from handlers.ui.markup import Html


def alert(text: str, loudness: Loudness = Loudness.NOTICE, *, name: str = "", edits: str = "", outdates: str = "") -> Alert:
    return Alert(Html(text), loudness, name=name, edits=edits, outdates=outdates)


def test_a_stop_that_moved_is_not_told_after_its_position_was_closed() -> None:
    queue = QueueOfChat()
    queue.put(alert("stop moved", Loudness.NOTICE, name="stop:a"), "1")
    queue.put(alert("other stop moved", Loudness.NOTICE, name="stop:b"), "2")

    queue.put(alert("closed", Loudness.MONEY, outdates="stop:a"), "3")

    first = queue.first()
    assert first is not None
    assert (first.alert.text, first.notices) == ("closed", ["1", "3"])
    queue.done(first)
    left = queue.first()
    assert left is not None
    assert left.alert.text == "other stop moved"


def test_the_most_urgent_alert_goes_first_and_equals_go_in_order() -> None:
    queue = QueueOfChat()
    for text, loudness in (("quiet", Loudness.NOTICE), ("one", Loudness.MONEY), ("ask", Loudness.ASK), ("two", Loudness.MONEY)):
        queue.put(alert(text, loudness), text)

    went = []
    while (first := queue.first()) is not None:
        went.append(first.alert.text)
        queue.done(first)

    assert went == ["ask", "one", "two", "quiet"]


def test_an_edit_takes_the_place_of_what_still_waits() -> None:
    queue = QueueOfChat()
    queue.put(alert("card", Loudness.ASK, name="card:1"), "n1")
    queue.put(alert("receipt", name="card:1", edits="card:1"), "n2")

    first = queue.first()

    assert first is not None
    assert (first.alert.text, first.alert.edits, first.alert.loudness) == ("receipt", "", Loudness.ASK)
    assert first.notices == ["n1", "n2"]
    assert len(queue) == 1


def test_where_too_many_wait_the_oldest_silent_one_is_left_out() -> None:
    queue = QueueOfChat()
    for number in range(MANY):
        assert queue.put(alert(f"{number}"), f"n{number}") == []

    assert queue.put(alert("loud", Loudness.CRITICAL), "loud") == ["n0"]
    assert len(queue) == MANY


def test_nothing_that_disturbs_is_ever_left_out() -> None:
    queue = QueueOfChat()

    left_out = [queue.put(alert("x", Loudness.MONEY), f"n{number}") for number in range(2 * MANY)]

    assert not any(left_out)


def test_a_chat_that_nobody_can_reach_holds_so_many_and_then_leaves_out_the_oldest_of_the_least_urgent() -> None:
    queue = QueueOfChat()
    queue.put(alert("urgent", Loudness.CRITICAL), "urgent")
    for number in range(1, MOST):
        queue.put(alert("x", Loudness.MONEY), f"n{number}")

    left_out = queue.put(alert("x", Loudness.MONEY), "last")

    assert left_out == ["n1"]
    assert len(queue) == MOST


def sent(queue: QueueOfChat) -> Waiting:
    """The first one, on its way."""
    one = queue.first()
    assert one is not None
    one.is_on_its_way = True
    return one


def test_an_alert_on_its_way_is_marked_as_outdated_and_stays_until_its_attempt_ended() -> None:
    queue = QueueOfChat()
    queue.put(alert("stop moved", name="stop:a"), "1")
    moved = sent(queue)

    queue.put(alert("closed", Loudness.MONEY, outdates="stop:a"), "2")

    assert (moved.notices, moved.is_outdated) == (["1"], True)
    closed = queue.first()
    assert closed is not None
    assert (closed.alert.text, closed.notices) == ("closed", ["2"])
    assert len(queue) == 2


@pytest.mark.parametrize("most", [MANY, MOST])
def test_an_alert_on_its_way_is_never_left_out(most: int) -> None:
    queue, loudness = QueueOfChat(), Loudness.NOTICE if most == MANY else Loudness.REPORT
    queue.put(alert("0", loudness), "n0")
    sent(queue)

    left_out = [queue.put(alert(f"{number}", loudness), f"n{number}") for number in range(1, most + 1)]

    assert left_out[-1] == ["n1"]
    assert not any(left_out[:-1])
