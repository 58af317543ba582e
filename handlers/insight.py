"""Why there is no trade, what the last signals were, and whether everything is healthy. Only looks."""

from typing import Final

from aiogram import Router

from handlers import places
from handlers.places import Visit
from handlers.ui import keyboards as keys
from handlers.ui import looking, why
from handlers.ui.callbacks import View
from handlers.ui.screen import Screen, arranged

RULINGS: Final = 500


def router() -> Router:
    """The commands and their buttons."""
    own = Router(name="insight")
    places.register(
        own,
        {View.WHY: why_page, View.SIGNALS: signals_page, View.HEALTH: health_page},
        {"why": View.WHY, "signals": View.SIGNALS, "health": View.HEALTH},
    )
    return own


async def why_page(visit: Visit) -> Screen:
    """The last ruling of a symbol, with its arithmetic."""
    view = visit.engine.view()
    symbol = visit.symbol(view)
    if symbol is None:
        return no_such_symbol(visit, tuple(view.desks))
    desk = view.desks[symbol]
    if desk.ruling is None:
        return why.nothing_yet(visit.texts, symbol, desk.bars, desk.warmup_bars)
    return why.why(visit.texts, desk.ruling, visit.engine.params(), tuple(view.desks))


async def signals_page(visit: Visit) -> Screen:
    """The last signals of a symbol."""
    view = visit.engine.view()
    symbol = visit.symbol(view)
    if symbol is None:
        return no_such_symbol(visit, tuple(view.desks))
    return looking.signals(visit.texts, symbol, visit.engine.rulings(symbol, RULINGS), tuple(view.desks))


async def health_page(visit: Visit) -> Screen:
    """Feeds, bars, comparison."""
    return looking.health(visit.texts, visit.engine.view(), visit.now_ms)


def no_such_symbol(visit: Visit, known: tuple[str, ...]) -> Screen:
    """A symbol that is not traded here, or none at all yet."""
    texts = visit.texts
    if not known:
        return Screen(texts.say("No symbol has been loaded yet. Try again in a moment."), arranged([keys.back(texts)]))
    text = texts.say("{symbol} is not traded here. Traded: {known}", symbol=visit.about, known=", ".join(known))
    return Screen(text, arranged([keys.back(texts)]))
