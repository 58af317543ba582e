"""A backtest in the chat: it tells how far it is, can be stopped, and ends as a picture with its card."""

import asyncio
from typing import Any

import pytest
from aiogram.exceptions import TelegramServerError
from aiogram.methods import EditMessageText, SendDocument, SendMessage, SendPhoto
from aiogram.types import BufferedInputFile

from engine.backtest.report import reported
from engine.control import Backtested
from engine.model.past import NotMeasured, Phase, Progress, WhyNot
from handlers import long_jobs
from handlers.ui.callbacks import Halt
from tests.engine.backtest.runs import BEGIN_MS, HOUR_MS, a_run
from tests.handlers.conversation import Conversation, Recorder, assert_fits_telegram
from tests.handlers.samples import an_engine

PICTURE, TRADES = b"\x89PNG", b"number,symbol\n1,ETHUSDT\n"


def a_result(days: int = 60, **others: Any) -> Backtested:
    return Backtested(reported(a_run([2.0, -1.0, 0.5] * 12, days=days, **others)), PICTURE, TRADES)


async def test_the_result_is_a_picture_with_its_card() -> None:
    engine = an_engine()
    engine.past.answers["backtest"] = a_result()
    chat = Conversation(engine)

    requests = await chat.say("/backtest eth 60")

    assert [request for request in requests if isinstance(request, SendPhoto)]
    assert "Backtest ETHUSDT" in chat.shown
    assert engine.past.asked[0][2:5] == ("ETHUSDT", 60, "en")
    assert_fits_telegram(chat.html, chat.buttons)


async def test_its_trades_follow_as_a_file_without_a_sound_and_a_walk_without_trades_sends_none() -> None:
    engine = an_engine()
    engine.past.answers["backtest"] = a_result()
    requests = await Conversation(engine).say("/backtest eth 60")

    (sent,) = [request for request in requests if isinstance(request, SendDocument)]
    assert isinstance(sent.document, BufferedInputFile)
    assert (sent.document.filename, sent.document.data) == ("ETHUSDT-60d-trades.csv", TRADES)
    assert sent.disable_notification
    assert isinstance(requests[-2], SendPhoto), "the result stands above it"

    engine.past.answers["backtest"] = Backtested(reported(a_run([])), PICTURE, b"number,symbol\n")
    requests = await Conversation(engine).say("/backtest eth 60")
    assert not [request for request in requests if isinstance(request, SendDocument)]


@pytest.mark.parametrize(
    ("others", "name"), [({"days": 58}, "58d"), ({"days": 1, "end_ms": BEGIN_MS + 2 * HOUR_MS}, "2h")], ids=["days", "hours"]
)
async def test_where_less_is_known_than_was_asked_the_card_says_so_and_the_file_is_named_by_what_was_walked(
    others: dict[str, Any], name: str
) -> None:
    engine = an_engine()
    engine.past.answers["backtest"] = a_result(**others)
    chat = Conversation(engine)

    requests = await chat.say("/backtest eth 120")

    (sent,) = [request for request in requests if isinstance(request, SendDocument)]
    assert isinstance(sent.document, BufferedInputFile)
    assert sent.document.filename == f"ETHUSDT-{name}-trades.csv"
    assert "Last 120 days · only " in chat.shown


class Refusing(Recorder):
    """Takes no file so often, and everything else at once."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    async def make_request(self, bot: Any, method: Any, timeout: int | None = None) -> Any:
        answer = await super().make_request(bot, method, timeout)
        if isinstance(method, SendDocument) and self.times:
            self.times -= 1
            raise TelegramServerError(method, "Bad Gateway")
        return answer


@pytest.mark.parametrize(
    ("refusals", "language", "last"),
    [
        (1, "en", ""),
        (2, "en", "The file with the trades could not be sent. Ask once more to get it."),
        (2, "ru", "Файл со сделками не отправился. Запросите ещё раз."),
    ],
)
async def test_a_file_that_telegram_does_not_take_is_sent_once_more_and_its_loss_is_told(
    refusals: int, language: str, last: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_jobs, "FILE_AGAIN_S", 0.0)
    engine = an_engine()
    engine.past.answers["backtest"] = a_result()
    chat = Conversation(engine, language=language)
    chat.recorder = Refusing(refusals)
    chat.bot.session = chat.recorder

    requests = await chat.say("/backtest eth 60")

    assert sum(isinstance(request, SendDocument) for request in requests) == 2
    assert ([request.text for request in requests[-1:] if isinstance(request, SendMessage)] or [""]) == [last]


async def test_it_tells_how_far_it_is_and_goes_on_until_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    engine, edited = an_engine(), asyncio.Event()
    chat = Conversation(engine)

    async def slowly(*given: Any) -> Backtested:
        given[-1](Progress(Phase.FETCHING, 340, 1_000))
        await edited.wait()
        return a_result()

    class Noticing(type(chat.recorder)):  # type: ignore[misc]  # the recorder, with an ear for edits
        async def make_request(self, bot: Any, method: Any, timeout: int | None = None) -> Any:
            if isinstance(method, EditMessageText) and "34%" in method.text:
                edited.set()
            return await super().make_request(bot, method, timeout)

    chat.recorder.__class__ = Noticing
    engine.past.answers["backtest"] = slowly
    monkeypatch.setattr(long_jobs, "TELL_EACH_S", 0.0)

    await chat.say("/backtest ETHUSDT 60")

    told = [request.text for request in chat.recorder.requests if isinstance(request, EditMessageText)]
    assert any("reading bars: 34%" in text for text in told)
    assert "Backtest ETHUSDT" in chat.shown


async def test_the_button_stops_this_job_and_no_other() -> None:
    engine, stopped = an_engine(), asyncio.Event()
    chat = Conversation(engine)
    chat.waits = False

    async def until_stopped(*_: Any) -> Backtested:
        await stopped.wait()
        raise NotMeasured(WhyNot.STOPPED)

    engine.past.answers |= {"backtest": until_stopped, "stop": True}
    await chat.say("/backtest ETHUSDT 60")

    await chat.press_labelled("Stop")
    await asyncio.sleep(0)
    stopped.set()
    await chat.later.settled()

    assert engine.past.stopped == [engine.past.asked[0][1]]
    assert chat.toasts == ["Stopping…"]
    assert "Not measured: stopped." in chat.shown


async def test_a_stop_from_before_a_restart_says_that_it_is_over() -> None:
    chat = Conversation()

    await chat.press(Halt(job="of-before").pack())

    assert "This is over" in chat.shown


@pytest.mark.parametrize("reason", WhyNot)
async def test_why_it_came_to_nothing_is_said_in_one_line(reason: WhyNot) -> None:
    chat = Conversation()
    chat.engine.past.answers["backtest"] = NotMeasured(reason, "NOSUCHUSDT")

    await chat.say("/backtest NOSUCHUSDT 30")

    assert "Not measured: " in chat.shown
    assert len(chat.shown.splitlines()) == 2


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("/backtest", "Ask like this"),
        ("/backtest ETHUSDT 30 1h now", "Ask like this"),
        ("/backtest ETHUSDT abc", "Days are 1 to 730 here, you sent abc."),
        ("/backtest ETHUSDT 0", "Days are 1 to 730 here, you sent 0."),
        ("/backtest ETHUSDT 100000", "Days are 1 to 730 here, you sent 100000."),
        ("/backtest <b>x</b> 30", "<b>x</b> is no symbol."),
    ],
)
async def test_what_is_wrong_is_said_at_once(said: str, answer: str) -> None:
    chat = Conversation()

    await chat.say(said)

    assert answer in chat.shown
    assert not chat.engine.past.asked


async def test_minutes_are_walked_for_fewer_days() -> None:
    engine = an_engine()
    engine.interval = "1m"
    chat = Conversation(engine)

    await chat.say("/backtest ETHUSDT 500")

    assert "Days are 1 to 416 here" in chat.shown
