"""The owner with a phone: taps cards, once or in a flurry, early or too late; and a stranger who tries the same."""

import asyncio
import random
from typing import TYPE_CHECKING, Any, Final

from aiogram.types import Update

from engine.ports import StoreDown
from handlers.ui.callbacks import Card, Choice
from tests.handlers.conversation import OWNER
from tests.storm.chat import STRANGER, TALK, the_chat

if TYPE_CHECKING:
    from tests.storm.world import World

TAPS: Final = (1, 1, 1, 2, 5)
CARD_S: Final = 60
FLOOD: Final = 30


class Owner:
    """Looks at the phone every second."""

    def __init__(self, world: "World", chance: random.Random) -> None:
        self.taps = 0
        self.allowed = set[str]()  # intents for which a button that enters was pressed
        self._world = world
        self._chance = chance
        self._chat = the_chat()
        self._chat.begins(world, random.Random(world.seed + 3))
        self._met: Any = None
        self._answered = set[str]()
        self._data = ""  # of the newest card's button

    def look(self) -> None:
        """Answer the cards that are open; say something now and then."""
        machine = self._world.machine
        if not self._is_there():
            return
        assert machine.runner is not None
        for desk in machine.runner.trader.desks.values():
            card = desk.memory.proposal
            if card is not None and card.intent_id not in self._answered:
                self._answered.add(card.intent_id)
                machine.run(self._answer(card.intent_id))
        if self._chance.random() < 0.02:
            self._says(self._chat.words(self._chance.choice(TALK), self._now_ms()))

    def says_late(self) -> bool:
        """What was written minutes ago arrives only now."""
        return self._says(self._chat.words(self._chance.choice(TALK), self._now_ms() - 120_000))

    def is_heard_again(self) -> bool:
        """Telegram delivers the newest updates once more."""
        again = list(self._chat.last)
        return bool(again) and all(self._says(update) for update in again)

    def stranger(self) -> bool:
        """Somebody else writes, writes in a group, and presses what the owner's card says."""
        chat, now_ms = self._chat, self._now_ms()
        text = self._chance.choice(("/panic", "/stop", "/run", "/threshold 0.3"))
        updates = [
            chat.words(text, now_ms, who=STRANGER),
            chat.words(text, now_ms, is_in_group=True),
            chat.tap(self._data or "do:stop_keep:", who=STRANGER),
        ]
        return all(self._says(update) for update in updates)

    def flood(self) -> bool:
        """A stranger writes many times at once."""
        return all(self._says(self._chat.words("/start", self._now_ms(), who=STRANGER)) for _ in range(FLOOD))

    def overtakes(self) -> bool:
        """Several wishes in one moment."""
        texts = ("/run", "/pause", self._chance.choice(TALK))
        return all(self._says(self._chat.words(text, self._now_ms())) for text in texts)

    def _is_there(self) -> bool:
        """Whether there is a process that talks."""
        machine = self._world.machine
        if machine.control is None or machine.is_dead or machine.runner is None or machine.runner.phase != "running":
            return False
        if self._met is not machine.control:
            self._met = machine.control
            self._chat.meets(machine)
        return True

    def _now_ms(self) -> int:
        return self._world.venue.exchange.wire.now_ms()

    def _says(self, update: Update) -> bool:
        if not self._is_there():
            return False
        self._world.machine.run(self._heard(update))
        return True

    async def _heard(self, update: Update) -> None:
        requests = self._chat.recorder.requests
        fault = await self._chat.hears(update)
        if fault:
            self._world.watch.violated("I19", f"the conversation raised {fault}")
        if any(getattr(request, "chat_id", OWNER) != OWNER for request in requests):
            self._world.watch.violated("I6", "somebody else was answered")

    async def _answer(self, intent: str) -> None:
        chance = self._chance
        try:
            token = await self._chat.tokens.issue({"intent_id": intent, "user": OWNER, "chat": OWNER}, CARD_S)
        except StoreDown:
            return
        choice = chance.choice((Choice.ENTER, Choice.ENTER, Choice.ENTER, Choice.HALF, Choice.SKIP))
        await asyncio.sleep(chance.choice((0.3, 1.0, 3.0, 8.0, 70.0)))
        self._data = Card(choice=choice, token=token).pack()
        count = chance.choice(TAPS)
        if choice is not Choice.SKIP:
            self.allowed.add(intent)
        self.taps += count
        await asyncio.gather(*(self._heard(self._chat.tap(self._data)) for _ in range(count)))
