"""The panel and the ways around it; whatever is not understood is answered."""

import pytest

from engine.model.commands import StartTrading
from handlers.ui.commands import COMMANDS
from handlers.ui.language import ICONS
from tests.handlers.conversation import Conversation, assert_fits_telegram
from tests.handlers.samples import a_desk, a_position, an_engine


async def test_start_opens_the_panel_and_never_starts_trading() -> None:
    chat = Conversation()

    await chat.say("/start")

    assert chat.shown.startswith("🔵 PAPER · ▶ running · confirm")
    assert not chat.engine.wishes


async def test_a_new_panel_takes_the_buttons_off_the_old_one() -> None:
    chat = Conversation()
    await chat.say("/panel")
    first = chat.recorder.newest_id

    await chat.say("/panel")

    assert chat.bared == [first]


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("name", [command.name for command in COMMANDS])
async def test_every_command_is_answered_in_every_language(name: str, language: str) -> None:
    chat = Conversation(language=language)

    await chat.say(f"/{name}")

    assert chat.shown
    assert "fault in the conversation" not in chat.shown
    assert_fits_telegram(chat.html, chat.buttons)


@pytest.mark.parametrize(
    "usual", [*(command.name for command in COMMANDS), "lock ETHUSDT 3", "unlock ETHUSDT", "short ETHUSDT"]
)
async def test_a_command_in_capitals_does_the_same(usual: str) -> None:
    name, _, rest = usual.partition(" ")
    small, capital, first = Conversation(), Conversation(), Conversation()

    await small.say(f"/{usual}")
    await capital.say(f"/{name.upper()} {rest}")
    await first.say(f"/{name.capitalize()} {rest}")

    assert capital.shown == first.shown == small.shown
    assert capital.engine.wishes == first.engine.wishes == small.engine.wishes


@pytest.mark.parametrize("environment", ICONS)
async def test_every_screen_about_money_says_its_environment_in_the_first_line(environment: str) -> None:
    engine = an_engine(a_desk(position=a_position()))
    engine.label = environment
    chat = Conversation(engine, code="2468")

    for command in (command for command in COMMANDS if command.topic != "talk"):
        await chat.say(f"/{command.name}")

        assert chat.shown.startswith(f"{ICONS[environment]} {environment}"), command.name


@pytest.mark.parametrize("said", ["/postions", "postion", "/hwy"])
async def test_an_unknown_word_is_answered_with_the_closest_commands(said: str) -> None:
    chat = Conversation()

    await chat.say(said)

    assert ("/positions" if "pos" in said else "/why") in chat.shown


async def test_a_word_that_resembles_nothing_leads_to_the_help() -> None:
    chat = Conversation()

    await chat.say("🙂")

    assert chat.shown == "I did not understand. Closest: /help."


async def test_choosing_a_language_is_kept_and_answered_in_it() -> None:
    chat = Conversation()
    await chat.say("/lang")

    await chat.press_labelled("Русский")

    assert chat.users.languages == {7: "ru"}
    assert chat.shown.startswith("Язык")
    assert chat.toasts == ["Теперь говорю по-русски."]


async def test_a_button_that_nobody_knows_any_more_shows_where_things_stand() -> None:
    chat = Conversation()

    await chat.press("xx:from another age")

    assert chat.toasts == ["This card is old; here is the current one."]
    assert "PAPER" in chat.shown


async def test_every_button_of_the_panel_leads_somewhere_and_its_tap_is_answered_first() -> None:
    chat = Conversation()
    await chat.say("/panel")

    for button in chat.buttons:
        requests = await chat.press(button.callback_data or "")

        assert type(requests[0]).__name__ == "AnswerCallbackQuery", button.text
        assert len(requests) > 1, button.text
        assert_fits_telegram(chat.html, chat.buttons)


async def test_trading_starts_from_the_panel_of_a_stopped_engine() -> None:
    chat = Conversation()
    await chat.say("/stop")
    await chat.say("/panel")

    await chat.press_labelled("▶ Start trading")

    assert isinstance(chat.engine.wishes[-1], StartTrading)
