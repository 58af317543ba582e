"""Screens of a backtest in the chat: what was asked, what was wrong with it, what it came to."""

from engine.control import Backtested
from handlers.ui import keyboards as keys
from handlers.ui.backtest_cards import result_card
from handlers.ui.language import Texts
from handlers.ui.markup import Html, bold, code, lines, row
from handlers.ui.screen import Screen, arranged


def title(texts: Texts, symbol: str, days: int) -> Html:
    """What was asked."""
    return texts.plural("Backtest {symbol}, {count} day", "Backtest {symbol}, {count} days", days, symbol=symbol)


def result(texts: Texts, found: Backtested, asked_days: int) -> Screen:
    """What it came to."""
    return Screen(result_card(texts, found.report, asked_days), arranged([keys.back(texts)]), found.picture)


def how_to(texts: Texts) -> Screen:
    """How a backtest is asked for."""
    text = lines(
        row(texts.tag, bold(texts.say("Backtest"))),
        texts.say("A symbol's past under your settings. Ask like this:"),
        code("/backtest ETHUSDT 90"),
    )
    return Screen(text, arranged([keys.back(texts)]))


def no_symbol(texts: Texts, sent: str) -> Screen:
    """What was sent is no symbol."""
    return Screen(texts.say("{sent} is no symbol. Like this: {example}", sent=sent, example=code("/backtest ETHUSDT 90")))


def bad_days(texts: Texts, sent: str, most: int) -> Screen:
    """So many days cannot be walked here."""
    return Screen(texts.say("Days are 1 to {most} here, you sent {sent}.", most=texts.numbers.fixed(most, 0), sent=sent))
