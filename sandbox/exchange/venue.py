"""The venue: one loopback port with REST, sockets and the admin pages, and the market that runs behind it.

Start it, give its roots to any Binance USDⓈ-M client, and let the market run; `report` tells what really happened.
"""

import asyncio
from typing import Any, Final

from aiohttp import web

from sandbox.exchange.admin import PREFIX, Admin
from sandbox.exchange.archive import PREFIX as ARCHIVE_PREFIX
from sandbox.exchange.archive import Archive
from sandbox.exchange.broadcast import Broadcast
from sandbox.exchange.config import Roots, VenueConfig
from sandbox.exchange.endpoints import Desk
from sandbox.exchange.exchange import open_exchange
from sandbox.exchange.faults import AnswerFaults, StreamFaults
from sandbox.exchange.follower import Follower
from sandbox.exchange.gate import Gate, Witness
from sandbox.exchange.hub import Hub
from sandbox.exchange.limits import Limits
from sandbox.exchange.listen_keys import ListenKeys
from sandbox.exchange.replay import Replay
from sandbox.exchange.report import make_report, open_positions
from sandbox.exchange.rest_batch import end_countdowns
from sandbox.exchange.sockets import Sockets, is_socket_path
from sandbox.exchange.table import ENDPOINTS
from sandbox.market.market import Market

HEARTBEAT_S: Final = 1.0
UPKEEP_S: Final = 0.25
SHUTDOWN_S: Final = 1.0


class Venue:
    """A venue over one market. Built inside or outside of a loop; `start` opens the port, `close` everything again."""

    def __init__(self, config: VenueConfig, market: Market) -> None:
        self.config = config
        self.market = market
        self.exchange = open_exchange(config, market)
        keys = ListenKeys(self.exchange.wire, config.listen_key_validity_ms)
        streams, answers = StreamFaults(), AnswerFaults()
        self._hub = Hub(self.exchange.clock, keys, streams)
        self._broadcast = Broadcast(self.exchange, self._hub)
        self._follower = Follower(config, self._hub, self.exchange.ledger)
        self._replay = Replay(self.exchange, market, self._broadcast, self._follower)
        self._sockets = Sockets(self._hub, config)
        self.desk = desk = Desk(self.exchange, self._broadcast, self._hub, Limits(config.limit_scale))
        self._gate = Gate(desk, config, ENDPOINTS, answers)
        self._admin = Admin(self, desk, self._sockets, answers, streams)
        self.archive = Archive(self.exchange)
        self._runner: web.AppRunner | None = None
        self._upkeep: asyncio.Task[None] | None = None

    async def start(self) -> Roots:
        """Open the port and say where everything is."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.config.host, self.config.port).start()
        self._upkeep = asyncio.create_task(self._keep_up())
        host, port = self._runner.addresses[0][:2]
        sockets = f"ws://{host}:{port}"
        return Roots(rest=f"http://{host}:{port}", ws_public=sockets, ws_market=sockets, ws_private=sockets)

    async def run(self) -> None:
        """Run the market until its last bar has settled."""
        await self._replay.run()

    async def close(self) -> None:
        """Close sockets and port."""
        if self._upkeep is not None:
            self._upkeep.cancel()
            await asyncio.wait([self._upkeep])
        await self._follower.close()
        await self._sockets.close_all()
        if self._runner is not None:
            await self._runner.cleanup()

    # --- the market's pace ------------------------------------------------------------------------------------------

    @property
    def bars_done(self) -> int:
        """Closed bars of the run, per symbol."""
        return self._replay.bars_done

    @property
    def is_over(self) -> bool:
        """Whether the last bar has settled."""
        return self._replay.is_over

    @property
    def is_held(self) -> bool:
        """Whether somebody holds the market by hand."""
        return self._follower.is_held

    def hold(self) -> None:
        """Stop the market before its next step; requests are answered, heartbeats go on."""
        self._follower.hold()

    def resume(self) -> None:
        """Let the market go on."""
        self._follower.resume()

    def show_requests(self, witness: Witness | None) -> None:
        """Let somebody see every request before and after it is carried out, or nobody."""
        self._gate.witness = witness

    def show_news(self) -> None:
        """Send what was done to the exchange from inside of this process, and let the market wait until it is settled."""
        self.exchange.ledger.writes += 1
        self._broadcast.news()

    # --- what happened ----------------------------------------------------------------------------------------------

    def report(self) -> dict[str, Any]:
        """Give the venue's own books (see `report.make_report`)."""
        return make_report(self.exchange, self.market.symbols) | {"bars": self.bars_done}

    def state(self) -> dict[str, Any]:
        """Say how far the run is and why it stands, in a form that is cheap to ask for again and again."""
        routes = [connection.route for connection in self._hub.connections]
        return {
            "bars": self.bars_done,
            "bars_total": self.market.bars,
            "is_over": self.is_over,
            "is_held": self.is_held,
            "holding": self._follower.holding,
            "rounds": self._follower.rounds,
            "market_ms": self.exchange.clock.now_ms,
            "wire_ms": self.exchange.wire.now_ms(),
            "wallet": str(self.exchange.account.wallet),
            "open_positions": open_positions(self.exchange),
            "connections": {route: routes.count(route) for route in ("public", "market", "private", "")},
        }

    # --- the port ---------------------------------------------------------------------------------------------------

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if request.path.startswith(PREFIX):
            return await self._admin.serve(request)
        if request.path.startswith(ARCHIVE_PREFIX):
            return await self.archive.serve(request)
        if is_socket_path(request.path):
            return await self._sockets.serve(request)
        return await self._gate.serve(request)

    async def _keep_up(self) -> None:
        """What the wire clock alone sets off: heartbeats, keys that run out, countdowns."""
        while True:
            await asyncio.sleep(UPKEEP_S)
            self._broadcast.heartbeat(HEARTBEAT_S)
            lapsed = self._hub.keys.lapsed()
            if lapsed:
                self._hub.end_key(lapsed)
            end_countdowns(self.exchange)
            self._broadcast.news()
