"""An entry on its way out by itself: without the journal's word, or the owner's, nothing leaves."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import pytest

from engine.entering import DECIDED_WITHIN_MS, STORE_DOWN, Entries
from engine.model.commands import AllowSides, Asked, Command, DecisionMode, LockSymbol, SetMode, StartTrading
from engine.model.events import OrderAccepted, OrderFilled, OrderRejected, OrderSigned
from engine.model.notices import LatchCause
from engine.model.orders import ApprovedOrder, Fill, SignedOrder
from engine.model.signals import Side, Sides
from engine.model.view import LatchView, Running
from engine.ports import Event
from engine.risk.entry_order import entry_order
from tests import builders
from tests.engine.runner_house import House, a_house, running
from tests.engine.trader.world import SYMBOL

FAR_MS: Final = 4_000_000_000_000


@dataclass
class Desk:
    """Signs, and remembers what left and what was told."""

    sent: list[SignedOrder] = field(default_factory=list)
    told: list[Event] = field(default_factory=list)
    wire_ms: int = 1_000
    signing_ms: int = 0  # how long the exchange's clock has to be waited for

    def now_ms(self) -> int:
        return self.wire_ms

    async def sign(self, order: ApprovedOrder) -> SignedOrder:
        self.wire_ms += self.signing_ms
        return SignedOrder(order, self.wire_ms, self.wire_ms + 3_000, {})

    async def send(self, signed: SignedOrder) -> None:
        self.sent.append(signed)

    def entries(self, journal: Callable[[], Awaitable[bool]], may: Callable[[ApprovedOrder], bool]) -> Entries:
        return Entries(
            self,  # type: ignore[arg-type]  # only what an entry needs
            self,
            lambda: 1,
            take=self.told.append,
            journal=journal,
            may=may,
            send=self.send,
        )


def an_order() -> ApprovedOrder:
    return entry_order(client_id="abE", intent_id="one", side=Side.LONG, lots=1, rules=builders.rules())


async def confirmed() -> bool:
    return True


async def denied() -> bool:
    return False


async def test_what_the_journal_confirmed_is_sent_once() -> None:
    desk = Desk()

    await desk.entries(confirmed, lambda _: True).enter(an_order(), 1_000)

    assert len(desk.sent) == 1
    assert [type(event) for event in desk.told] == [OrderSigned]


async def test_what_the_journal_did_not_confirm_is_not_sent_whatever_else_allows_it() -> None:
    desk = Desk()

    await desk.entries(denied, lambda _: True).enter(an_order(), 1_000)

    assert not desk.sent
    assert isinstance(desk.told[-1], OrderRejected)
    assert desk.told[-1].code == STORE_DOWN


async def test_what_is_no_longer_wanted_when_the_journal_confirms_is_not_sent() -> None:
    desk, wanted = Desk(), [True, False]

    await desk.entries(confirmed, lambda _: wanted.pop(0)).enter(an_order(), 1_000)

    assert not desk.sent
    assert isinstance(desk.told[-1], OrderRejected)


async def test_what_took_too_long_to_be_signed_is_neither_journalled_nor_sent() -> None:
    desk = Desk(signing_ms=DECIDED_WITHIN_MS + 1)

    await desk.entries(confirmed, lambda _: True).enter(an_order(), 1_000)

    assert not desk.sent
    assert [type(event) for event in desk.told] == [OrderRejected]


def latched(house: House) -> None:
    house.runner.trader.hold_back(LatchView(LatchCause.DRAWDOWN, 0.2, 0.1, 5), Running.RUNNING)


def silent(house: House) -> None:
    house.runner.trader.silence.failed(house.clock.now)


@pytest.mark.parametrize("held_back", [latched, silent])
async def test_what_holds_entries_back_keeps_one_back_that_is_being_journalled(held_back: Callable[[House], None]) -> None:
    async with running(a_house()) as house:
        await house.control.ask(StartTrading(house.control.asked("7")))
        sign = house.broker.sign

        async def meanwhile(order: ApprovedOrder) -> SignedOrder:
            held_back(house)
            return await sign(order)

        house.broker.sign = meanwhile  # type: ignore[method-assign]
        await house.bars_until_entry()
        await house.settle()

        assert not house.broker.sent


def a_hand(house: House) -> None:
    fill = Fill(SYMBOL, 77, 77, "web_1", Side.SHORT, Decimal(2), house.broker.price, Decimal(0), "USDT", Decimal(0), 1)
    house.runner.post(OrderFilled(fill, house.runner.trader.time_ms, house.clock.now))


def an_order_of_others(house: House) -> None:
    house.runner.post(OrderAccepted(SYMBOL, "web_2", 88, Decimal(0), False, house.runner.trader.time_ms, house.clock.now))


WISHES: dict[str, Callable[[Asked], Command]] = {
    "other sides": lambda asked: AllowSides(Sides.SHORT, SYMBOL, asked),
    "signals only": lambda asked: SetMode(DecisionMode.SIGNALS, asked),
    "a lock": lambda asked: LockSymbol(SYMBOL, FAR_MS, asked),
}


@pytest.mark.parametrize("what", [a_hand, an_order_of_others, *WISHES])
async def test_what_happens_to_the_symbol_while_an_entry_is_signed_keeps_it_back(what: str | Callable[[House], None]) -> None:
    async with running(a_house()) as house:
        await house.control.ask(StartTrading(house.control.asked("7")))
        sign, may_sign = house.broker.sign, asyncio.Event()

        async def signed(order: ApprovedOrder) -> SignedOrder:
            house.diary.append("signed")
            await may_sign.wait()
            return await sign(order)

        house.broker.sign = signed  # type: ignore[method-assign]
        await house.bars_until_entry()
        if isinstance(what, str):
            await house.control.ask(WISHES[what](house.control.asked("7")))
        else:
            what(house)
        await house.settle()
        may_sign.set()
        await house.settle()

        assert not house.broker.sent
