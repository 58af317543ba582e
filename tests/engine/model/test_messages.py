"""Outcomes that are added: both, in order, the later reply and the earlier alarm."""

from engine.model.messages import NOTHING, ListStops, Outcome, Reply, ReplyCode, SyncAccount


def test_added_outcomes_keep_their_order_the_later_reply_and_the_earlier_wish_to_wake() -> None:
    first = Outcome(errands=(SyncAccount(),), reply=Reply(ReplyCode.SENT), wake_in_ms=300)
    second = Outcome(errands=(ListStops("ETHUSDT"),), reply=Reply(ReplyCode.DONE), changed=True, wake_in_ms=200)

    both = first + second

    assert both == Outcome(
        errands=(SyncAccount(), ListStops("ETHUSDT")), reply=Reply(ReplyCode.DONE), changed=True, wake_in_ms=200
    )


def test_nothing_adds_nothing_on_either_side() -> None:
    some = Outcome(errands=(SyncAccount(),), reply=Reply(ReplyCode.DONE), changed=True, wake_in_ms=200)

    assert some + NOTHING is some
    assert NOTHING + some is some
    assert some + Outcome() == some
    assert NOTHING + NOTHING is NOTHING
