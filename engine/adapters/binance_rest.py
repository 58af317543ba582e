"""Binance over requests: the clock, the rules, the bars. Reads are repeated, writes never.

Two times meet here and are kept apart: requests are signed in wire time (`exchange_ms`), bars are closed in market
time, which the exchange itself is asked for.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import stamina

from engine.adapters.binance_answers import KeyRights, ListenKey, Premium, ServerTime, decoded
from engine.adapters.binance_budget import Need
from engine.adapters.binance_client import BinanceClient, Call, is_clock_fault
from engine.adapters.binance_errors import NO_SUCH_SYMBOL, ExchangeFailed, HeldBack, NoAnswer, NotSent, Refused
from engine.adapters.binance_klines import closed_bars_of, readable
from engine.adapters.binance_rules import (
    CAREFUL_BRACKETS,
    ExchangeInfo,
    SymbolBrackets,
    brackets_of,
    order_limits,
    rules_found,
    weight_limit,
)
from engine.model.events import BarClosed, RulesLoaded
from engine.model.market import INTERVAL_MS
from engine.ports import Clock

ATTEMPTS: Final = 3
RETRY_WITHIN_S: Final = 20.0
RETRY_WAITS_S: Final = {"wait_initial": 0.2, "wait_max": 2.0, "wait_jitter": 0.2}
LONGEST_WAIT_MS: Final = 180_000  # for room in the budget; a longer silence is a failure
ROWS_PER_PAGE: Final = 1_000  # costs 5 of the weight
CLOCK_REFRESH_S: Final = 30.0
SLOW_ROUND_TRIP_MS: Final = 2_000  # such a measurement of the clock is worse than one before it that it does not rule out

FAULTS_SAID: Final = 1_000

NO_PARAMS: Final[Mapping[str, str]] = {}

logger = logging.getLogger(__name__)


class BinanceRest:
    """Requests to Binance. Fulfils `History`; built inside a running loop; `close` it.

    Everything raises `ExchangeFailed` (a `ConnectionError`) where the exchange cannot be read.
    """

    def __init__(self, *, rest_url: str, sapi_url: str, api_key: str, api_secret: str, timeout_s: float, clock: Clock) -> None:
        self.clock = clock
        self.has_keys = bool(api_key and api_secret)
        self._synced_ms = 0
        self._left_out = set[tuple[str, str]]()  # (symbol, fault) that the log holds
        self._client = BinanceClient(
            rest_url=rest_url, sapi_url=sapi_url, api_key=api_key, api_secret=api_secret, timeout_s=timeout_s, clock=clock
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    # --- sending ----------------------------------------------------------------------------------------------------

    async def read[T](self, call: Call, params: Mapping[str, str], shape: type[T]) -> T:
        """Ask until something readable comes back, a few times at most. Never for anything that changes an order."""
        async for attempt in stamina.retry_context(on=_is_passing, attempts=ATTEMPTS, timeout=RETRY_WITHIN_S, **RETRY_WAITS_S):
            with attempt:
                await self._room(call.need)
                return decoded(await self.once(call, params), shape)
        raise AssertionError("the last attempt returns or raises")

    async def once(self, call: Call, params: Mapping[str, str]) -> bytes:
        """Send a request once. Where our clock was the reason for a refusal it is read again for the next one."""
        try:
            return await self._client.call(call, params)
        except Refused as refused:
            if not is_clock_fault(refused):
                raise
            fault = refused
        await self.try_sync_time(call.need)
        raise fault

    def signed(self, params: Mapping[str, str]) -> str:
        """The signed text of a request that `send_signed` sends later."""
        return self._client.signed(params)

    async def send_signed(self, call: Call, text: str) -> bytes:
        """Send a text that `signed` made, as it is, once."""
        return await self._client.send(call, text)

    def used(self) -> float:
        """Which part of the current minute's weight is used, as far as the exchange said."""
        return self._client.budget.used()

    async def _room(self, need: Need) -> None:
        while need is Need.HISTORY and (wait_ms := self._client.budget.wait_ms(need)):
            if wait_ms > LONGEST_WAIT_MS:
                raise HeldBack(wait_ms)
            await asyncio.sleep(wait_ms / 1_000)

    # --- the clock --------------------------------------------------------------------------------------------------

    def exchange_ms(self) -> int:
        """The exchange's clock (wire time)."""
        return self._client.exchange_ms()

    def clock_age_ms(self) -> int:
        """How long ago (wire) the exchange's clock was read; since the epoch where it never was."""
        return self.clock.now_ms() - self._synced_ms

    async def sync_time(self, need: Need = Need.RECONCILE) -> None:
        """Read the exchange's clock and keep its distance from ours. `need` is what the clock is read for.

        A slow answer proves bounds only: a distance within them is the better one, any other is wrong.
        """
        asked = self.clock.now_ms()
        answer = decoded(await self._client.call(Call("GET", "/fapi/v1/time", need), NO_PARAMS), ServerTime)
        answered = self.clock.now_ms()
        is_possible = answer.server_time - answered <= self._client.offset_ms <= answer.server_time - asked
        if answered - asked > SLOW_ROUND_TRIP_MS and self._synced_ms and is_possible:
            return
        self._client.offset_ms = answer.server_time - (asked + answered) // 2
        self._synced_ms = answered

    async def try_sync_time(self, need: Need = Need.RECONCILE) -> bool:
        """Read the exchange's clock if it can be read now."""
        try:
            await self.sync_time(need)
        except ExchangeFailed:
            return False
        return True

    async def keep_time(self) -> None:
        """Read the exchange's clock every half minute until cancelled."""
        while True:
            await self.try_sync_time()
            await asyncio.sleep(CLOCK_REFRESH_S)

    # --- the market -------------------------------------------------------------------------------------------------

    async def premium(self, symbol: str) -> Premium:
        """Mark price, funding, and the market's time."""
        return await self.read(Call("GET", "/fapi/v1/premiumIndex", Need.RECONCILE), {"symbol": symbol}, Premium)

    async def rules(self, symbols: Sequence[str]) -> Sequence[RulesLoaded]:
        """Read the exchange's rules. A symbol that cannot be traded is left out; `LookupError` names them where none can."""
        if not symbols:
            return ()
        info = await self.read(Call("GET", "/fapi/v1/exchangeInfo", Need.RECONCILE), NO_PARAMS, ExchangeInfo)
        self._client.budget.learn_limits(weight_limit(info), order_limits(info))
        brackets = brackets_of(await self._brackets()) if self.has_keys else dict.fromkeys(symbols, CAREFUL_BRACKETS)
        rules, faults = rules_found(info, symbols, brackets)
        if not rules:
            raise LookupError("; ".join(faults))
        for fault in faults:
            self._say_once("", fault, "no contract is traded under this name: %s", fault)
        market_ms = (await self.premium(rules[0].symbol)).time
        return tuple(RulesLoaded(one, market_ms, self.clock.now_ms()) for one in rules)

    async def closed_bars(self, symbol: str, interval: str, count: int, since_ms: int) -> Sequence[BarClosed]:
        """Read closed bars as history, oldest first: the newest `count`, or (count 0) all that opened from `since_ms` on.

        A bar that makes no sense is left out, which leaves a hole; where none makes sense, that is no answer. A symbol that
        the exchange does not know has none: nobody need ask for them again and again.
        """
        step = INTERVAL_MS[interval]
        try:
            market_ms = (await self.premium(symbol)).time
        except Refused as refused:
            if refused.code != NO_SUCH_SYMBOL:
                raise
            return ()
        forming_ms = market_ms - market_ms % step
        start = forming_ms - count * step if count else -(-since_ms // step) * step
        bars, faults = closed_bars_of(await self._rows(symbol, interval, start, forming_ms), step, market_ms)
        for fault in faults:
            words = "a bar of %s is left out; no entries until enough bars lie behind it: %s"
            self._say_once(symbol, fault, words, symbol, fault)
        if faults and not bars:
            raise NoAnswer(f"no bar of {symbol} makes sense: {faults[0]}")
        seen_ms = self.clock.now_ms()
        return tuple(BarClosed(symbol, one, is_history=True, time_ms=market_ms, seen_ms=seen_ms) for one in bars)

    async def _rows(self, symbol: str, interval: str, start: int, end: int) -> list[msgspec.Raw]:
        """The rows from one time to another, page by page."""
        step, rows = INTERVAL_MS[interval], list[msgspec.Raw]()
        while start < end:
            page = await self._page(symbol, interval, start, end)
            rows += page
            opened = [row.open_time for row in readable(page) if start <= row.open_time < end]
            if not opened:
                break
            start = max(opened) - max(opened) % step + step
        return rows

    async def _page(self, symbol: str, interval: str, start: int, end: int) -> list[msgspec.Raw]:
        limit = min(ROWS_PER_PAGE, (end - start) // INTERVAL_MS[interval])
        params = {
            "symbol": symbol,
            "interval": interval,
            "startTime": str(start),
            "endTime": str(end - 1),
            "limit": str(limit),
        }
        return await self.read(Call("GET", "/fapi/v1/klines", Need.HISTORY), params, list[msgspec.Raw])

    def _say_once(self, symbol: str, fault: str, words: str, *parts: str) -> None:
        """Say it once: rules and bars are read again and again."""
        if (symbol, fault) not in self._left_out and len(self._left_out) < FAULTS_SAID:
            self._left_out.add((symbol, fault))
            logger.warning(words, *parts)

    async def _brackets(self) -> Sequence[SymbolBrackets]:
        call = Call("GET", "/fapi/v1/leverageBracket", Need.RECONCILE, is_signed=True)
        found = await self.read(call, NO_PARAMS, list[SymbolBrackets] | SymbolBrackets)  # type: ignore[arg-type]  # a union is no class
        return found if isinstance(found, list) else (found,)

    # --- keys -------------------------------------------------------------------------------------------------------

    async def key_rights(self) -> KeyRights:
        """What the API key may do."""
        call = Call("GET", "/sapi/v1/account/apiRestrictions", Need.RECONCILE, is_signed=True)
        return await self.read(call, NO_PARAMS, KeyRights)

    async def listen_key(self) -> str:
        """Open (or extend) the account's one private stream and return its name."""
        return (await self.read(Call("POST", "/fapi/v1/listenKey", Need.RECONCILE), NO_PARAMS, ListenKey)).listen_key

    async def extend_listen_key(self) -> str:
        """Keep the account's one private stream open for another hour. Returns its name, or "" where the answer has none."""
        found = await self.read(Call("PUT", "/fapi/v1/listenKey", Need.RECONCILE), NO_PARAMS, dict[str, object])
        key = found.get("listenKey")
        return key if isinstance(key, str) else ""


def _is_passing(error: Exception) -> bool:
    """Whether asking again may help."""
    if isinstance(error, Refused):
        return error.status >= 500 or is_clock_fault(error)
    return isinstance(error, NotSent | NoAnswer)
