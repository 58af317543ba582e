"""The chat of a run: the real gate, turns, tokens and handlers of whatever process lives, and Telegram under the weather.

What the conversation keeps in the store outlives a process, as it does there.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError
from aiogram.methods import TelegramMethod
from aiogram.types import TelegramObject, Update

from bot.access import Access
from bot.owners import Owners
from bot.turns import Turns
from engine.adapters.redis_tokens import Tokens
from engine.adapters.redis_users import Users
from engine.ports import StoreDown
from handlers.later import Later
from handlers.ui.callbacks import Card, Choice
from tests.doubles import FakeFactor
from tests.handlers.conversation import OWNER, Conversation, Recorder
from tests.handlers.samples import an_engine
from tests.storm.disk import BUDGET_S
from tests.storm.presses_store import MemoryClient

if TYPE_CHECKING:
    from tests.storm.machine import Machine
    from tests.storm.world import World

TALK: Final = ("/start", "/positions", "/why ETHUSDT", "/pause", "/run", "/status", "/threshold 0.3", "/settings", "/stop")
REPEATED: Final = 3  # so many updates Telegram delivers again after a restart
STRANGER: Final = 66
NAMESPACE: Final = "storm"


class Session(Recorder):
    """Telegram: it takes everything at once, unless the weather has it otherwise."""

    world: "World | None" = None

    async def make_request(self, bot: Bot, method: TelegramMethod[Any], timeout: int | None = None) -> Any:
        if self.world is not None:
            fate = self.world.weather.chat(method)
            if fate.delay_s:
                await asyncio.sleep(fate.delay_s)
            if fate.error is not None:
                raise fate.error
        return await super().make_request(bot, method, timeout)


class StormLink:
    """The link to the store's memory of the chat; the weather of the store is its weather, too."""

    def __init__(self, world: "World", chance: random.Random) -> None:
        self._world = world
        self.client: Any = MemoryClient(world.venue.exchange.wire, chance)  # nobody sets the store's clock wrong either

    async def run[T](self, call: Coroutine[Any, Any, T], budget_ms: int = 0) -> T:
        """Ask the store. Raises `StoreDown`."""
        fate = self._world.weather.store()
        try:
            if fate.delay_s > BUDGET_S / 10:
                await asyncio.sleep(min(fate.delay_s, BUDGET_S))
            if not fate.is_done:
                raise StoreDown("the store did not answer")
        except BaseException:  # its process died, or the store is away
            call.close()
            raise
        answer = await call
        if fate.delay_s > BUDGET_S:
            raise StoreDown("the store did not answer in time")
        return answer


class StormChat(Conversation):
    """One chat for all runs of this process: building the routers takes longer than a whole storm."""

    def __init__(self) -> None:
        super().__init__(an_engine())
        self.recorder: Session = Session()
        self.bot = Bot("42:TEST", session=self.recorder)
        self.last = deque[Update](maxlen=REPEATED)
        self._gate: Access | None = None

    def begins(self, world: "World", chance: random.Random) -> None:
        """Another run."""
        self.recorder.world, self._updates = world, 0
        self._link: Any = StormLink(world, chance)
        self.last.clear()

    def meets(self, machine: "Machine") -> None:
        """Talk to this process from now on."""
        self.users, self.tokens = Users(self._link), Tokens(self._link, NAMESPACE)  # type: ignore[assignment]  # the real ones
        self.factor, self.later = FakeFactor(), Later()
        owners = Owners((OWNER,), self.users)  # type: ignore[arg-type]  # as above
        self._gate = Access(
            owners,
            self.users,  # type: ignore[arg-type]  # as above
            self._link,
            self.languages,
            language="en",
            clock=machine.clock,
            heard=lambda _: None,
        )
        parts = {"tokens": self.tokens, "users": self.users, "factor": self.factor, "later": self.later}
        for name, part in {"engine": machine.control, **parts}.items():
            self._dispatcher[name] = part
        self._dispatcher.fsm.events_isolation = Turns()
        del self.recorder.requests[:]

    async def hears(self, update: Update) -> str:
        """Telegram delivers an update. Gives what the conversation raised beyond what polling is there to catch."""
        self.last.append(update)
        try:
            await self._feed(update)
        except (TelegramAPIError, StoreDown):
            return ""
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return ""

    async def _with_texts(
        self, handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]], event: TelegramObject, data: dict[str, Any]
    ) -> Any:
        if self._gate is None:  # before the first run
            return await super()._with_texts(handler, event, data)
        return await self._gate(handler, event, data)


@cache
def the_chat() -> StormChat:
    """The one chat. What it makes once and keeps is made here, so that the first storm runs as the later ones do."""
    chat = StormChat()
    loop = asyncio.new_event_loop()
    for text in TALK:
        loop.run_until_complete(chat.say(text))
    loop.run_until_complete(chat.press(Card(choice=Choice.ENTER, token="none").pack()))
    loop.close()
    return chat
