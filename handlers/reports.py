"""Results and trades, from the store. Only looks."""

from aiogram import Router

from handlers import places
from handlers.places import Visit
from handlers.ui import reports as ui
from handlers.ui.callbacks import View
from handlers.ui.reports import Period
from handlers.ui.screen import Screen


def router() -> Router:
    """The commands and their buttons."""
    own = Router(name="reports")
    places.register(own, {View.PNL: pnl_page, View.TRADES: trades_page}, {"pnl": View.PNL, "trades": View.TRADES})
    return own


async def pnl_page(visit: Visit) -> Screen:
    """The result of a period; a word that is no period means today."""
    wanted = visit.about.strip().lower()
    period = Period(wanted) if wanted in set(Period) else Period.DAY
    view = visit.engine.view()
    return ui.pnl(visit.texts, view, period, await visit.engine.trades(ui.since(period, view.time_ms)))


async def trades_page(visit: Visit) -> Screen:
    """The newest trades."""
    return ui.last_trades(visit.texts, await visit.engine.trades(0))
