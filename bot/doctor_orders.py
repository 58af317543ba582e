"""`autobot doctor orders`: the smallest order is placed with play money, guarded by a stop, uncovered and closed again.

Each step counts only once the exchange shows it. Whatever happens on the way, the position is closed at the end.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from decimal import Decimal
from typing import Final

from bot.doctor import Finding, Findings, Weight, exchange_fault, trial_broker, trial_order
from bot.settings import Mode, Settings
from bot.venue import open_rest
from engine.adapters.binance_account import AccountReader
from engine.adapters.binance_broker import BinanceBroker
from engine.adapters.binance_errors import ExchangeFailed
from engine.adapters.binance_messages import BadMessage
from engine.adapters.binance_rest import BinanceRest
from engine.adapters.local_files import FolderInUse, InstanceLock
from engine.adapters.machine_clock import MachineClock
from engine.execution import ids
from engine.execution.orders import Wanted, guard, market_exit, stop_order
from engine.model.events import OrderRejected, StopsListed
from engine.model.messages import CancelOrder, ListStops
from engine.model.orders import ApprovedOrder, Role, TriggerBy
from engine.ports import Event

LOOKS: Final = 20
LOOK_S: Final = 0.25
EXITS: Final = 3
STOP_AT: Final = Decimal("0.9")  # of the price: far enough to rest


class NotShown(Exception):
    """A step did not come to what it should; the text is one line."""


async def orders(settings: Settings, say: Callable[[str], None] = print) -> int:
    """Try a whole round at the exchange; return 1 where something is at fault."""
    faults = 0
    async for finding in _findings(settings):
        say(f"{finding.weight.value} {finding.text}")
        faults += finding.weight is Weight.FAULT
    return 1 if faults else 0


async def _findings(settings: Settings) -> Findings:
    if settings.mode is not Mode.TESTNET:
        yield Finding(
            Weight.FAULT, f"orders: they are tried with play money only: set MODE=testnet (it is {settings.mode.value})"
        )
        return
    try:
        lock = InstanceLock(settings.data_folder)
        lock.take()
    except FolderInUse as error:
        yield Finding(Weight.FAULT, f"orders: {error}: stop the trader first, it would take the position for its own")
        return
    except OSError as error:
        yield Finding(Weight.FAULT, f"data folder {settings.data_folder} cannot be used ({error.strerror}): set DATA_FOLDER")
        return
    rest = open_rest(settings, MachineClock())
    try:
        async for finding in _round(settings, rest):
            yield finding
    except (ExchangeFailed, BadMessage) as error:
        yield exchange_fault(settings, error)
    except LookupError as error:
        yield Finding(Weight.FAULT, f"{error.args[0] if error.args else error}: change SYMBOLS")
    finally:
        lock.release()
        await rest.close()


async def _round(settings: Settings, rest: BinanceRest) -> Findings:
    """In, covered, uncovered, out."""
    await rest.sync_time()
    order, tick = await trial_order(settings, rest)
    trial = Trial(rest, trial_broker(settings, rest), order)
    if await trial.held():
        yield Finding(Weight.FAULT, f"orders: {order.symbol} has a position already: close it first")
        return
    try:
        await trial.enter()
        yield Finding(Weight.GOOD, f"orders: bought {order.quantity} {order.symbol}, seen in the account")
        level = await trial.cover(tick)
        yield Finding(Weight.GOOD, f"orders: a stop at {level} rests at the exchange, seen in its list")
        await trial.uncover()
        yield Finding(Weight.GOOD, "orders: the stop was cancelled, seen in the list")
    except (NotShown, ExchangeFailed, BadMessage) as error:
        yield Finding(Weight.FAULT, f"orders: {error}")
    finally:
        is_flat = await trial.leave()
    if is_flat:
        yield Finding(Weight.GOOD, f"orders: closed again, {order.symbol} is flat")
    else:
        yield Finding(Weight.FAULT, f"orders: {order.symbol} could not be closed: close it at the exchange")


class Trial:
    """One small position, from its entry to its end."""

    def __init__(self, rest: BinanceRest, broker: BinanceBroker, order: ApprovedOrder) -> None:
        self._rest = rest
        self._broker = broker
        self._order = order
        self._stop_name = ids.client_id(Role.TIGHT_STOP, order.intent_id, 0)

    async def held(self) -> Decimal:
        """The position in the symbol now, signed."""
        symbol = self._order.symbol
        account = await AccountReader(self._rest, symbols=(symbol,), market_ms=self._rest.exchange_ms).snapshot()
        return sum((seen.quantity for seen in account.positions if seen.symbol == symbol), Decimal(0))

    async def enter(self) -> None:
        """Buy. Raises `NotShown`."""
        for event in await self._broker.send(await self._broker.sign(self._order)):
            _not_rejected(event)
        await _until(self.held, "the order was sent, and no position is seen")

    async def cover(self, tick: Decimal) -> Decimal:
        """Place a stop that rests; return its level. Raises `NotShown`."""
        price = Decimal(repr((await self._rest.premium(self._order.symbol)).mark_price))
        level = (price * STOP_AT // tick) * tick
        wanted = Wanted(Role.TIGHT_STOP, self._order.quantity, level, TriggerBy.LAST)
        stop = stop_order(wanted, self._stop_name, self._rest.clock.now_ms(), 0)
        for event in await self._broker.place(guard(self._order.symbol, self._order.intent_id, self._order.side, stop)):
            _not_rejected(event)
        await _until(self._is_covered, "the stop was placed, and is not seen in the list")
        return level

    async def uncover(self) -> None:
        """Cancel the stop. Raises `NotShown`."""
        await self._broker.run(CancelOrder(self._order.symbol, self._stop_name, is_stop=True))
        await _until(self._is_bare, "the stop was cancelled, and is still in the list")

    async def leave(self) -> bool:
        """Close what is held and cancel the stop, several times where need be; whether nothing is left."""
        for attempt in range(EXITS):
            with suppress(ExchangeFailed, BadMessage, NotShown):  # what fails now is tried once more
                await self._close(attempt)
                await asyncio.sleep(LOOK_S)
                if not await self.held() and await self._is_bare():
                    return True
        return False

    async def _close(self, attempt: int) -> None:
        symbol, intent, quantity = self._order.symbol, self._order.intent_id, await self.held()
        if quantity > 0:
            name = ids.client_id(Role.EXIT, intent, attempt)
            await self._broker.place(market_exit(symbol, intent, self._order.side, quantity, name))
        if await self._is_covered():
            await self._broker.run(CancelOrder(symbol, self._stop_name, is_stop=True))

    async def _is_covered(self) -> bool:
        for event in await self._broker.run(ListStops(self._order.symbol)):
            if isinstance(event, StopsListed):
                return any(stop.client_id == self._stop_name for stop in event.stops)
        raise NotShown("the list of stops could not be read")

    async def _is_bare(self) -> bool:
        return not await self._is_covered()


def _not_rejected(event: Event) -> None:
    if isinstance(event, OrderRejected):
        raise NotShown(f"the exchange refused: {event.text} ({event.code})")


async def _until(look: Callable[[], Awaitable[object]], otherwise: str) -> None:
    """Look until it is so. Raises `NotShown`."""
    for _ in range(LOOKS):
        if await look():
            return
        await asyncio.sleep(LOOK_S)
    raise NotShown(otherwise)
