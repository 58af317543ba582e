"""Raw Telegram updates against the real dispatcher behind its gate: from strangers nothing moves (I6), nothing is uncaught."""

import asyncio
import json
import logging
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from enum import Enum
from inspect import isclass
from typing import Any, Final, NamedTuple, cast

from aiogram import Bot, Dispatcher, Router
from aiogram.dispatcher.event.handler import HandlerObject
from aiogram.filters import Command as Typed
from aiogram.filters.callback_data import CallbackData
from aiogram.methods import GetMe, TelegramMethod
from aiogram.types import User
from pydantic import ValidationError

from bot.access import Access
from bot.owners import Owners
from bot.turns import Turns
from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_tokens import Tokens
from engine.adapters.redis_users import Users
from engine.model.commands import Command
from engine.model.messages import Reply, ReplyCode
from engine.model.signals import Sides
from handlers import build_router
from handlers.later import Later
from handlers.ui import callbacks
from tests.doubles import FakeEngine, FakeFactor
from tests.engine.adapters.redis_servers import HandClock
from tests.handlers.conversation import Recorder, languages
from tests.handlers.samples import an_engine
from tests.storm.fuzz_mutations import Template, mutated
from tests.storm.presses_store import MemoryLink

OWNER, STRANGER, GROUP, ANONYMOUS = 7, 66, -1_001_234, 1_087_968_824
SENDERS: Final = ("owner", "stranger", "group", "anonymous", "channel", "via_bot", "forward", "edit", "inline")
ARGUMENTS: Final = (
    "",
    "ETHUSDT",
    "0.7",
    "nan",
    "-1",
    "1e999",
    "<b>&",
    "9" * 300,
    "leverage 5",
    "x\u0000y",
    "\u202e",
    "🤖" * 40,
    "ETHUSDT 4h",
)
TEXTS: Final = ("", "/", "/ ", "//", "/start@otherbot", "hello", "LIVE 1234", "\ud7ff", "a" * 5_000, "/set", "/claim X")


DRAWN: Final[dict[str, tuple[Any, ...]]] = {"symbol": ("ETHUSDT",), "hours": (0, 4, 24)}  # what the house itself would draw
OLD_BUTTON: Final = "zz:of a version long ago"


class Watch(logging.Handler):
    """Keeps what the conversation logged as a fault of its own."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.faults: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self.faults.append(f"{record.getMessage()}: {error!r}")


class Session(Recorder):
    """Knows the bot's own name, too."""

    async def make_request(self, bot: Bot, method: TelegramMethod[Any], timeout: int | None = None) -> Any:
        if isinstance(method, GetMe):
            return User(id=42, is_bot=True, first_name="B", username="autobot")
        return await super().make_request(bot, method, timeout)


class StrictEngine(FakeEngine):
    """Knows its symbols, as the real one does."""

    async def ask(self, command: Command) -> Reply:
        symbol = getattr(command, "symbol", "")
        if symbol and symbol not in self.seen.desks:
            return Reply(ReplyCode.UNKNOWN_SYMBOL, {"symbol": symbol})
        return await super().ask(command)


class Room:
    """The conversation as the product puts it together, over a store in memory and an engine that grants every wish."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        ready = an_engine()
        self.engine = StrictEngine(**{part.name: getattr(ready, part.name) for part in fields(ready)})
        self.clock = HandClock(self.engine.now_ms)
        self.link = MemoryLink(self.clock, self.chance)
        store = cast(RedisLink, self.link)
        users = Users(store)
        self.recorder, self.watch = Session(), Watch()
        self.bot = Bot("42:TEST", session=self.recorder)
        known, owners = languages("PAPER"), Owners([OWNER], users)
        self.gate = Access(owners, users, store, known, language="en", clock=self.clock, heard=lambda _: None)
        self.dispatcher = Dispatcher(
            events_isolation=Turns(),
            engine=self.engine,
            languages=known,
            users=users,
            tokens=Tokens(store, "paper"),
            factor=FakeFactor(),
            later=Later(),
        )
        self.dispatcher.update.outer_middleware(self.gate)
        self.router = build_router()
        self.dispatcher.include_router(self.router)
        self.excuses = 0
        self.texts, self.buttons = [*every_text(self.router)], [*every_button(), OLD_BUTTON]
        self._numbers = iter(range(1, 10**9))

    @property
    def traces(self) -> tuple[int, int, int]:
        """What an update can have moved: wishes, requests to Telegram, writes to the store."""
        return len(self.engine.wishes), len(self.recorder.requests), self.link.client.writes

    @contextmanager
    def watched(self) -> Iterator[None]:
        """While this lasts, what the conversation excuses itself for is kept, and shown to nobody."""
        log = logging.getLogger("handlers.trouble")
        kept = log.level, log.propagate
        log.addHandler(self.watch)
        log.setLevel(logging.ERROR)
        log.propagate = False
        try:
            yield
        finally:
            log.removeHandler(self.watch)
            log.setLevel(kept[0])
            log.propagate = kept[1]

    async def feed(self, update: dict[str, Any], *, may_act: bool, is_forged: bool = False) -> str:
        """Hand an update in. Gives what was wrong, or "". Only a button that nobody drew may be answered with an excuse."""
        before, self.watch.faults = self.traces, []
        try:
            await self.dispatcher.feed_raw_update(self.bot, update)
        except ValidationError:
            return ""  # aiogram itself refuses it: it never reaches the house
        self.excuses += len(self.watch.faults)
        if self.watch.faults and not is_forged:
            return self.watch.faults[0]
        return "" if may_act or self.traces == before else f"somebody else moved {before} to {self.traces}"

    def update(self, sender: str, *, text: str | None = None, data: str | None = None) -> dict[str, Any]:
        """A message or a tap by one of the kinds of sender."""
        number, user = next(self._numbers), OWNER if sender != "stranger" else STRANGER
        person: dict[str, Any] = {"id": user, "is_bot": False, "first_name": "<b>A", "language_code": "en"}
        chat: dict[str, Any] = {"id": user, "type": "private"}
        if sender in ("group", "anonymous"):
            chat = {"id": GROUP, "type": "supergroup", "title": "G"}
        date = int(datetime.fromtimestamp(self.clock.now_ms() / 1_000, UTC).timestamp())
        message: dict[str, Any] = {"message_id": number, "date": date, "chat": chat, "from": person, "text": text or "card"}
        message |= _disguise(sender, date)
        if data is None:
            kind = {"channel": "channel_post", "edit": "edited_message"}.get(sender, "message")
            return {"update_id": number, kind: message}
        tap = {"id": str(number), "from": message["from"], "chat_instance": "1", "data": data, "message": message}
        if sender == "inline":
            tap |= {"inline_message_id": "abc"}
        if sender in ("stranger", "via_bot", "forward", "edit"):
            tap["from"] = person | {"id": STRANGER}
        return {"update_id": number, "callback_query": tap}


def _disguise(sender: str, date: int) -> dict[str, Any]:
    """What makes a message another one than the owner's own words."""
    channel = {"id": GROUP, "type": "channel", "title": "C"}
    match sender:
        case "anonymous":
            person = {"id": ANONYMOUS, "is_bot": True, "first_name": "Group"}
            return {"from": person, "sender_chat": {"id": GROUP, "type": "supergroup", "title": "G"}}
        case "channel":
            return {"chat": channel, "sender_chat": channel}
        case "via_bot" | "inline":
            return {"via_bot": {"id": 5, "is_bot": True, "first_name": "B"}}
        case "forward":
            origin = {"type": "user", "date": date, "sender_user": {"id": OWNER, "is_bot": False, "first_name": "A"}}
            return {"forward_origin": origin}
    return {}


def every_button() -> Iterator[str]:
    """Every kind of button with values of each of its kinds."""
    for kind in vars(callbacks).values():
        if isclass(kind) and issubclass(kind, CallbackData) and kind is not CallbackData:
            for choice in range(24):
                values = {name: _value(name, field.annotation, choice) for name, field in kind.model_fields.items()}
                yield kind(**values).pack()


def _value(name: str, wanted: Any, choice: int) -> Any:
    if name == "sides":
        return list(Sides)[choice % len(Sides)].value
    if name in DRAWN:
        return DRAWN[name][choice % len(DRAWN[name])]
    if isclass(wanted) and issubclass(wanted, Enum):
        return list(wanted)[choice % len(wanted)]
    if wanted is bool:
        return choice % 2 == 0
    if wanted is int:
        return (0, 1, 2, 3, 1_699_999_999, 2_000_000_000)[choice % 6]
    if wanted is float:
        return (0.7, 0.01, 5.0)[choice % 3]
    return ("", "ETHUSDT", "entries", "leverage")[choice % 4]


def every_text(router: Router) -> Iterator[str]:
    """Every command that anybody listens to."""
    for handler in handlers_of(router, "message"):
        for one in handler.filters or ():
            if isinstance(one.callback, Typed):
                yield from (f"/{command}" for command in one.callback.commands)
    yield "hello"


def handlers_of(router: Router, kind: str) -> list[HandlerObject]:
    """All handlers of a kind below a router."""
    below = [found for child in router.sub_routers for found in handlers_of(child, kind)]
    return [*router.observers[kind].handlers, *below]


class Drawn(NamedTuple):
    """An update, whether it may act, and whether its button is one that nobody drew."""

    update: dict[str, Any]
    may_act: bool
    is_forged: bool


def a_raw_update(room: Room) -> Drawn:
    """One drawn update, whole or harmed."""
    chance, is_forged = room.chance, False
    sender = "owner" if chance.random() < 0.3 else chance.choice(SENDERS)
    texts = [*room.texts, *TEXTS]
    if chance.random() < 0.5:
        update = room.update(sender, text=f"{chance.choice(texts)} {chance.choice(ARGUMENTS)}")
    else:
        data = chance.choice(room.buttons)
        if chance.random() < 0.5:
            parts = data.split(":")
            parts[int(chance.random() * len(parts))] = chance.choice(ARGUMENTS)
            data, is_forged = ":".join(parts), True
        update = room.update(sender, data=data)
    if chance.random() < 0.4:
        raw = mutated(Template(update), {}, chance, unharmed=0.0)
        try:
            harmed = json.loads(raw)
        except (ValueError, RecursionError):
            return Drawn(update, sender == "owner", is_forged)
        if isinstance(harmed, dict):
            return Drawn(harmed, _is_owners(harmed), is_forged="callback_query" in harmed)
    return Drawn(update, sender == "owner", is_forged)


def _is_owners(update: dict[str, Any]) -> bool:
    """Whether the harmed update still says in so many words that the owner speaks, alone with the bot."""
    spoken = update.get("message") or update.get("callback_query")
    if not isinstance(spoken, dict):
        return False
    shown = spoken.get("message", spoken) if "callback_query" in update and not update.get("message") else spoken
    chat, person = (shown.get("chat"), spoken.get("from")) if isinstance(shown, dict) else (None, None)
    return all(isinstance(one, dict) and _number(one.get("id")) == OWNER for one in (chat, person))


def _number(value: Any) -> float | None:
    """A number as it is read from an update: "007" is 7, too."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


async def told(seed: int, count: int) -> list[str]:
    """Feed updates; what was wrong with any of them."""
    room, wrong = Room(seed), list[str]()
    with room.watched():
        for _ in range(count):
            update, may_act, is_forged = a_raw_update(room)
            try:
                fault = await room.feed(update, may_act=may_act, is_forged=is_forged)
            except Exception as error:  # whatever it is, it is what we look for
                fault = repr(error)
            if fault:
                wrong.append(f"{fault[:200]} after {json.dumps(update)[:600]}")
    return wrong


def updates(seed: int, count: int) -> list[str]:
    """The same from outside a loop."""
    return asyncio.run(told(seed, count))
