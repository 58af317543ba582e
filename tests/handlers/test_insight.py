"""Why, signals and health: everything is read from rulings and the view, nothing is asked of the engine."""

from engine.model.signals import Code
from handlers.ui.callbacks import Tell, View
from tests.handlers.conversation import Conversation, assert_fits_telegram
from tests.handlers.samples import a_desk, a_ruling, an_engine


async def test_why_names_every_refusal_with_seen_and_needed() -> None:
    chat = Conversation(an_engine(a_desk(ruling=a_ruling(Code.CONFIDENCE_LOW, Code.SPREAD_WIDE))))

    await chat.say("/why eth")

    assert "LONG ignored; 2 checks say no:" in chat.shown
    assert "⛔ confidence 0.20, needs 0.70" in chat.shown
    assert "⛔ spread 0.2 bps, limit 0.7" in chat.shown
    assert "Limited by the margin cap; $12.30 is lost at the stop" in chat.shown
    assert not chat.engine.wishes
    assert_fits_telegram(chat.html, chat.buttons)


async def test_why_of_a_symbol_without_a_ruling_tells_how_far_the_warm_up_is() -> None:
    chat = Conversation(an_engine(a_desk(ruling=None, bars=120)))

    await chat.say("/why")

    assert "120 of 1000 warm-up bars" in chat.shown


async def test_signals_count_what_stood_in_their_way() -> None:
    engine = an_engine()
    engine.judged = [a_ruling(Code.ADX_LOW), a_ruling(Code.ADX_LOW, Code.PAUSED), a_ruling()]
    chat = Conversation(engine)

    await chat.say("/signals")

    assert "3 bars → 3 signals → 1 without objection" in chat.shown
    assert "2 × ADX too low" in chat.shown
    assert_fits_telegram(chat.html, chat.buttons)


async def test_health_tells_a_silent_feed_from_a_fresh_one() -> None:
    chat = Conversation(an_engine(a_desk(), a_desk("BTCUSDT", last_frame_ms=0)))

    await chat.say("/health")

    assert "✅ ETHUSDT · prices 1 sec ago" in chat.shown
    assert "⚠ BTCUSDT · prices – ago" in chat.shown


async def test_why_under_an_alert_comes_in_a_message_of_its_own() -> None:
    chat = Conversation()

    requests = await chat.press(Tell(view=View.WHY, about="ETHUSDT").pack())

    assert [type(request).__name__ for request in requests] == ["AnswerCallbackQuery", "SendMessage"]


async def test_an_engine_without_symbols_is_answered_for_too() -> None:
    engine = an_engine()
    engine.seen = engine.seen.__class__(**{**{name: getattr(engine.seen, name) for name in engine.seen.__slots__}, "desks": {}})
    chat = Conversation(engine)

    for command in ("/why", "/signals", "/panel", "/positions", "/health", "/both", "/symbols"):
        await chat.say(command)
        assert chat.shown
        assert "fault" not in chat.shown
