"""What a beginning reads, and how memories are merged: a look that failed is no look, and the stricter latch holds."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from engine.adapters.binance_messages import BadMessage
from engine.model.commands import DecisionMode
from engine.model.events import AccountSynced, BarClosed, ErrandFailed, RulesLoaded
from engine.model.market import HOUR_MS
from engine.model.messages import Errand, FetchFills, FetchFunding
from engine.model.notices import LatchCause
from engine.model.orders import TriggerBy
from engine.model.saved import RECENT_FUNDING, SavedState
from engine.model.view import LatchView
from engine.params import TradingParams
from engine.ports import Event
from engine.recovery import Recovery, merged
from engine.trader import TraderSetup
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


@pytest.mark.parametrize("booked", [0, RECENT_FUNDING - 1, RECENT_FUNDING], ids=["none", "few", "more than are remembered"])
async def test_funding_is_read_since_the_entry_or_since_the_oldest_payment_that_is_remembered(booked: int) -> None:
    broker, entered_hour = Asked(), builders.START_MS // HOUR_MS
    payments = tuple(f"ETHUSDT:{entered_hour + 1 + number}" for number in range(booked))
    held = builders.a_desk(holding=builders.a_holding(), recent_funding=payments)

    await Recovery(None, "1h", None, broker).executions(held.symbol, held)  # type: ignore[arg-type]  # only the broker is asked

    assert held.holding is not None
    entered_ms = held.holding.trade.entry_time_ms
    is_full = booked == RECENT_FUNDING
    assert broker.asked[0] == FetchFunding(held.symbol, (entered_hour + 1) * HOUR_MS if is_full else entered_ms)


class Nonsense:
    """Answers with what makes no sense."""

    async def rules(self, symbols: Sequence[str]) -> Sequence[RulesLoaded]:
        raise BadMessage("a number of NaN")

    async def closed_bars(self, symbol: str, interval: str, count: int, since_ms: int) -> Sequence[BarClosed]:
        raise BadMessage("a bar of nothing")


async def test_an_answer_that_makes_no_sense_is_asked_for_again_like_none() -> None:
    """Raised as it was, it ended the start, or the engine that took a memory over."""
    setup = TraderSetup("test", ("ETHUSDT",), HOUR_MS, 60, TriggerBy.LAST, TradingParams(), DecisionMode.AUTO)
    recovery = Recovery(setup, "1h", Nonsense(), None)  # type: ignore[arg-type]  # only the history is asked

    with pytest.raises(ConnectionError, match="the rules make no sense: a number of NaN"):
        await recovery.rules()
    with pytest.raises(ConnectionError, match="the bars of ETHUSDT make no sense: a bar of nothing"):
        await recovery.bars("ETHUSDT")


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
