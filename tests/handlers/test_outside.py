"""The question about somebody else's position: adopt and ignore at once, forget after a second look, old buttons never."""

from engine.model.commands import AnswerOutside, ClosePosition, OutsideChoice
from engine.model.messages import Reply, ReplyCode
from engine.model.view import Care
from handlers.ui.callbacks import CloseAll, Whose
from tests.handlers.conversation import Conversation, assert_fits_telegram
from tests.handlers.samples import QUESTION, a_desk, a_position, an_engine


def asked(care: Care = Care.ASKED, code: str = "", label: str = "PAPER") -> Conversation:
    engine = an_engine(a_desk(position=a_position(question_id=QUESTION, care=care)))
    engine.label = label
    return Conversation(engine, code=code)


def tap(choice: OutsideChoice, question: str = QUESTION) -> str:
    return Whose(choice=choice, question_id=question).pack()


async def test_adopting_and_ignoring_act_at_once() -> None:
    for choice in (OutsideChoice.ADOPT, OutsideChoice.IGNORE):
        chat = asked()

        await chat.press(tap(choice))

        (wish,) = chat.engine.wishes
        assert isinstance(wish, AnswerOutside)
        assert (wish.question_id, wish.choice, wish.asked.who) == (QUESTION, choice, "7")
        assert "Done" in chat.shown


async def test_forgetting_takes_a_second_tap_that_names_the_risk() -> None:
    chat = asked()

    await chat.press(tap(OutsideChoice.FORGET))
    assert not chat.engine.wishes
    assert "Take my stops away from ETHUSDT" in chat.shown
    await chat.press_labelled("Yes")

    (wish,) = chat.engine.wishes
    assert isinstance(wish, AnswerOutside)
    assert wish.choice is OutsideChoice.FORGET


async def test_forgetting_asks_for_the_code_where_one_is_set() -> None:
    chat = asked(code="123456", label="LIVE")

    await chat.press(tap(OutsideChoice.FORGET))
    await chat.say("000000")
    assert not chat.engine.wishes
    await chat.say("123456")

    (wish,) = chat.engine.wishes
    assert isinstance(wish, AnswerOutside)


async def test_with_real_money_and_no_code_nothing_is_forgotten() -> None:
    chat = asked(label="LIVE")

    await chat.press(tap(OutsideChoice.FORGET))

    assert not chat.engine.wishes
    assert "second factor" in chat.shown


async def test_an_old_question_is_answered_and_nothing_is_asked_of_a_new_one() -> None:
    chat = asked()
    chat.engine.refuses[AnswerOutside] = Reply(ReplyCode.NO_SUCH_QUESTION)

    await chat.press(tap(OutsideChoice.FORGET, "aaaaaaaaaaaaaaaa"))

    assert "This question is over" in chat.shown
    assert not chat.buttons


async def test_the_position_s_card_shows_an_open_question_with_its_buttons() -> None:
    chat = asked()

    await chat.say("/positions")

    assert "Whose is it?" in chat.shown
    assert [button.text for button in chat.buttons][:3] == ["🤝 Adopt", "🛡 Ignore", "🚪 Forget…"]
    assert_fits_telegram(chat.html, chat.buttons)


async def test_an_answered_question_has_no_buttons_and_its_answer_is_shown() -> None:
    chat = asked(Care.FORGOTTEN)

    await chat.say("/positions")

    assert "none of my stops guards it" in chat.shown
    assert "Target" not in chat.shown
    assert "Stop " not in chat.shown
    assert not [button for button in chat.buttons if (button.callback_data or "").startswith("ow:")]


async def test_an_ignored_position_shows_its_wide_stop_and_no_plan() -> None:
    chat = asked(Care.IGNORED)

    await chat.say("/positions")

    assert "Wide stop 1,940.00" in chat.shown
    assert "Target" not in chat.shown


async def test_closing_all_passes_by_what_is_left_alone() -> None:
    chat = asked(Care.IGNORED)
    await chat.say("/positions")

    await chat.press(CloseAll(percent=100, until_s=chat.engine.now_ms // 1_000 + 10).pack())

    assert not [wish for wish in chat.engine.wishes if isinstance(wish, ClosePosition)]
