"""What the remembered bars say about a threshold: market and settings speak, what the bot was allowed to do does not."""

import pytest

from engine.model.signals import Code
from handlers.ui.counted import counted
from tests.handlers.conversation import Conversation
from tests.handlers.samples import a_ruling, an_engine


@pytest.mark.parametrize("state", [Code.PAUSED, Code.HALTED, Code.LATCHED, Code.NOT_READY, Code.STORE_DOWN, Code.DRAWDOWN])
def test_what_the_bot_was_not_free_to_enter_counts_all_the_same(state: Code) -> None:
    bars = [a_ruling(state, confidence=0.8), a_ruling(Code.CONFIDENCE_LOW, state, confidence=0.65)]

    assert counted(bars, 0.7).entries == 1
    assert counted(bars, 0.6).entries == 2


@pytest.mark.parametrize("other", [Code.ADX_LOW, Code.SIDE_NOT_ALLOWED, Code.NEUTRAL, Code.SPREAD_WIDE, Code.POSITION_OPEN])
def test_what_the_market_or_another_setting_refused_is_no_entry_at_any_threshold(other: Code) -> None:
    bars = [a_ruling(other, Code.PAUSED, confidence=0.9)]

    assert counted(bars, 0.05).entries == 0


async def test_the_question_of_a_stopped_bot_shows_what_each_threshold_would_have_given() -> None:
    engine = an_engine()
    engine.judged = [
        *[a_ruling(Code.PAUSED, Code.NOT_READY, confidence=0.8)] * 5,
        *[a_ruling(Code.CONFIDENCE_LOW, Code.PAUSED, Code.NOT_READY, confidence=0.65)] * 5,
    ]
    chat = Conversation(engine)

    await chat.say("/threshold 0.6")

    assert "0.70: 5 entries ◂" in chat.shown
    assert "0.60: 10 entries" in chat.shown
