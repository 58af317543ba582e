"""What a beginning reads, and how memories are merged: a look that failed is no look, and the stricter latch holds."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from engine.model.events import AccountSynced, ErrandFailed
from engine.model.messages import Errand
from engine.model.notices import LatchCause
from engine.model.saved import SavedState
from engine.model.view import LatchView
from engine.ports import Event
from engine.recovery import Recovery, merged

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
