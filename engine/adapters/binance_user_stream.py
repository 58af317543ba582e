"""The account's private stream: fills, stops and balances as they happen, with a listen key that never grows old.

What was missed while it was away cannot be had from it: `FeedRestored` asks whoever listens to read the account.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from engine.adapters.binance_account import AccountReader
from engine.adapters.binance_account_messages import AccountFrame, read_account
from engine.adapters.binance_errands import Errands
from engine.adapters.binance_errors import NO_LISTEN_KEY, ExchangeFailed, Refused
from engine.adapters.binance_messages import BadMessage, event_time
from engine.adapters.binance_rest import BinanceRest
from engine.adapters.binance_routes import RouteWatch
from engine.adapters.binance_socket import Line, Patience
from engine.model.events import OrderAccepted, OrderFilled, Route
from engine.model.messages import SyncAccount
from engine.ports import Event, Post

EVENTS: Final = "ORDER_TRADE_UPDATE/ACCOUNT_UPDATE/ALGO_UPDATE/ACCOUNT_CONFIG_UPDATE/MARGIN_CALL/listenKeyExpired"
FRAMES_COMPARED: Final = 128  # two overlapping connections bring each frame twice


class UserStream:
    """Posts the account's news. `market_ms` gives the newest market time known."""

    def __init__(
        self,
        rest: BinanceRest,
        reader: AccountReader,
        errands: Errands,
        *,
        ws_private: str,
        patience: Patience,
        market_ms: Callable[[], int],
    ) -> None:
        self._rest = rest
        self._reader = reader
        self._errands = errands
        self._root = ws_private.rstrip("/")
        self._line = Line(address=self._address, take=self._take, opened=self._opened, lost=self._lost, patience=patience)
        self._post: Post = _nowhere
        self._group: asyncio.TaskGroup | None = None
        self._watch = RouteWatch(Route.PRIVATE, clock=rest.clock, market_ms=market_ms)
        self._key = ""  # of the newest connection
        self._newest_ms = 0
        self._is_syncing = self._sync_again = False
        self._is_garbled = False  # what could not be read may have said that the key expired
        self._seen = deque[bytes](maxlen=FRAMES_COMPARED)
        self.frames = 0
        self.bad = 0

    async def run(self, post: Post) -> None:
        """Post the account's news until cancelled."""
        self._post = post
        async with asyncio.TaskGroup() as group:
            self._group = group
            await self._line.run()

    async def keep_alive(self) -> None:
        """Keep the stream open for another hour; where its key is gone, or no longer the account's, connect anew."""
        used = self._key
        try:
            extended = await self._rest.extend_listen_key()
            if extended and extended != used == self._key:
                self._line.drop("the listen key was replaced")  # a stream on a dead key stays open, and mute
        except Refused as refused:
            if refused.code == NO_LISTEN_KEY:
                self._line.drop("the listen key was gone")
        except ExchangeFailed:
            return  # the next call comes in time: a key lives for two of them

    def newest_event_time(self) -> int:
        """The highest event time delivered since the connection was opened; 0 before the first frame."""
        return self._newest_ms

    async def _address(self) -> str:
        self._key = await self._rest.listen_key()
        return f"{self._root}/private/ws?listenKey={quote(self._key, safe='')}&events={EVENTS}"

    def _take(self, raw: bytes) -> None:
        if raw in self._seen:
            return
        self._seen.append(raw)
        self.frames += 1
        latest_ms = self._reader.latest_ms()
        try:
            frame = read_account(raw, self._rest.clock.now_ms(), latest_ms)
        except BadMessage:
            self.bad += 1
            self._is_garbled = True
            time_ms = event_time(raw)
            frame = AccountFrame((), time_ms if time_ms < latest_ms else 0, needs_sync=True)  # it may have been a fill
        for event in frame.news:
            if isinstance(event, OrderAccepted):
                self._reader.remember(event.order_id, event.client_id)
            elif isinstance(event, OrderFilled):
                self._reader.remember(event.fill.order_id, event.fill.client_id)
            self._post(event)
        self._newest_ms = max(self._newest_ms, frame.time_ms)
        self._follow_up(frame)

    def _follow_up(self, frame: AccountFrame) -> None:
        assert self._group is not None
        if frame.is_key_expired:
            self._line.drop("the listen key expired")
        if frame.needs_sync:
            self._sync_again = True
            if not self._is_syncing:
                self._is_syncing = True
                self._group.create_task(self._sync())
        if frame.changed_setup:
            self._group.create_task(self._read_setup(frame.changed_setup))

    async def _sync(self) -> None:
        """Read the account; what came meanwhile may lie behind that look, and gets one more."""
        while self._sync_again:
            self._sync_again = False
            for event in await self._errands.run(SyncAccount()):
                self._post(event)
            if self._is_garbled:
                self._is_garbled = False
                await self.keep_alive()
        self._is_syncing = False

    async def _read_setup(self, symbol: str) -> None:
        self._post(await self._errands.setup_seen(symbol))

    def _opened(self) -> None:
        self._newest_ms = 0
        self._watch.is_up(self._post)

    def _lost(self, why: str) -> None:
        self._watch.lost(why, self._post)


def _nowhere(event: Event) -> None:
    raise AssertionError(f"{event!r} before anybody listened")
