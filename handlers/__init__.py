"""The conversation: what the owner may say, and what is drawn. Knows the engine only through `EngineControl`."""

from typing import Final

from aiogram import Router

from handlers import (
    approvals,
    backtests,
    consent,
    insight,
    menu,
    outside,
    positions,
    reports,
    safety,
    shadows,
    trading,
    trouble,
    tuning,
    whatif,
)
from handlers.one_tap import OneTap
from handlers.owner import Introduce

ROUTERS: Final = (
    menu.router,
    trading.router,
    tuning.router,
    whatif.router,
    backtests.router,
    shadows.router,
    positions.router,
    outside.router,
    approvals.router,
    insight.router,
    reports.router,
    safety.router,
    consent.router,
    menu.last_resort,
)


def build_router() -> Router:
    """One new router with the whole conversation."""
    root = Router(name="conversation")
    root.callback_query.outer_middleware(OneTap())
    for listening in (root.message, root.callback_query):
        listening.outer_middleware(Introduce())
    trouble.apologise_on(root)
    root.include_routers(*(build() for build in ROUTERS))
    return root
