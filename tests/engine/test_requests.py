"""What the loop set in motion."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.model.events import ErrandFailed, OrderUnanswered
from engine.model.messages import Errand, ListStops, SyncAccount
from engine.model.orders import ApprovedOrder, SignedOrder
from engine.model.signals import Side
from engine.ports import Event
from engine.requests import Requests
from engine.risk.entry_order import entry_order
from tests import builders


@dataclass
class SlowBroker:
    """Answers when it is let."""

    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[Errand] = field(default_factory=list)

    async def run(self, errand: Errand) -> Sequence[Event]:
        self.asked.append(errand)
        await self.may_answer.wait()
        return (ErrandFailed("SyncAccount", "", "nothing", 0, 0),)


def _unanswered(order: ApprovedOrder, name: str) -> OrderUnanswered:
    return OrderUnanswered(order.symbol, order.client_id, name, 0, 0)


async def test_looks_at_the_account_that_are_asked_for_while_one_is_under_way_become_one_more() -> None:
    broker, posted = SlowBroker(), list[Event]()
    requests = Requests(broker, posted.append, _unanswered)  # type: ignore[arg-type]

    for _ in range(5):
        requests.start(requests.run(SyncAccount()))
    requests.start(requests.run(ListStops("ETHUSDT")))
    await asyncio.sleep(0)
    assert broker.asked == [SyncAccount(), ListStops("ETHUSDT")]

    broker.may_answer.set()
    await requests.finished(1.0)

    assert broker.asked.count(SyncAccount()) == 2
    assert len(posted) == 3


async def test_a_look_that_was_asked_for_later_is_one_of_its_own() -> None:
    broker = SlowBroker()
    broker.may_answer.set()
    requests = Requests(broker, lambda _: None, _unanswered)  # type: ignore[arg-type]

    for _ in range(3):
        await requests.run(SyncAccount())

    assert broker.asked.count(SyncAccount()) == 3


@dataclass
class SilentBroker:
    """Never answers an entry."""

    async def send(self, signed: SignedOrder) -> Sequence[Event]:
        await asyncio.Event().wait()
        raise AssertionError(signed)


async def test_a_send_that_is_cut_off_is_unanswered_and_never_silent() -> None:
    posted = list[Event]()
    requests = Requests(SilentBroker(), posted.append, _unanswered)  # type: ignore[arg-type]
    order = entry_order(client_id="abE", intent_id="one", side=Side.LONG, lots=1, rules=builders.rules())
    sending = asyncio.create_task(requests.send(SignedOrder(order, 1_000, 4_000, {})))
    await asyncio.sleep(0)

    sending.cancel()
    await asyncio.wait([sending])

    assert posted == [OrderUnanswered("ETHUSDT", "abE", "CancelledError", 0, 0)]
