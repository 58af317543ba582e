"""A card is taken once, by whom it was drawn for, before its deadline; afterwards it is its own receipt."""

import pytest

from engine.model.commands import ApproveEntry, DeclineEntry
from engine.model.messages import Reply, ReplyCode
from engine.model.notices import EntryProposed, ProposalEnded
from engine.model.proposals import ProposalEnd
from engine.model.signals import Code, Refusal
from handlers.ui.callbacks import Card, Choice
from handlers.ui.markup import plain
from handlers.ui.notices import alert
from tests.handlers.conversation import Conversation, at_once
from tests.handlers.samples import INTENT, MINUTE_MS, NOW_MS, SYMBOL, a_desk, a_proposal, an_engine


def asked() -> Conversation:
    """A chat with one open card, whose token is `token1`."""
    chat = Conversation(an_engine(a_desk(proposal=a_proposal())))
    chat.engine.judged = [a_proposal().ruling]
    chat.tokens.records["token1"] = {"intent_id": INTENT, "user": chat.user, "chat": chat.user}
    chat.tokens.issued = 1
    return chat


def tap(choice: Choice, token: str = "token1") -> str:
    return Card(token=token, choice=choice).pack()


def test_the_card_says_what_how_much_the_worst_case_and_until_when() -> None:
    chat = asked()

    card = alert(chat.languages.texts("en"), EntryProposed(a_proposal(), NOW_MS), chat.engine, "token1")

    words = plain(card.text)
    assert words.startswith("🔵 PAPER · Enter? ▲ LONG ETHUSDT 2,005.00 · risk $12.30")
    assert "Worst case at the stop: −$12.30 and costs" in words
    assert f'<tg-time unix="{(NOW_MS + MINUTE_MS) // 1_000}" format="r">' in card.text
    assert "at 22:14:20 UTC" in words
    assert [button.label for row in card.rows for button in row] == ["✅ Enter $822.05", "½ Enter half", "✖ Skip", "❓ Why"]


def test_a_card_that_arrives_too_late_has_no_button_that_acts() -> None:
    chat = asked()

    card = alert(chat.languages.texts("en"), EntryProposed(a_proposal(), NOW_MS), chat.engine, "")

    assert "too late" in plain(card.text)
    assert not [button for row in card.rows for button in row if button.data.startswith("c1:")]


@pytest.mark.parametrize(("choice", "fraction"), [(Choice.ENTER, 1.0), (Choice.HALF, 0.5)])
async def test_a_tap_is_answered_first_then_asked_for_and_becomes_the_receipt(choice: Choice, fraction: float) -> None:
    chat = asked()

    requests = await chat.press(tap(choice))

    (wish,) = chat.engine.wishes
    assert isinstance(wish, ApproveEntry)
    assert (wish.intent_id, wish.fraction, wish.asked.who) == (INTENT, fraction, "7")
    assert type(requests[0]).__name__ == "AnswerCallbackQuery"
    assert "✅ Taken" in chat.shown
    assert [button.text for button in chat.buttons] == ["❓ Why"]


async def test_the_receipt_and_the_engines_notice_say_the_same() -> None:
    chat = asked()
    await chat.press(tap(Choice.ENTER))

    told = alert(chat.languages.texts("en"), ProposalEnded(INTENT, SYMBOL, ProposalEnd.TAKEN, "7", (), NOW_MS), chat.engine, "")

    assert plain(told.text) == chat.shown
    assert told.edits == f"card:{INTENT}"


async def test_two_taps_at_the_same_time_enter_once() -> None:
    chat = asked()

    await at_once(chat.press(tap(Choice.ENTER)), chat.press(tap(Choice.ENTER)), chat.press(tap(Choice.HALF)))

    assert len(chat.engine.wishes) == 1


async def test_skipping_declines() -> None:
    chat = asked()

    await chat.press(tap(Choice.SKIP))

    assert isinstance(chat.engine.wishes[0], DeclineEntry)
    assert "✖ Skipped" in chat.shown
    assert "Nothing was sent" in chat.shown


async def test_somebody_elses_tap_does_nothing() -> None:
    chat = asked()

    await chat.press(tap(Choice.ENTER), user=8)

    assert not chat.engine.wishes
    assert "token1" in chat.tokens.records


async def test_a_spent_card_leads_to_the_one_that_is_open() -> None:
    chat = asked()

    await chat.press(tap(Choice.ENTER, "long-gone"))

    assert chat.toasts == ["This card is old; here is the current one."]
    assert "Enter? ▲ LONG ETHUSDT" in chat.shown
    assert not chat.engine.wishes
    await chat.press_labelled("✅ Enter")
    assert len(chat.engine.wishes) == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Reply(ReplyCode.TOO_LATE), "Expired, not taken"),
        (Reply(ReplyCode.PRICE_MOVED, {"seen": 0.4, "needed": 0.25, "price": 2_013.0}), "moved 0.40 ATR to 2,013.00"),
        (Reply(ReplyCode.CHECKS_FAILED, refusals=(Refusal(Code.ADX_LOW, 21.4, 25.0),)), "⛔ ADX 21.4, needs 25.0"),
    ],
)
async def test_a_no_at_the_tap_is_on_the_receipt_with_its_numbers(answer: Reply, words: str) -> None:
    chat = asked()
    chat.engine.refuses[ApproveEntry] = answer
    chat.engine.change(SYMBOL, proposal=a_proposal())
    closing = chat.engine.ask

    async def ended(command: object) -> Reply:
        reply = await closing(command)  # type: ignore[arg-type]  # what the handlers ask
        chat.engine.change(SYMBOL, proposal=None)
        return reply

    chat.engine.ask = ended  # type: ignore[method-assign]  # the engine ends the card at its no
    await chat.press(tap(Choice.ENTER))

    assert words in chat.shown
    assert "Nothing was sent, nothing is open" in chat.shown


async def test_a_half_that_is_too_small_leaves_the_card_open_with_a_new_token() -> None:
    chat = asked()
    chat.engine.refuses[ApproveEntry] = Reply(ReplyCode.TOO_SMALL, {"needed": 20.0})
    await chat.press(tap(Choice.HALF))
    assert "too small, the smallest order here is 20" in chat.shown
    del chat.engine.refuses[ApproveEntry]

    await chat.press_labelled("✅ Enter")

    assert [wish.fraction for wish in chat.engine.wishes if isinstance(wish, ApproveEntry)] == [0.5, 1.0]


async def test_the_second_of_two_owners_reads_who_answered() -> None:
    chat = asked()
    chat.engine.change(SYMBOL, proposal=None)
    chat.engine.refuses[ApproveEntry] = Reply(ReplyCode.NO_SUCH_PROPOSAL, {"who": "8"})

    await chat.press(tap(Choice.ENTER))

    assert "This proposal is over. Nothing was sent." in chat.shown
    assert "It was answered by 8." in chat.shown
