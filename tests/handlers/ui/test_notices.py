"""Every notice is an alert in every language: tagged in its first line, short enough, sound markup, buttons that exist."""

from types import UnionType
from typing import Any, get_args

import pytest
from aiogram.types import InlineKeyboardButton

from engine.model import notices
from engine.model.notices import Notice, OutsideQuestion, PositionClosed, PositionOpened, ProposalEnded
from handlers.ui.alerts import Loudness
from handlers.ui.callbacks import Tell
from handlers.ui.keyboards import markup
from handlers.ui.language import ICONS, Languages
from handlers.ui.markup import plain
from handlers.ui.notices import alert
from handlers.ui.screen import Screen
from tests.handlers.conversation import assert_fits_telegram
from tests.handlers.samples import INTENT, a_desk, a_position, a_ruling, an_engine, every_notice
from tests.handlers.ui.longer import longer

KINDS: UnionType = notices.Notice.__value__
CRITICAL = {
    "CoverMissing",
    "ExitRefused",
    "LatchSet",
    "PanicDone",
    "EngineHalted",
    "EntryUnknown",
    "StoreWentAway",
    "ProcessTroubled",
}


def buttons_of(screen: Screen) -> list[InlineKeyboardButton]:
    keyboard = markup(screen)
    return [button for row in keyboard.inline_keyboard for button in row] if keyboard is not None else []


def written(notice: Notice, language: str = "en", environment: str = "LIVE") -> Any:
    engine = an_engine(a_desk(position=a_position()))
    engine.label, engine.judged = environment, [a_ruling()]
    return alert(Languages(environment).texts(language), notice, engine, "token")


def test_the_samples_hold_every_kind_of_notice() -> None:
    assert {type(notice) for notice in every_notice()} == set(get_args(KINDS))


@pytest.mark.parametrize("language", Languages("PAPER").known)
def test_every_notice_is_an_alert_that_telegram_takes(language: str) -> None:
    texts = Languages("LIVE").texts(language)
    engine = an_engine(a_desk(position=a_position()))
    engine.judged = [a_ruling()]
    for notice in every_notice():
        told = alert(texts, notice, engine, "token")

        assert "{" not in told.text, type(notice)
        assert_fits_telegram(told.text, buttons_of(told.screen))


@pytest.mark.parametrize("environment", ICONS)
def test_no_alert_goes_without_the_environment_in_its_first_line(environment: str) -> None:
    texts = Languages(environment).texts("en")
    for notice in every_notice():
        told = alert(texts, notice, an_engine(), "token")

        assert plain(told.text).split("\n")[0].startswith(f"{ICONS[environment]} {environment} · "), type(notice)


def test_what_cannot_wait_makes_a_sound_and_news_do_not() -> None:
    loud = {type(notice).__name__ for notice in every_notice() if written(notice).loudness is Loudness.CRITICAL}

    assert loud == CRITICAL
    assert all(not written(notice).loudness.is_silent for notice in every_notice() if isinstance(notice, PositionClosed))


def test_a_story_of_a_position_hangs_together_by_names() -> None:
    opened = next(written(notice) for notice in every_notice() if isinstance(notice, PositionOpened))
    closed = next(written(notice) for notice in every_notice() if isinstance(notice, PositionClosed))

    assert opened.name == closed.follows == f"position:{INTENT}"
    assert opened.follows == f"card:{INTENT}"


def test_buttons_under_alerts_never_draw_over_the_alert() -> None:
    for notice in every_notice():
        for button in buttons_of(written(notice).screen):
            data = button.callback_data or ""
            assert data.startswith((f"{Tell.__prefix__}:", "po:", "c1:", "ow:")), data


def test_what_comes_from_outside_cannot_break_the_markup() -> None:
    failed = next(notice for notice in every_notice() if getattr(notice, "text", "").startswith("<b>"))

    assert "&lt;b&gt;odd &amp; new" in written(failed).text


def test_forty_percent_longer_alerts_still_fit() -> None:
    for notice in every_notice():
        told = alert(longer(), notice, an_engine(a_desk(position=a_position())), "token")

        assert_fits_telegram(told.text, buttons_of(told.screen))


def test_live_money_buttons_say_live_and_paper_ones_do_not() -> None:
    proposed = every_notice()[2]

    live = [button.text for button in buttons_of(written(proposed).screen)][:2]
    paper = [button.text for button in buttons_of(written(proposed, environment="PAPER").screen)][:2]

    assert all("LIVE" in label for label in live)
    assert not any("LIVE" in label for label in paper)


def test_the_receipt_of_a_card_says_who_answered() -> None:
    ends = [notice for notice in every_notice() if isinstance(notice, ProposalEnded)]

    assert all("It was answered by 7." in plain(written(notice).text) for notice in ends)


def test_the_question_about_a_stranger_s_position_has_three_answers_and_explains_them() -> None:
    asked = written(next(notice for notice in every_notice() if isinstance(notice, OutsideQuestion)))

    labels = [button.text for button in buttons_of(asked.screen)]
    assert labels[:3] == ["🤝 Adopt", "🛡 Ignore", "🚪 Forget…"]
    assert "That raises risk" in plain(asked.text)
    assert not asked.loudness.is_silent
