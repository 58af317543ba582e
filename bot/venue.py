"""The exchange's side of the process: requests, market feed and broker of the mode that was chosen.

Requests come first in a start and take the shortest way; feed and broker are imported when they are put together.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bot.settings import Mode, Settings
from engine.adapters.binance_rest import BinanceRest
from engine.model.events import Route
from engine.ports import Broker, Clock, History

if TYPE_CHECKING:
    from engine.adapters.binance_feed import BinanceFeed
    from engine.adapters.binance_socket import Patience
    from engine.adapters.paper_broker import BookStore


class OrderDesk(Broker, Protocol):
    """A broker that can say how far its news were delivered, and finish what is on its way."""

    def newest_event_time(self) -> int:
        """The event time up to which the account's news were posted."""

    async def close(self) -> None:
        """Let what is on its way finish."""


@dataclass(frozen=True, slots=True)
class Venue:
    """What stands between the engine and the exchange. The engine's rules are read from `history`: on paper its exchange
    hears them, too. `keep_alive` is None where no private stream has to be kept open.
    """

    rest: BinanceRest
    history: History
    feed: BinanceFeed
    broker: OrderDesk
    keep_alive: Callable[[], Awaitable[None]] | None

    def newest_event_time(self, route: Route) -> int:
        """The event time up to which a route's news were posted."""
        return self.broker.newest_event_time() if route is Route.PRIVATE else self.feed.newest_event_time(route)

    async def close_orders(self) -> None:
        """Let orders that are on their way be answered."""
        await self.broker.close()

    async def close(self) -> None:
        """Leave the exchange."""
        await self.rest.close()


async def open_venue(settings: Settings, books: BookStore, clock: Clock, rest: BinanceRest | None = None) -> Venue:
    """Put the exchange's side together; connects nothing yet. `books`: where paper money is kept."""
    from engine.adapters.binance_broker import binance_broker
    from engine.adapters.binance_feed import BinanceFeed

    rest = rest or open_rest(settings, clock)
    feed = BinanceFeed(
        rest,
        ws_public=settings.binance_ws_public_root,
        ws_market=settings.binance_ws_market_root,
        symbols=settings.symbols,
        interval=settings.interval,
        patience=patience(settings),
        clock=clock,
    )
    if settings.mode is Mode.PAPER:
        return await _on_paper(settings, books, clock, rest, feed)
    broker = binance_broker(
        rest,
        symbols=settings.symbols,
        interval=settings.interval,
        ws_private=settings.binance_ws_private_root,
        patience=patience(settings),
        market_ms=feed.market_ms,
    )
    return Venue(rest, rest, feed, broker, broker.keep_alive)


def patience(settings: Settings) -> Patience:
    """How long a connection may be away."""
    from engine.adapters.binance_socket import Patience

    return Patience(
        reconnect_delay_s=settings.websocket_reconnect_delay,
        max_reconnect_delay_s=settings.websocket_max_reconnect_delay,
        ping_timeout_s=settings.websocket_ping_timeout,
    )


def open_rest(settings: Settings, clock: Clock) -> BinanceRest:
    """Requests to the exchange. On paper they carry no key: nothing there needs one."""
    is_paper = settings.mode is Mode.PAPER
    return BinanceRest(
        rest_url=settings.binance_rest_root,
        sapi_url=settings.binance_sapi_root,
        api_key="" if is_paper else settings.binance_api_key.get_secret_value(),
        api_secret="" if is_paper else settings.binance_api_secret.get_secret_value(),
        timeout_s=settings.order_timeout,
        clock=clock,
    )


async def _on_paper(settings: Settings, books: BookStore, clock: Clock, rest: BinanceRest, feed: BinanceFeed) -> Venue:
    from engine.adapters.paper_broker import PaperBroker

    broker = PaperBroker(
        rest,
        symbols=settings.symbols,
        interval=settings.interval,
        clock=clock,
        wallet=settings.paper_wallet,
        books=books,
        market_ms=feed.market_ms,
    )
    feed.tell_first(broker.see)
    return Venue(rest, broker.history, feed, broker, None)
