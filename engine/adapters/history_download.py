"""One series from the exchange into a file: the archive first, requests for what it does not have (yet).

What is on disk already, as a result or as parts of a download that ended early, is not asked for again.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from engine.adapters.archive_client import Archive, ArchiveFailed, NotPublished
from engine.adapters.archive_layout import Part, Series, days, parts
from engine.adapters.binance_errors import Refused
from engine.adapters.history_faults import Hole, holes
from engine.adapters.series_files import Columns, SeriesFiles, joined, missing_spans
from engine.model.market import Bar

ROWS_PER_FILE: Final = 20_000  # of requests; what was read is lost by a kill only up to here
ROWS_PER_PAGE: Final = 1_000  # spans that are nearer to each other are asked for in one go
TRIES_WHEN_BUSY: Final = 5  # each waits for as long as the exchange asked


class Past(Protocol):
    """Reads the market's past over requests. Raises `ExchangeFailed`."""

    def bars(self, symbol: str, interval: str, begin_ms: int, end_ms: int) -> AsyncIterator[Sequence[Bar]]:
        """The bars that opened from `begin_ms` to before `end_ms`, page by page, oldest first."""

    async def funding(self, symbol: str, begin_ms: int, end_ms: int) -> Sequence[tuple[int, float]]:
        """When funding was settled, and its rate."""


class Progress(Protocol):
    """Sees how far a series is, in rows."""

    def begins(self, series: Series, rows: int) -> None:
        """So many rows are missing."""

    def advances(self, series: Series, rows: int) -> None:
        """So many more are there, or are known not to be."""


class Downloaded(NamedTuple):
    """What a series came to. `notes` are lines for the person at the command."""

    series: Series
    file: Path
    rows: int
    new_rows: int
    first_ms: int
    last_ms: int
    holes: tuple[Hole, ...]
    notes: tuple[str, ...]


class Download:
    """The way of one series. `archive` None: there is none for this exchange, all comes over requests."""

    def __init__(self, files: SeriesFiles, *, archive: Archive | None, past: Past, progress: Progress) -> None:
        self._files = files
        self._series = files.series
        self._archive = archive
        self._past = past
        self._progress = progress
        self._notes = list[str]()
        self._missing = 0

    async def run(self, begin_ms: int, end_ms: int, now_ms: int) -> Downloaded | None:
        """Fetch what is missing of a time, write the file; None = the exchange has nothing of it.

        Raises `ExchangeFailed`, `BadFile` where something else lies in the file's place, and `OSError`.
        """
        before = await asyncio.to_thread(self._files.read_result)
        asked = (begin_ms, end_ms - end_ms % self._series.step_ms + (1 if self._series.is_funding else 0))
        have = await self._have(before, asked)
        spans = missing_spans(self._series, have, begin_ms, end_ms)
        self._missing = rows_in(self._series, spans)
        self._progress.begins(self._series, self._missing)
        if self._archive is not None and spans:
            await self._from_archive(self._archive, spans, now_ms)
            have = await self._have(before, asked)
            spans = missing_spans(self._series, have, begin_ms, end_ms)
            self._left(rows_in(self._series, spans))
        for span in near_together(self._series, spans):
            await self._from_requests(*span)
        have = await self._have(before, asked)
        self._left(0)
        if have is None:
            return None
        if before is None or len(have) != len(before):
            await asyncio.to_thread(self._files.write_result, have)
        self._files.forget_parts()
        return self._said(have, before)

    async def _have(self, before: Columns | None, asked: tuple[int, int]) -> Columns | None:
        """What an earlier download left, and of the parts as much as is asked for: a month's file may hold more."""
        kept = [part.within(*asked) for part in await asyncio.to_thread(self._files.read_parts)]
        return joined(kept if before is None else [*kept, before])

    def _left(self, rows: int) -> None:
        """So many rows are still missing."""
        self._progress.advances(self._series, self._missing - rows)
        self._missing = rows

    # --- the archive ------------------------------------------------------------------------------------------------

    async def _from_archive(self, archive: Archive, spans: Sequence[tuple[int, int]], now_ms: int) -> None:
        wanted = [
            part
            for part in parts(self._series, spans[0][0], spans[-1][1], now_ms)
            if not self._files.has(part) and any(part.begin_ms < end and begin < part.end_ms for begin, end in spans)
        ]
        try:
            async with asyncio.TaskGroup() as group:
                for part in wanted:
                    group.create_task(self._part(archive, part, spans, now_ms))
        except* OSError as failed:
            raise failed.exceptions[0] from None

    async def _part(self, archive: Archive, part: Part, spans: Sequence[tuple[int, int]], now_ms: int) -> None:
        """Fetch a month, or where it is not published yet its days. What cannot be had is left to requests."""
        try:
            content = await archive.fetch(part.path)
        except NotPublished:
            for day in days(part, spans[0][0], spans[-1][1], now_ms) if part.has_days(now_ms) else ():
                await self._part(archive, day, spans, now_ms)
            return
        except ArchiveFailed as failed:
            note = f"{failed}: read over requests instead"
            if note not in self._notes:
                self._notes.append(note)
            return
        await asyncio.to_thread(self._files.keep, part, content)
        inside = [(max(begin, part.begin_ms), min(end, part.end_ms)) for begin, end in spans]
        self._left(self._missing - rows_in(self._series, [(begin, end) for begin, end in inside if begin < end]))

    # --- requests ---------------------------------------------------------------------------------------------------

    async def _from_requests(self, begin_ms: int, end_ms: int) -> None:
        """Ask for a stretch; what was read is kept also where the exchange fails in the middle of it."""
        if self._series.is_funding:
            rows = await self._funding(begin_ms, end_ms)
            if rows:
                times, rates = zip(*rows, strict=True)
                await asyncio.to_thread(self._files.keep_rows, times, (rates,))
            return
        tries, start, bars = 0, begin_ms, list[Bar]()
        try:
            while start < end_ms:
                try:
                    async for page in self._past.bars(self._series.symbol, self._series.interval, start, end_ms):
                        bars.extend(page)
                        self._left(self._missing - len(page))
                        start = page[-1].open_time_ms + self._series.step_ms
                        if len(bars) >= ROWS_PER_FILE:
                            await self._keep(bars)
                    return
                except Refused as refused:
                    tries += 1
                    if refused.status != 429 or tries > TRIES_WHEN_BUSY:
                        raise
        finally:
            await self._keep(bars)

    async def _funding(self, begin_ms: int, end_ms: int) -> Sequence[tuple[int, float]]:
        for _ in range(TRIES_WHEN_BUSY):
            try:
                return await self._past.funding(self._series.symbol, begin_ms, end_ms - 1)
            except Refused as refused:
                if refused.status != 429:
                    raise
        return await self._past.funding(self._series.symbol, begin_ms, end_ms - 1)

    async def _keep(self, bars: list[Bar]) -> None:
        if not bars:
            return
        times, *values = zip(*bars, strict=True)
        bars.clear()
        await asyncio.to_thread(self._files.keep_rows, times, values)

    def _said(self, have: Columns, before: Columns | None) -> Downloaded:
        times = have.time_ms
        if have.bad:
            self._notes.append(f"{have.bad:,} row(s) of the exchange are wrong and were left out")
        if self._files.thrown_away:
            self._notes.append(f"{self._files.thrown_away} part(s) of an earlier download were damaged and fetched again")
        return Downloaded(
            series=self._series,
            file=self._files.result,
            rows=len(have),
            new_rows=len(have) - (len(before) if before is not None else 0),
            first_ms=int(times[0]),
            last_ms=int(times[-1]),
            holes=() if self._series.is_funding else holes(times, self._series.step_ms),
            notes=tuple(self._notes),
        )


def rows_in(series: Series, spans: Sequence[tuple[int, int]]) -> int:
    """How many rows lie in some stretches."""
    return sum(end - begin for begin, end in spans) // series.step_ms


def near_together(series: Series, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same stretches, those that one page of an answer would hold made one."""
    room, made = ROWS_PER_PAGE * series.step_ms, list[tuple[int, int]]()
    for begin, end in spans:
        if made and end - made[-1][0] <= room:
            made[-1] = (made[-1][0], end)
        else:
            made.append((begin, end))
    return made
