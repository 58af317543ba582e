"""A real engine, real tokens, the real gate and dispatcher; some owners and strangers who press its buttons at once."""

import asyncio
import random
from decimal import Decimal
from typing import Any, Final, cast

from aiogram import Bot, Dispatcher

from bot.access import Access
from bot.owners import Owners
from bot.turns import Turns
from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_tokens import Tokens
from engine.adapters.redis_users import Users
from engine.control import Control
from engine.model.commands import ApproveEntry, ClosePosition, Command, DecisionMode, SetMode, StartTrading
from engine.model.events import BarClosed, MarkSeen, QuoteSeen
from engine.model.messages import Reply
from engine.model.proposals import Proposed
from engine.model.saved import SavedState
from engine.ports import Event
from handlers import build_router
from handlers.approvals import issued
from handlers.later import Later
from handlers.owner import Owner
from tests.doubles import FakeFactor, FakePast, FakeShadow
from tests.engine.runner_house import House, a_house
from tests.engine.trader.rising import WARMUP, rising
from tests.engine.trader.world import HOUR, SYMBOL
from tests.handlers.conversation import Recorder, languages
from tests.storm.presses_store import MemoryLink

ADMINS: Final = (7, 8, 9)
STRANGERS: Final = (66, 67)
BARS: Final = tuple(rising(200))
MOST_TURNS: Final = 20_000
QUIET_TURNS: Final = 40  # so long nothing may come into the queue before nothing is on its way


class Counted(Control):
    """Remembers what was asked and what came of it."""

    def __init__(self, house: House) -> None:
        super().__init__(house.runner, house.store, "PAPER", FakePast(), FakeShadow())
        self.granted: list[tuple[Command, Reply]] = []

    async def ask(self, command: Command) -> Reply:
        reply = await super().ask(command)
        self.granted.append((command, reply))
        return reply


class PressRoom:
    """The chat of three owners with one engine. `restart` gives the next process: what is stored stays."""

    def __init__(self, seed: int, namespace: str = "paper") -> None:
        self.chance = random.Random(seed)
        self.house = a_house()
        self.link = MemoryLink(self.house.clock, self.chance)
        self.namespace = namespace
        self.bar = WARMUP
        self.numbers = iter(range(1, 10**9))
        self._assemble()

    def _assemble(self) -> None:
        """The parts of one process."""
        store = cast(RedisLink, self.link)
        self.users, self.tokens = Users(store), Tokens(store, self.namespace)
        self.control, self.recorder = Counted(self.house), Recorder()
        self.bot = Bot("42:TEST", session=self.recorder)
        known = languages("PAPER")
        owners = Owners(ADMINS, self.users)
        gate = Access(owners, self.users, store, known, language="en", clock=self.house.clock, heard=lambda _: None)
        self.factor, self.known = FakeFactor(), known
        self.dispatcher = Dispatcher(
            events_isolation=Turns(),
            engine=self.control,
            languages=known,
            users=self.users,
            tokens=self.tokens,
            factor=self.factor,
            later=Later(),
        )
        self.dispatcher.update.outer_middleware(gate)
        self.dispatcher.include_router(build_router())

    # --- the process ------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Recover, run, trade with cards."""
        await self.house.runner.recover()
        self._task = asyncio.create_task(self.house.runner.run())
        await self.settle()
        for wish in (SetMode(DecisionMode.CONFIRM, self.control.asked("7")), StartTrading(self.control.asked("7"))):
            await Control.ask(self.control, wish)

    async def end(self) -> None:
        """The process ends."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def restart(self) -> None:
        """Another process takes over what was stored."""
        await self.end()
        state: SavedState | None = self.house.store.state
        now, sent = self.house.clock.now + 1_000, self.house.broker.sent
        self.house = a_house(state)
        self.house.clock.now, self.house.broker.sent = now, sent
        self.link.client.clock = self.house.clock
        self._assemble()
        await self.start()

    async def settle(self) -> None:
        """Let the loop have its turns until nothing waits."""
        quiet = 0
        for _ in range(MOST_TURNS):
            await asyncio.sleep(0)
            quiet = 0 if len(self.house.runner.inbox) else quiet + 1
            if quiet > QUIET_TURNS:
                return
        raise AssertionError("the engine never came to rest")

    # --- the market -------------------------------------------------------------------------------------------------

    async def close_bar(self) -> None:
        """The next bar closes."""
        bar, following = BARS[self.bar], BARS[self.bar + 1].open
        self.bar += 1
        time_ms, now = bar.open_time_ms + HOUR, self.house.clock.now
        self.house.broker.price = Decimal(repr(following))
        events: tuple[Event, ...] = (
            QuoteSeen(SYMBOL, following, following, time_ms, now),
            MarkSeen(SYMBOL, following, 0.0001, time_ms + 8 * HOUR, time_ms, now),
            BarClosed(SYMBOL, bar, False, time_ms, now),
        )
        for event in events:
            self.house.runner.post(event)
        await self.settle()

    async def card(self) -> Proposed:
        """Let bars close until a card is open."""
        for _ in range(60):
            await self.close_bar()
            found = self.control.view().desks[SYMBOL].proposal
            if found is not None:
                return found
        raise AssertionError("no entry was proposed")

    async def position(self) -> str:
        """A position that is open; its intent."""
        card = await self.card()
        await Control.ask(self.control, ApproveEntry(card.intent_id, 1.0, self.control.asked("7")))
        await self.settle()
        held = self.control.view().desks[SYMBOL].position
        assert held is not None
        return held.trade.intent_id

    # --- the chat ---------------------------------------------------------------------------------------------------

    async def token(self, card: Proposed, admin: int) -> str:
        """The token on the card that one owner was sent."""
        texts = self.known.texts("en", None, "en")
        reader = Owner(admin, admin, texts, self.control, self.users, self.tokens, self.factor)
        return await issued(card, reader)

    async def press(self, who: int, data: str) -> None:
        """One tap."""
        number = next(self.numbers)
        person = {"id": who, "is_bot": False, "first_name": "A"}
        shown = {
            "message_id": 50 + who,
            "date": self.house.clock.now // 1_000,
            "chat": {"id": who, "type": "private"},
            "text": "card",
        }
        tap: dict[str, Any] = {"id": str(number), "from": person, "chat_instance": "1", "data": data, "message": shown}
        await self.dispatcher.feed_raw_update(self.bot, {"update_id": number, "callback_query": tap})

    async def press_all(self, presses: list[tuple[int, str]]) -> None:
        """All of them at the same moment; then until everything that follows has happened."""
        await asyncio.gather(*(self.press(who, data) for who, data in presses))
        await self.settle()

    def effects(self) -> list[Command]:
        """The wishes that moved something."""
        moving = (ApproveEntry, ClosePosition)
        return [
            wish for wish, reply in self.control.granted if reply.code.value == ("sent" if isinstance(wish, moving) else "done")
        ]
