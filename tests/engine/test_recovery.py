"""What a beginning reads, and how memories are merged: a look that failed is no look, and the stricter latch holds."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from engine.model.events import AccountSynced, ErrandFailed
from engine.model.messages import Errand, FetchFills, FetchFunding
from engine.model.notices import LatchCause
from engine.model.saved import SavedState
from engine.model.view import LatchView
from engine.ports import Event
from engine.recovery import Recovery, merged
from tests import builders

LATCH = LatchView(LatchCause.DRAWDOWN, 0.2, 0.1, 5)


@dataclass
class LateBroker:
    """Gives the account at the third question."""

    asked: list[Errand] = field(default_factory=list)

    async def run(self, errand: Errand) -> Sequence[Event]:
        self.asked.append(errand)
        if len(self.asked) < 3:
            return (ErrandFailed("SyncAccount", "", "no connection", 0, 0),)
        return (AccountSynced(None, 0, 0),)  # type: ignore[arg-type]  # nobody looks into it here


@dataclass
class Asked:
    """Notes what it was asked for."""

    asked: list[Errand] = field(default_factory=list)

    async def run(self, errand: Errand) -> Sequence[Event]:
        self.asked.append(errand)
        return ()


async def test_funding_of_what_is_held_is_read_before_the_executions_that_may_close_its_books() -> None:
    broker, held = Asked(), builders.a_desk(holding=builders.a_holding())

    await Recovery(None, "1h", None, broker).executions(held.symbol, held)  # type: ignore[arg-type]  # only the broker is asked

    assert [type(errand) for errand in broker.asked] == [FetchFunding, FetchFills]


async def test_a_look_at_the_account_that_failed_is_none_and_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.recovery.SYNC_AGAIN_S", 0)
    broker = LateBroker()

    heard = await Recovery(None, "1h", None, broker).account()  # type: ignore[arg-type]  # only the broker is asked

    assert isinstance(heard[-1], AccountSynced)
    assert len(broker.asked) == 3


def test_a_latch_holds_whichever_memory_has_it() -> None:
    saved, meanwhile = SavedState("test"), SavedState("test")
    latched = replace(saved, account=replace(saved.account, latch=LATCH))

    assert merged(latched, meanwhile, None).account.latch == LATCH
    assert merged(saved, latched, None).account.latch == LATCH
    assert merged(saved, meanwhile, None).account.latch is None
