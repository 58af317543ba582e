"""Starting asks where money is real; pausing, stopping and choosing sides act at once and say what becomes of positions."""

import pytest

from engine.model.commands import AllowSides, DecisionMode, PauseTrading, SetMode, StartTrading, StopHow, StopTrading
from engine.model.messages import Reply, ReplyCode
from engine.model.signals import Regime, RegimeState, Sides
from engine.model.view import Care, Running
from tests.handlers.conversation import Conversation
from tests.handlers.samples import NOW_MS, QUESTION, a_desk, a_position, an_engine


def live(code: str = "", **parts: object) -> Conversation:
    engine = an_engine(**{"running": Running.STOPPED, **parts})
    engine.label = "LIVE"
    return Conversation(engine, code=code)


async def test_run_starts_at_once_on_paper() -> None:
    chat = Conversation(an_engine(running=Running.STOPPED))

    await chat.say("/run")

    assert isinstance(chat.engine.wishes[0], StartTrading)
    assert chat.engine.wishes[0].asked.who == "7"
    assert chat.shown.startswith("🔵 PAPER · ✅ Done.")


async def test_an_old_run_is_not_taken_late() -> None:
    chat = Conversation(an_engine(running=Running.STOPPED))

    await chat.say("/run", sent_ms=NOW_MS - 60_000)

    assert not chat.engine.wishes
    assert "is old" in chat.shown


async def test_run_with_real_money_wants_the_word_and_the_code_and_deletes_them() -> None:
    chat = live(code="123456")
    await chat.say("/run")
    assert not chat.engine.wishes

    await chat.say("123456")
    await chat.say("LIVE 654321")
    assert not chat.engine.wishes
    await chat.say("live 123456")

    assert isinstance(chat.engine.wishes[0], StartTrading)
    assert chat.deleted == 3
    assert "123456" not in chat.shown


async def test_leaving_guard_mode_with_real_money_wants_the_word_and_the_code_although_trading_was_on() -> None:
    chat = live(code="2468", running=Running.RUNNING, is_guarded=True)

    await chat.say("/run")
    assert not chat.engine.wishes

    await chat.say("LIVE 2468")
    assert [type(wish) for wish in chat.engine.wishes] == [StartTrading]


async def test_run_with_real_money_is_refused_where_no_code_is_set() -> None:
    chat = live()

    await chat.say("/run")

    assert "needs a second factor" in chat.shown
    assert not chat.tokens.records


async def test_a_latch_is_named_when_trading_starts_under_it() -> None:
    chat = Conversation(an_engine(running=Running.STOPPED))
    chat.engine.refuses[StartTrading] = Reply(ReplyCode.DONE, {"latched": 1})

    await chat.say("/run")

    assert "latch still blocks entries" in chat.shown


async def test_pause_acts_at_once_also_with_real_money() -> None:
    chat = live(code="123456", running=Running.RUNNING)

    await chat.say("/pause")

    assert isinstance(chat.engine.wishes[0], PauseTrading)


async def test_stop_acts_at_once_while_flat() -> None:
    chat = Conversation()

    await chat.say("/stop")

    assert [type(wish) for wish in chat.engine.wishes] == [StopTrading]


@pytest.mark.parametrize(("label", "how"), [("keep positions", StopHow.KEEP), ("Close all", StopHow.CLOSE)])
async def test_stop_asks_what_becomes_of_open_positions(label: str, how: StopHow) -> None:
    chat = Conversation(an_engine(a_desk(position=a_position())))
    await chat.say("/stop")
    assert not chat.engine.wishes

    await chat.press_labelled(label)

    (wish,) = chat.engine.wishes
    assert isinstance(wish, StopTrading)
    assert wish.how is how


@pytest.mark.parametrize("care", [Care.IGNORED, Care.FORGOTTEN])
async def test_stopping_asks_and_counts_only_positions_that_the_bot_would_close(care: Care) -> None:
    theirs = a_position(care=care, question_id=QUESTION)
    chat = Conversation(an_engine(a_desk(position=theirs), a_desk("BTCUSDT", position=a_position())))
    await chat.say("/stop")
    assert "1 position is open." in chat.shown

    await chat.press_labelled("Close all")

    assert "1 position is being closed." in chat.shown


async def test_stop_acts_at_once_where_the_only_position_is_left_alone() -> None:
    chat = Conversation(an_engine(a_desk(position=a_position(care=Care.IGNORED, question_id=QUESTION))))

    await chat.say("/stop")

    assert [type(wish) for wish in chat.engine.wishes] == [StopTrading]
    assert "position" not in chat.shown


@pytest.mark.parametrize(("said", "symbol"), [("/short", ""), ("/short eth", "ETHUSDT"), ("/short ETH/USDT", "ETHUSDT")])
async def test_sides_are_allowed_for_one_symbol_or_for_all(said: str, symbol: str) -> None:
    chat = Conversation(an_engine(a_desk(), a_desk("BTCUSDT")))

    await chat.say(said)

    (wish,) = chat.engine.wishes
    assert isinstance(wish, AllowSides)
    assert (wish.sides, wish.symbol) == (Sides.SHORT, symbol)


async def test_an_unknown_symbol_is_answered_with_the_known_ones() -> None:
    chat = Conversation()

    await chat.say("/long DOGE")

    assert chat.shown == "DOGE is not traded here. Traded: ETHUSDT"
    assert not chat.engine.wishes


async def test_switching_sides_says_that_open_positions_stay_with_their_exits() -> None:
    chat = Conversation(an_engine(a_desk(position=a_position())))

    await chat.say("/short")

    assert "1 open position stays with its exits; only new entries change." in chat.shown


async def test_sides_that_fight_the_regime_are_pointed_out() -> None:
    chat = Conversation(an_engine(a_desk(regime=RegimeState(Regime.BEAR_TREND, 30))))

    await chat.say("/long")
    fighting = chat.shown
    await chat.say("/both")

    assert "ETHUSDT is in a bear trend, but you allow long only" in fighting
    assert "but you allow" not in chat.shown


async def test_letting_the_bot_enter_by_itself_is_asked_twice_and_the_way_back_is_not() -> None:
    chat = Conversation()
    await chat.say("/mode auto")
    assert not chat.engine.wishes

    await chat.press_labelled("Yes, do it")
    await chat.say("/mode signals")

    assert [wish.mode for wish in chat.engine.wishes if isinstance(wish, SetMode)] == [
        DecisionMode.AUTO,
        DecisionMode.SIGNALS,
    ]
