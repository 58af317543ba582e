"""Questions about the past, as the chat asks them: gathers what the engine remembers, reads what is missing, has it counted.

Bars come from the engine's own memory where that reaches far enough, else from the exchange a page at a time within its
budget, and are kept on disk. The counting is done in the workshop.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import aclosing
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Protocol

from bot.workshop import Told, Workshop, untold
from engine.adapters.binance_messages import BadMessage
from engine.backtest.bars import of_bars
from engine.backtest.question import PastQuestion, SymbolPast
from engine.backtest.what_if import changed
from engine.control import Backtested
from engine.model.market import FUNDING_EVERY_MS, INTERVAL_MS, Bar, SymbolRules
from engine.model.past import Calibration, Dial, NotMeasured, Phase, Progress, WhatIf, WhyNot
from engine.model.signals import Sides
from engine.params import TradingParams
from engine.ports import History
from engine.runner import Runner

WALLET: Final = Decimal(10_000)  # where the account's was not read yet, or is empty
SHORT_S: Final = 300.0  # the first one compiles, on a machine that may be busy
LONG_S: Final = 600.0
SEARCH_S: Final = 6 * 3_600.0
GATHERED_WITHIN_S: Final = 120.0  # what was read until then is kept, and the next question goes on from there
KEPT_AT_ONCE: Final = 20  # pages

type FundingRow = tuple[int, float]

logger = logging.getLogger(__name__)


class Reader(Protocol):
    """The exchange's past. Raises `ConnectionError`."""

    def bars(self, symbol: str, interval: str, begin_ms: int, end_ms: int) -> AsyncIterator[Sequence[Bar]]:
        """Bars page by page."""

    async def funding(self, symbol: str, begin_ms: int, end_ms: int) -> Sequence[FundingRow]:
        """Settled funding."""


class PastDesk:
    """Fulfils `Past`."""

    def __init__(
        self, runner: Runner, history: History, reader: Reader, workshop: Workshop, *, folder: Path, label: str
    ) -> None:
        self._runner = runner
        self._history = history
        self._reader = reader
        self._workshop = workshop
        self._folder = folder
        self._label = label
        self._interval_ms = INTERVAL_MS[runner.interval]
        self._long: tuple[str, asyncio.Task[Any]] | None = None

    async def what_if(self, changes: Mapping[str, float], days: int, old: Mapping[str, float] | None = None) -> WhatIf:
        """What holds now (but for `old`) against the same with changes. Raises `NotMeasured`."""
        now = self._runner.trader.params
        before, after = changed(now, (old or {}).items()), changed(now, changes.items())
        question = await self._in_time(self._of_all(days, before))
        found: WhatIf = await self._workshop.done("what_if", question, after, within_s=SHORT_S)
        return found

    async def dial(self, days: int) -> Dial:
        """Every threshold, all else as it is. Raises `NotMeasured`."""
        question = await self._in_time(self._of_all(days, self._runner.trader.params))
        found: Dial = await self._workshop.done("dial", question, within_s=SHORT_S)
        return found

    async def dial_picture(self, dial: Dial, now: float, wanted: float, language: str) -> bytes:
        """The dial as a picture. Raises `NotMeasured`."""
        given = (dial, now, wanted, self._label, language)
        drawn: bytes = await self._workshop.done("dial_picture", *given, within_s=SHORT_S)
        return drawn

    async def backtest(self, job: str, symbol: str, days: int, language: str, told: Told) -> Backtested:
        """A symbol's last days under what holds now. Raises `NotMeasured`."""

        async def measured() -> Backtested:
            params, (rules, sides) = self._runner.trader.params, await self._terms(symbol)
            question = await self._about((rules,), sides, days, params, told)
            given = (question, self._label, language)
            found: Backtested = await self._workshop.done("backtest", *given, within_s=LONG_S, told=told, is_long=True)
            return found

        return await self._alone(job, measured())

    async def calibrate(self, job: str, days: int, told: Told) -> Calibration:
        """Search for other settings over the last days of all symbols. Raises `NotMeasured`."""

        async def searched() -> Calibration:
            question = await self._of_all(days, self._runner.trader.params, told)
            working = self._workshop.done("calibrate", question, within_s=SEARCH_S, told=told, is_long=True)
            found: Calibration = await working
            return found

        return await self._alone(job, searched())

    async def _terms(self, symbol: str) -> tuple[SymbolRules, Sides]:
        """A symbol's rules and sides, also of one that is not traded here."""
        desk = self._runner.trader.desks.get(symbol)
        if desk is not None:
            return desk.terms.rules, desk.memory.sides
        try:
            (found,) = await self._history.rules((symbol,))
        except LookupError as error:
            raise NotMeasured(WhyNot.NOT_LISTED, symbol) from error
        except (ConnectionError, BadMessage) as error:
            raise NotMeasured(WhyNot.AWAY) from error
        return found.rules, Sides.BOTH

    async def _alone[T](self, job: str, work: Coroutine[Any, Any, T]) -> T:
        """Something long under its name: one at a time, and it can be stopped."""
        if self._long is not None:
            work.close()
            raise NotMeasured(WhyNot.BUSY)
        task = asyncio.create_task(work)
        self._long = (job, task)
        try:
            await asyncio.wait({task})
        finally:
            self._long = None
            task.cancel()
        if task.cancelled():
            raise NotMeasured(WhyNot.STOPPED)
        return task.result()

    async def stop(self, job: str) -> bool:
        """End a long job by its name; False where it is over."""
        if self._long is None or self._long[0] != job:
            return False
        self._long[1].cancel()
        return True

    async def close(self) -> None:
        """End everything."""
        if self._long is not None:
            self._long[1].cancel()
        await self._workshop.close()

    # --- gathering --------------------------------------------------------------------------------------------------

    async def _of_all(self, days: int, params: TradingParams, told: Told = untold) -> PastQuestion:
        """A question about every symbol that is traded."""
        desks = self._runner.trader.desks
        rules = [desk.terms.rules for desk in desks.values()]
        sides = {desk.memory.sides for desk in desks.values()}
        return await self._about(rules, sides.pop() if len(sides) == 1 else Sides.BOTH, days, params, told)

    async def _about(
        self, rules: Sequence[SymbolRules], sides: Sides, days: int, params: TradingParams, told: Told
    ) -> PastQuestion:
        trader, step = self._runner.trader, self._interval_ms
        closes = [trader.desks[one.symbol].bars.last_close_ms for one in rules if one.symbol in trader.desks]
        end = min(filter(None, closes), default=trader.time_ms - trader.time_ms % step)
        if not rules or not end:
            raise NotMeasured(WhyNot.FEW_BARS)
        symbols = list[SymbolPast]()
        for one in rules:
            desk = trader.desks.get(one.symbol)
            bars = [bar for bar in desk.bars.bars if bar.open_time_ms < end] if desk is not None else []
            symbols.append(SymbolPast(one, of_bars(one.symbol, step, bars)))
            await asyncio.sleep(0)  # many symbols do not hold up an exit
        question = PastQuestion(
            symbols=tuple(symbols),
            interval_ms=step,
            days=days,
            end_ms=end,
            warmup_bars=self._runner.setup.warmup_bars,
            wallet=wallet if (wallet := trader.books.saved.wallet) > 0 else WALLET,
            sides=sides,
            params=params,
            folder=self._folder,
        )
        await self._read_what_is_missing(question, told)
        return question

    async def _in_time(self, gathering: Any) -> PastQuestion:
        try:
            async with asyncio.timeout(GATHERED_WITHIN_S):
                found: PastQuestion = await gathering
                return found
        except TimeoutError:
            raise NotMeasured(WhyNot.TOO_LONG) from None

    async def _read_what_is_missing(self, question: PastQuestion, told: Told) -> None:
        try:
            for at, one in enumerate(question.symbols):
                await self._read_bars(question, one, told, at)
                await self._read_funding(question, one)
        except (ConnectionError, BadMessage) as error:
            logger.warning("the past cannot be read: %s", error)
            raise NotMeasured(WhyNot.AWAY) from error

    async def _read_bars(self, question: PastQuestion, one: SymbolPast, told: Told, at: int) -> None:
        """Those before the engine's own memory that are not on disk."""
        own, symbol, step = one.candles.open_time_ms, one.rules.symbol, question.interval_ms
        end = int(own[0]) if len(own) else question.end_ms
        if end <= question.needed_ms:
            return
        spans = await self._short("missing_bars", symbol, step, question.needed_ms, end)
        total, done = sum(to - since for since, to in spans) // step, 0
        for since, to in spans:
            pages = list[Bar]()
            async with aclosing(self._reader.bars(symbol, self._runner.interval, since, to)) as reading:  # type: ignore[type-var]
                async for page in reading:
                    pages += page
                    done += len(page)
                    told(Progress(Phase.FETCHING, at * total + done, len(question.symbols) * total))
                    if len(pages) >= KEPT_AT_ONCE * len(page):
                        await self._short("keep_bars", of_bars(symbol, step, pages))
                        pages = []
            if pages:
                await self._short("keep_bars", of_bars(symbol, step, pages))

    async def _read_funding(self, question: PastQuestion, one: SymbolPast) -> None:
        """What was settled since the newest payment on record; the whole time where an older one is asked for."""
        symbol = one.rules.symbol
        oldest, newest = await self._short("kept_funding", symbol)
        if not oldest or oldest > question.needed_ms + FUNDING_EVERY_MS:
            newest = question.needed_ms
        if question.end_ms - newest > FUNDING_EVERY_MS:
            rows = await self._reader.funding(symbol, newest, question.end_ms)
            await self._short("keep_funding", symbol, rows)

    async def _short(self, job: str, *given: Any) -> Any:
        return await self._workshop.done(job, self._folder, *given, within_s=SHORT_S)
