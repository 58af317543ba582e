"""The gate: owners come in, once and in their language; everybody and everything else is not even answered."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiogram.types import CallbackQuery, Chat, Message, MessageOriginUser, TelegramObject, Update, User

from bot.access import Access
from bot.owners import Owners, OwnersFile
from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_users import Users
from handlers.ui.callbacks import Card, Choice, CloseAll, Do, Hold, OnPosition, Verb
from handlers.ui.language import Languages
from tests.engine.adapters.redis_servers import HandClock

OWNER, STRANGER = 11, 66
NOW_S = 1_795_000_000


class Inside:
    """What came through the gate."""

    def __init__(self) -> None:
        self.updates: list[Update] = []
        self.languages: list[str] = []

    async def __call__(self, event: TelegramObject, data: dict[str, Any]) -> None:
        assert isinstance(event, Update)
        self.updates.append(event)
        self.languages.append(data["texts"].language)

    @property
    def texts(self) -> list[str | None]:
        return [update.message.text if update.message else None for update in self.updates]


class Gate:
    """A gate in front of a room, and everything that it takes."""

    def __init__(self, link: RedisLink, owners: Owners) -> None:
        self.inside = Inside()
        self.heard: list[int] = []
        self.clock = HandClock(NOW_S * 1_000)
        self.users = Users(link)
        self.access = Access(
            owners, self.users, link, Languages("DEMO"), language="en", clock=self.clock, heard=self.heard.append
        )

    async def let(self, *updates: Update) -> None:
        for update in updates:
            await self.access(self.inside, update, {})


@pytest.fixture
async def gate(link: RedisLink) -> Gate:
    owners = Owners([OWNER], Users(link))
    await owners.load()
    return Gate(link, owners)


def a_user(user: int = OWNER, **parts: Any) -> User:
    own: dict[str, Any] = {"id": user, "is_bot": False, "first_name": "A", "language_code": "en"}
    return User(**own | parts)


def a_message(text: str | None = "/why", *, user: int = OWNER, number: int = 1, late_s: int = 0, **parts: Any) -> Update:
    own: dict[str, Any] = {
        "message_id": number,
        "date": datetime.fromtimestamp(NOW_S - late_s, UTC),
        "chat": Chat(id=user, type="private"),
        "from_user": a_user(user),
        "text": text,
    }
    return Update(update_id=number, message=Message(**own | parts))


def a_tap(*, user: int = OWNER, number: int = 50, **parts: Any) -> Update:
    shown = a_message(user=user).message
    own: dict[str, Any] = {"id": "1", "from_user": a_user(user), "chat_instance": "1", "data": "do:run:0", "message": shown}
    return Update(update_id=number, callback_query=CallbackQuery(**own | parts))


async def test_an_owner_comes_in_by_words_and_by_taps(gate: Gate) -> None:
    await gate.let(a_message(), a_tap())

    assert len(gate.inside.updates) == 2
    assert gate.heard == [OWNER, OWNER]


@pytest.mark.parametrize(
    "update",
    [
        a_message(user=STRANGER),
        a_tap(user=STRANGER),
        a_message(chat=Chat(id=-100, type="supergroup")),
        a_message(chat=Chat(id=STRANGER, type="private")),
        a_message(sender_chat=Chat(id=-100, type="channel")),
        a_message(via_bot=a_user(5, is_bot=True)),
        a_message(forward_origin=MessageOriginUser(date=datetime.fromtimestamp(NOW_S, UTC), sender_user=a_user())),
        a_message(from_user=None),
        a_tap(inline_message_id="x"),
        a_tap(message=None),
        Update(update_id=9, edited_message=a_message().message),
        Update(update_id=9, channel_post=a_message().message),
    ],
    ids=[
        "a stranger's words",
        "a stranger's tap",
        "a group",
        "somebody else's chat",
        "a channel's words",
        "words by way of another bot",
        "forwarded words",
        "words of nobody",
        "a tap on an inline message",
        "a tap on nothing",
        "an edit",
        "a channel's post",
    ],
)
async def test_nothing_else_comes_in(gate: Gate, update: Update) -> None:
    await gate.let(update)

    assert gate.inside.updates == []
    assert gate.access.turned_away == 1
    assert gate.heard == []


async def test_an_update_that_telegram_repeats_acts_once(gate: Gate) -> None:
    await gate.let(a_message("/run", number=7), a_message("/run", number=7))

    assert gate.inside.texts == ["/run"]


@pytest.mark.parametrize("words", ["/panic", "/Panic@autobot", "/pause", "/stop now"])
async def test_what_lowers_risk_acts_again_for_a_process_that_noted_it_may_have_died_before_it_acted(
    gate: Gate, words: str
) -> None:
    await gate.let(a_message(words, number=7), a_message(words, number=7))

    assert gate.inside.texts == [words, words]


@pytest.mark.parametrize(
    ("data", "acts"),
    [
        (Do(verb=Verb.PANIC, until_s=9).pack(), 2),
        (Do(verb=Verb.STOP_CLOSE).pack(), 2),
        (Hold(act=OnPosition.CLOSE, intent_id="abc", stamp=1).pack(), 2),
        (CloseAll(percent=100, until_s=9).pack(), 2),
        (Do(verb=Verb.RUN).pack(), 1),
        (Do(verb=Verb.RESET_LATCH).pack(), 1),
        (Hold(act=OnPosition.HALF, intent_id="abc", stamp=1).pack(), 1),
        (CloseAll(percent=50, until_s=9).pack(), 1),
        (Card(token="abc", choice=Choice.ENTER).pack(), 1),
    ],
)
async def test_a_tap_that_telegram_repeats_acts_once_unless_it_only_lowers_risk(gate: Gate, data: str, acts: int) -> None:
    await gate.let(a_tap(data=data), a_tap(data=data))

    assert len(gate.inside.updates) == acts


async def test_a_panic_that_the_end_of_the_process_cut_off_acts_when_telegram_repeats_it(gate: Gate, link: RedisLink) -> None:
    owners = Owners([OWNER], Users(link))
    await owners.load()
    asking = asyncio.create_task(gate.let(a_message("/panic", number=7)))
    while not gate.heard:  # noqa: ASYNC110  # the gate tells nobody
        await asyncio.sleep(0)
    asking.cancel()  # after the gate's note, before the wish was asked
    await asyncio.wait([asking])
    assert gate.inside.updates == []
    after = Gate(link, owners)

    await after.let(a_message("/panic", number=7))

    assert after.inside.texts == ["/panic"]


async def test_a_wish_that_comes_late_shows_the_panel_unless_it_lowers_risk(gate: Gate) -> None:
    await gate.let(
        a_message("/long", number=1, late_s=300), a_message("/panic", number=2, late_s=300), a_message("/long", number=3)
    )

    assert gate.inside.texts == ["/panel", "/panic", "/long"]


async def test_plain_words_that_come_late_keep_their_words_since_they_may_be_a_code_that_must_be_deleted(gate: Gate) -> None:
    await gate.let(a_message("LIVE 2468", number=1, late_s=300), a_message(" /long", number=2, late_s=300))

    assert gate.inside.texts == ["LIVE 2468", "/panel"]


async def test_words_under_a_picture_that_come_late_are_no_wish(gate: Gate) -> None:
    await gate.let(a_message(text=None, caption="/long", number=1, late_s=300))

    assert gate.inside.texts == ["/panel"]


async def test_the_chosen_language_wins_over_telegrams(gate: Gate) -> None:
    await gate.let(a_message(number=1, from_user=a_user(language_code="de")))
    await gate.users.set_language(OWNER, "en")
    await gate.let(a_message(number=2, from_user=a_user(language_code="de")))

    assert gate.inside.languages[1] == "en"
    assert await gate.users.get_value(OWNER, "telegram_language") == "de"


async def test_without_an_owner_only_the_code_in_the_log_lets_somebody_in(
    link: RedisLink, caplog: pytest.LogCaptureFixture
) -> None:
    owners = Owners([], Users(link))
    await owners.load()
    gate = Gate(link, owners)
    code = caplog.messages[-1].split("/claim ")[1].split()[0]

    await gate.let(a_message("/start", number=1), a_message("/claim WRONG", number=2))
    assert gate.inside.updates == []

    await gate.let(a_message(code.lower(), number=3), a_message(f"/claim {code}", user=STRANGER, number=4))

    assert gate.inside.texts == ["/panel"]
    assert owners.ids == {OWNER}
    again = Owners([], Users(link))
    await again.load()
    assert again.ids == {OWNER}


async def test_a_claim_is_kept_beside_the_store_and_outlives_it(
    link: RedisLink, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = OwnersFile(tmp_path)
    owners = Owners([], Users(link), file)
    await owners.load()
    code = caplog.messages[-1].split("/claim ")[1].split()[0]

    await owners.claim(OWNER, code, 1)
    assert file.read() == {OWNER}

    await link.client.delete("autobot:users")
    again = Owners([], Users(link), file)
    await again.load()
    assert again.ids == {OWNER}


async def test_who_claimed_the_bot_before_does_not_own_it_once_others_are_named_and_that_is_logged(
    link: RedisLink, caplog: pytest.LogCaptureFixture
) -> None:
    await Users(link).add_owner(STRANGER, 1)
    owners = Owners([OWNER], Users(link))

    await owners.load()

    assert owners.ids == {OWNER}
    assert str(STRANGER) in caplog.text


async def test_who_claimed_the_bot_and_is_named_too_owns_it_and_nobody_is_left_out(
    link: RedisLink, caplog: pytest.LogCaptureFixture
) -> None:
    await Users(link).add_owner(OWNER, 1)
    owners = Owners([OWNER], Users(link))

    await owners.load()

    assert owners.ids == {OWNER}
    assert caplog.text == ""


async def test_the_code_cannot_be_guessed_for_ever(link: RedisLink, caplog: pytest.LogCaptureFixture) -> None:
    owners = Owners([], Users(link))
    await owners.load()
    code = caplog.messages[-1].split("/claim ")[1].split()[0]

    tries = [await owners.claim(STRANGER, f"/claim {number}", 0) for number in range(5)]

    assert not any(tries)
    assert not await owners.claim(STRANGER, code, 0)
    assert await owners.claim(OWNER, code, 0)
