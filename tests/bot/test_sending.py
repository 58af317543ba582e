"""One alert on its way: new, as an answer, as an edit; plain where HTML is refused; new where nothing can be edited."""

from pathlib import Path
from typing import Any, cast

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import SendMessage
from aiogram.types import ReplyParameters

from bot.kept_messages import KeptMessages
from bot.logs import BLANK, Redaction
from bot.sending import Sender
from engine.adapters.audit_log import AuditLog, Head
from engine.adapters.redis_link import RedisLink
from engine.model.machine_notices import AuditSealed
from handlers.ui.alerts import Alert, Loudness
from handlers.ui.language import Languages
from handlers.ui.markup import Html
from handlers.ui.process import of_process

CHAT = 11
PIN = "1234"


class Shown:
    """A message as the phone shows it."""

    def __init__(self, message_id: int, text: str, form: str | None, answers: int | None, is_silent: bool) -> None:
        self.message_id, self.text, self.form, self.answers, self.is_silent = message_id, text, form, answers, is_silent


class FakeBot:
    """Shows messages. `refuses` holds what the next calls are refused for."""

    def __init__(self) -> None:
        self.shown: dict[int, Shown] = {}
        self.refuses: list[str] = []

    async def send_message(self, chat: int, text: str, **how: Any) -> Shown:
        self._refuse()
        answered: ReplyParameters | None = how["reply_parameters"]
        answers = answered.message_id if answered else None
        shown = Shown(len(self.shown) + 1, text, how["parse_mode"], answers, how["disable_notification"])
        self.shown[shown.message_id] = shown
        return shown

    async def edit_message_text(self, text: str, *, message_id: int, **how: Any) -> None:
        self._refuse()
        self.shown[message_id].text, self.shown[message_id].form = text, how["parse_mode"]

    def _refuse(self) -> None:
        if self.refuses:
            raise TelegramBadRequest(SendMessage(chat_id=CHAT, text=""), f"Bad Request: {self.refuses.pop(0)}")


@pytest.fixture
def bot() -> FakeBot:
    return FakeBot()


@pytest.fixture
def sender(bot: FakeBot, link: RedisLink) -> Sender:
    return Sender(cast(Bot, bot), KeptMessages(link), Redaction(["top-secret", PIN], pin=PIN))


def an_alert(text: str, loudness: Loudness = Loudness.MONEY, **names: Any) -> Alert:
    return Alert(Html(text), loudness, **names)


async def test_an_alert_edits_the_message_that_carries_its_name(sender: Sender, bot: FakeBot) -> None:
    await sender.send(CHAT, an_alert("card", name="card:1"))
    await sender.send(CHAT, an_alert("receipt", edits="card:1"))

    assert [one.text for one in bot.shown.values()] == ["receipt"]


async def test_where_nothing_carries_the_name_a_new_message_is_sent(sender: Sender, bot: FakeBot) -> None:
    await sender.send(CHAT, an_alert("receipt", edits="card:1"))

    assert [one.text for one in bot.shown.values()] == ["receipt"]


async def test_a_message_that_can_no_longer_be_edited_is_sent_anew_and_takes_over_the_name(
    sender: Sender, bot: FakeBot
) -> None:
    await sender.send(CHAT, an_alert("one", name="stop:1"))
    bot.refuses = ["message can't be edited"]
    await sender.send(CHAT, an_alert("two", name="stop:1", edits="stop:1"))
    await sender.send(CHAT, an_alert("three", name="stop:1", edits="stop:1"))

    assert [one.text for one in bot.shown.values()] == ["one", "three"]


async def test_an_edit_that_changes_nothing_is_fine(sender: Sender, bot: FakeBot) -> None:
    await sender.send(CHAT, an_alert("one", name="stop:1"))
    bot.refuses = ["message is not modified: specified new message content is the same"]

    await sender.send(CHAT, an_alert("one", edits="stop:1"))

    assert len(bot.shown) == 1


async def test_a_story_goes_on_under_its_first_message(sender: Sender, bot: FakeBot) -> None:
    await sender.send(CHAT, an_alert("opened", name="position:1"))
    await sender.send(CHAT, an_alert("no stop", Loudness.CRITICAL, follows="position:1"))

    assert bot.shown[2].answers == 1


async def test_where_html_is_refused_the_words_arrive_plain(sender: Sender, bot: FakeBot) -> None:
    bot.refuses = ["can't parse entities: unexpected end tag"]

    await sender.send(CHAT, an_alert("<b>1 &lt; 2</b>"))

    assert (bot.shown[1].text, bot.shown[1].form) == ("1 < 2", None)


async def test_quiet_alerts_do_not_ring(sender: Sender, bot: FakeBot) -> None:
    await sender.send(CHAT, an_alert("quiet", Loudness.NOTICE))
    await sender.send(CHAT, an_alert("loud", Loudness.CRITICAL))

    assert [one.is_silent for one in bot.shown.values()] == [True, False]


async def test_another_refusal_is_told(sender: Sender, bot: FakeBot) -> None:
    bot.refuses = ["message text is empty"]

    with pytest.raises(TelegramBadRequest):
        await sender.send(CHAT, an_alert("x"))


async def test_no_secret_leaves_by_way_of_the_chat(sender: Sender, bot: FakeBot) -> None:
    await sender.send(CHAT, an_alert("the exchange said: top-secret is wrong"))

    assert bot.shown[1].text == f"the exchange said: {BLANK} is wrong"


async def test_the_audits_seal_arrives_whole_and_what_the_owner_copies_is_found_in_the_audit(
    sender: Sender, bot: FakeBot, tmp_path: Path
) -> None:
    log = AuditLog(tmp_path)
    told = log.append("Panic", "user 11", {}, 1)

    await sender.send(CHAT, of_process(Languages("PAPER").texts("en"), AuditSealed(told.seq, told.seal, 1)))

    copied = bot.shown[1].text.split("<code>")[1].split("</code>")[0]
    assert log.verify(Head(told.seq, copied)).is_whole
    assert not log.verify(Head(told.seq, copied[::-1])).is_whole


@pytest.mark.parametrize("figure", ["0.12345", "1234", "1 234.5"])
async def test_a_figure_that_holds_the_pin_arrives_whole(sender: Sender, bot: FakeBot, figure: str) -> None:
    await sender.send(CHAT, an_alert(f"bought at {figure}"))

    assert bot.shown[1].text == f"bought at {figure}"
