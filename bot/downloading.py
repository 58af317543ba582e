"""`autobot download`: several series from the exchange into files that every other command reads.

Each series stands alone: where one fails the others are finished, what was fetched is kept, and the next call goes on.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from bot.download_progress import bars
from bot.ending import BAD_SETTINGS, FAILED, refused
from bot.settings import Settings
from bot.venue import open_rest
from engine.adapters.archive_client import Archive
from engine.adapters.archive_layout import Series
from engine.adapters.binance_errors import ExchangeFailed
from engine.adapters.binance_messages import BadMessage
from engine.adapters.binance_past import BinancePast
from engine.adapters.binance_rest import BinanceRest
from engine.adapters.candle_files import moment
from engine.adapters.file_lock import FileLock
from engine.adapters.history_download import Download, Downloaded, Progress
from engine.adapters.history_tables import BadFile
from engine.adapters.machine_clock import MachineClock
from engine.adapters.rules_download import UnknownSymbol, read_brackets, read_listing
from engine.adapters.series_files import PARTS_FOLDER, SeriesFiles
from engine.model.market import DAY_MS

LONGEST_DAY_MS: Final = DAY_MS  # the present day is meant with all of it, and ends with what there is of it
USUAL_MS: Final = 365 * DAY_MS
AT_ONCE: Final = 3  # series; their files of the archive share its own limit
DONE: Final = 0


class Wish(NamedTuple):
    """What shall be fetched."""

    symbols: tuple[str, ...]
    interval: str
    begin_ms: int | None  # None = a year before the end
    end_ms: int | None  # None = now
    has_funding: bool
    folder: Path


class Time(NamedTuple):
    """From when to when, and what the market's time is."""

    begin_ms: int
    end_ms: int
    now_ms: int


class BadWish(ValueError):
    """It cannot be fetched; the text is one line."""


async def download(settings: Settings, wish: Wish) -> int:
    """Fetch it; return the exit code."""
    lock = FileLock(wish.folder / PARTS_FOLDER / "lock")
    try:
        lock.path.parent.mkdir(parents=True, exist_ok=True)
        if not lock.take():
            return refused(f"{wish.folder}: {lock.holder()} is downloading into it", FAILED)
    except OSError as error:
        return refused(f"{wish.folder} cannot be written ({error.strerror})", BAD_SETTINGS)
    rest = open_rest(settings, MachineClock())
    archive = Archive(settings.archive_url) if settings.archive_url else None
    try:
        return await _download(rest, archive, wish)
    except (UnknownSymbol, BadWish) as error:
        return refused(str(error), BAD_SETTINGS)
    except (ExchangeFailed, BadMessage) as error:
        return refused(f"the exchange cannot be read at {settings.binance_rest_root}: {error}", FAILED)
    except OSError as error:
        return refused(f"{wish.folder} cannot be written ({error.strerror or error})", FAILED)
    finally:
        if archive is not None:
            await archive.close()
        await rest.close()
        lock.release()


async def _download(rest: BinanceRest, archive: Archive | None, wish: Wish) -> int:
    listing = await read_listing(rest)
    listing.check(wish.symbols)
    now_ms = (await rest.premium(wish.symbols[0])).time
    time = _time(wish, now_ms)
    listing.write(wish.folder, wish.symbols, await read_brackets(rest))
    wanted = [Series(symbol, wish.interval) for symbol in wish.symbols]
    wanted += [Series(symbol) for symbol in wish.symbols] if wish.has_funding else []
    past, room = BinancePast(rest), asyncio.Semaphore(AT_ONCE)

    async def fetched(series: Series, progress: Progress) -> bool:
        async with room:
            work = Download(SeriesFiles(wish.folder, series), archive=archive, past=past, progress=progress)
            return await _series(work, series, time._replace(begin_ms=max(time.begin_ms, listing.listed_ms(series.symbol))))

    with bars() as progress:
        all_there = await asyncio.gather(*(fetched(series, progress) for series in wanted))
    return DONE if all(all_there) else FAILED


async def _series(work: Download, series: Series, time: Time) -> bool:
    try:
        done = await work.run(*time) if time.begin_ms < time.end_ms else None
    except (ExchangeFailed, BadMessage, BadFile) as error:
        print(f"Error: {series.name}: {error}; what was fetched is kept, the same command goes on", file=sys.stderr)
        return False
    except OSError as error:
        print(f"Error: {series.name}: its files cannot be written ({error.strerror or error})", file=sys.stderr)
        return False
    if done is None:
        print(f"Error: {series.name}: the exchange has nothing of this time", file=sys.stderr)
        return False
    for line in lines(done):
        print(line)
    return True


def lines(done: Downloaded) -> Sequence[str]:
    """What a series came to."""
    name, is_funding = done.series.name, done.series.is_funding
    what, end_ms = ("settlements", done.last_ms) if is_funding else ("bars", done.last_ms + done.series.step_ms)
    told = [
        f"{done.file}: {done.rows:,} {what}, {moment(done.first_ms)} to {moment(end_ms)}, "
        + (f"{done.new_rows:,} of them new" if done.new_rows else "nothing new")
    ]
    told += [f"{name}: {note}" for note in done.notes]
    if done.holes:
        missing, first = sum(hole.bars for hole in done.holes), done.holes[0]
        told.append(
            f"{name}: {len(done.holes):,} hole(s), {missing:,} bars that are not there, the first "
            f"{moment(first.from_ms)} to {moment(first.to_ms)}"
        )
    return told


def _time(wish: Wish, now_ms: int) -> Time:
    end_ms = wish.end_ms if wish.end_ms is not None else now_ms
    begin_ms = wish.begin_ms if wish.begin_ms is not None else min(end_ms, now_ms) - USUAL_MS
    if begin_ms >= now_ms:
        raise BadWish(f"--from lies in the future: {moment(begin_ms)}, and the exchange has {moment(now_ms)}")
    if end_ms - now_ms > LONGEST_DAY_MS:
        raise BadWish(f"--to lies in the future: {_end(end_ms)}, and the exchange has {moment(now_ms)}")
    return Time(begin_ms, min(end_ms, now_ms), now_ms)


def _end(end_ms: int) -> str:
    """An end by the day that it belongs to, as it was typed: midnight is the end of the day before."""
    return moment(end_ms) if end_ms % DAY_MS else f"the end of {moment(end_ms - DAY_MS)}"
