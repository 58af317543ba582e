"""Positions: the exchange's own stop on the card; leaving is one tap, acts once, and is never asked about."""

from engine.model.commands import ClosePosition, MoveStopToEntry
from engine.model.messages import Reply, ReplyCode
from engine.model.view import Care
from tests.handlers.conversation import Conversation, assert_fits_telegram, at_once
from tests.handlers.samples import INTENT, QUESTION, a_desk, a_position, an_engine


def holding(**parts: object) -> Conversation:
    return Conversation(an_engine(a_desk(position=a_position(**parts))))


async def test_the_card_shows_the_stop_as_the_exchange_holds_it() -> None:
    chat = holding()

    await chat.say("/positions")

    assert chat.shown.startswith("🔵 PAPER · ▲ LONG ETHUSDT 2,000.00 · +$6.15 (+0.5 R)")
    assert "Stop 1,970.00 (−2.23%, 2.2 ATR) ✅ on exchange" in chat.shown
    assert "order 77, looked at 5 sec ago" in chat.shown


async def test_a_stop_that_was_not_seen_is_not_called_safe() -> None:
    chat = holding(stop_on_exchange=None, stop_order_id=0, verified_ms=0)

    await chat.say("/positions")

    assert "⚠ not verified" in chat.shown
    assert "looked at" not in chat.shown


async def test_closing_is_one_tap_that_names_the_position() -> None:
    chat = holding()
    await chat.say("/positions")

    await chat.press_labelled("✖ Close")

    (wish,) = chat.engine.wishes
    assert isinstance(wish, ClosePosition)
    assert (wish.intent_id, wish.fraction) == (INTENT, 1.0)
    assert "📤 Sent" in chat.shown


async def test_two_taps_at_the_same_time_close_one_half() -> None:
    chat = holding()
    await chat.say("/positions")
    half = next(button.callback_data or "" for button in chat.buttons if "½" in button.text)

    await at_once(chat.press(half), chat.press(half))

    assert [wish.fraction for wish in chat.engine.wishes if isinstance(wish, ClosePosition)] == [0.5]
    assert "Already done; this button is spent." in chat.toasts


async def test_each_drawing_may_halve_once_more() -> None:
    chat = holding()
    await chat.say("/positions")
    await chat.press_labelled("½")
    chat.engine.now_ms += 5_000
    await chat.press_labelled("🔄")

    await chat.press_labelled("½")

    assert len(chat.engine.wishes) == 2


async def test_an_old_half_is_drawn_anew_before_it_acts() -> None:
    chat = holding()
    await chat.say("/positions")
    chat.engine.now_ms += 3_600_000

    await chat.press_labelled("½")

    assert not chat.engine.wishes
    assert chat.toasts[-1] == "This card is old; here is the current one."


async def test_a_stop_is_moved_to_the_entry_or_the_reason_is_told() -> None:
    chat = holding()
    chat.engine.refuses[MoveStopToEntry] = Reply(ReplyCode.WOULD_LOOSEN, {"stop": 2_001.0, "entry": 2_000.0, "price": 2_015.0})
    await chat.say("/positions")

    await chat.press_labelled("Stop → entry")

    assert isinstance(chat.engine.wishes[0], MoveStopToEntry)
    assert "at 2,015.00 the entry is no better stop than 2,001.00" in chat.shown


async def test_a_position_that_is_gone_leaves_no_buttons_that_act() -> None:
    chat = holding()
    await chat.say("/positions")
    chat.engine.refuses[ClosePosition] = Reply(ReplyCode.NO_SUCH_POSITION)

    await chat.press_labelled("✖ Close")

    assert "no longer open" in chat.shown
    assert [button.text for button in chat.buttons] == ["📍 Positions"]


async def test_closing_all_takes_two_taps_within_fifteen_seconds() -> None:
    chat = Conversation(an_engine(a_desk(position=a_position()), a_desk("BTCUSDT", position=a_position())))
    await chat.say("/positions")
    await chat.press_labelled("Close all")
    late = next(button.callback_data or "" for button in chat.buttons if "Yes" in button.text)
    chat.engine.now_ms += 17_000
    await chat.press(late)
    assert not chat.engine.wishes
    await chat.press_labelled("Close all")

    await chat.press_labelled("Yes, close all")

    assert len(chat.engine.wishes) == 2


async def test_closing_all_counts_only_what_it_closes() -> None:
    theirs = a_position(care=Care.IGNORED, question_id=QUESTION)
    chat = Conversation(an_engine(a_desk(position=theirs), a_desk("BTCUSDT", position=a_position())))
    await chat.say("/positions")

    await chat.press_labelled("Close all")
    assert "1 position is closed at market." in chat.shown

    await chat.press_labelled("Yes, close all")
    assert len(chat.engine.wishes) == 1


async def test_live_buttons_say_live() -> None:
    engine = an_engine(a_desk(position=a_position()))
    engine.label = "LIVE"
    chat = Conversation(engine)

    await chat.say("/positions")

    closing = [button.text for button in chat.buttons if "lose" in button.text]
    assert closing
    assert all("LIVE" in label for label in closing)
    assert_fits_telegram(chat.html, chat.buttons)
