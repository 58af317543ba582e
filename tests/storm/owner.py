"""The owner with a phone: taps cards, once or in a flurry, early or too late, through the real dispatcher and handlers."""

import asyncio
import random
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from handlers.ui.callbacks import Card, Choice
from tests.doubles import FakeFactor, FakeTokens, FakeUsers
from tests.handlers.conversation import OWNER, Conversation
from tests.handlers.samples import an_engine

if TYPE_CHECKING:
    from tests.storm.world import World

TALK: Final = ("/start", "/positions", "/why ETHUSDT", "/pause", "/run", "/status", "/threshold 0.3", "/settings", "/stop")
TAPS: Final = (1, 1, 1, 2, 5)
CARD_S: Final = 60


class Chat(Conversation):
    """A conversation whose engine is whatever process lives now."""

    def __init__(self) -> None:
        super().__init__(an_engine())

    def meets(self, engine: Any) -> None:
        """Talk to this engine from now on; the chat itself forgets what it had open."""
        self.engine = engine
        issued = self.tokens.issued
        self.users, self.tokens, self.factor = FakeUsers(), FakeTokens(), FakeFactor()
        self.tokens.issued = issued  # no token is ever given out twice
        self._dispatcher["engine"], self._dispatcher["tokens"] = engine, self.tokens
        self._dispatcher["users"], self._dispatcher["factor"] = self.users, self.factor
        self._updates = 0
        del self.recorder.requests[:]


@cache
def the_chat() -> Chat:
    """One chat for all runs of this process: building the routers takes longer than a whole storm.

    What it makes once and keeps is made here, so that the first storm runs as the later ones do.
    """
    chat = Chat()
    loop = asyncio.new_event_loop()
    for text in TALK:
        loop.run_until_complete(chat.say(text))
    loop.run_until_complete(chat.press(Card(choice=Choice.ENTER, token="none").pack()))
    loop.close()
    return chat


class Owner:
    """Looks at the phone every second."""

    def __init__(self, world: "World", chance: random.Random) -> None:
        self.taps = 0
        self.allowed = set[str]()  # intents for which a button that enters was pressed
        self._world = world
        self._chance = chance
        self._chat = the_chat()
        self._met: Any = None
        self._answered = set[str]()

    def look(self) -> None:
        """Answer the cards that are open; say something now and then."""
        machine = self._world.machine
        if machine.control is None or machine.is_dead or machine.runner is None or machine.runner.phase != "running":
            return
        if self._met is not machine.control:
            self._met = machine.control
            self._chat.meets(machine.control)
        for desk in machine.runner.trader.desks.values():
            card = desk.memory.proposal
            if card is not None and card.intent_id not in self._answered:
                self._answered.add(card.intent_id)
                machine.run(self._answer(card.intent_id))
        if self._chance.random() < 0.02:
            machine.run(self._chat.say(self._chance.choice(TALK), sent_ms=machine.clock.now_ms()))

    async def _answer(self, intent: str) -> None:
        chance = self._chance
        token = await self._chat.tokens.issue({"intent_id": intent, "user": OWNER, "chat": OWNER}, CARD_S)
        choice = chance.choice((Choice.ENTER, Choice.ENTER, Choice.ENTER, Choice.HALF, Choice.SKIP))
        await asyncio.sleep(chance.choice((0.3, 1.0, 3.0, 8.0, 70.0)))
        data = Card(choice=choice, token=token).pack()
        count = chance.choice(TAPS)
        if choice is not Choice.SKIP:
            self.allowed.add(intent)
        self.taps += count
        await asyncio.gather(*(self._chat.press(data) for _ in range(count)))
