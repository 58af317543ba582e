"""What waits for one chat, and what need not be told any more."""

from bot.queue_of_chat import QueueOfChat
from handlers.ui.alerts import Alert, Loudness
from handlers.ui.markup import Html


def alert(text: str, loudness: Loudness, *, name: str = "", edits: str = "", outdates: str = "") -> Alert:
    return Alert(Html(text), loudness, name=name, edits=edits, outdates=outdates)


def test_the_most_urgent_comes_first() -> None:
    queue = QueueOfChat()

    queue.put(alert("moved", Loudness.NOTICE), "1")
    queue.put(alert("naked", Loudness.CRITICAL), "2")

    first = queue.first()
    assert first is not None
    assert first.alert.text == "naked"


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
