"""A venue with months of hours behind it, and a download against it, for the tests of everything that fetches history."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pyarrow.parquet

from engine.adapters.archive_client import Archive
from engine.adapters.archive_layout import Series
from engine.adapters.binance_past import BinancePast
from engine.adapters.binance_rest import BinanceRest
from engine.adapters.history_download import Download, Downloaded, Past
from engine.adapters.machine_clock import MachineClock
from engine.adapters.series_files import SeriesFiles
from sandbox.exchange.config import VenueConfig
from sandbox.exchange.venue import Venue
from sandbox.market import generate

KEY: Final = "k" * 64
SECRET: Final = "s" * 64
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
START_MS: Final = int(datetime(2026, 1, 10, tzinfo=UTC).timestamp()) * 1_000
HOURS: Final = 24 * 60 + 18  # to 2026-03-11 18:00: January is partly, February is wholly there, March has ten days
NOW_MS: Final = START_MS + HOURS * HOUR_MS
HOURS_SERIES: Final = Series("ETHUSDT", "1h")
FUNDING_SERIES: Final = Series("ETHUSDT")


class Counted:
    """A progress that adds up."""

    def __init__(self) -> None:
        self.missing = 0
        self.done = 0
        self.steps = 0

    def begins(self, series: Series, rows: int) -> None:
        del series
        self.missing = rows

    def advances(self, series: Series, rows: int) -> None:
        del series
        self.done += rows
        self.steps += rows > 0


class World:
    """A venue that stands still, and ways to download from it."""

    def __init__(self, venue: Venue, rest_root: str, rest: BinanceRest, folder: Path) -> None:
        self.venue = venue
        self.rest_root = rest_root
        self.rest = rest
        self.folder = folder
        self.progress = Counted()

    @property
    def asked(self) -> list[str]:
        """The archive's files that were asked for, checksums not counted."""
        return [path.rpartition("/")[2] for path in self.venue.archive.asked if path.endswith(".zip")]

    def pages(self, path: str = "/fapi/v1/klines") -> int:
        """How many requests of a kind were answered."""
        return sum(count for (_, at, _), count in self.venue.exchange.ledger.requests.items() if at == path)

    async def download(
        self,
        begin_ms: int = START_MS,
        end_ms: int = NOW_MS,
        *,
        series: Series = HOURS_SERIES,
        past: Past | None = None,
        root: str | None = None,
    ) -> Downloaded | None:
        """Fetch a series into the folder; `root` "" = without an archive."""
        root = self.rest_root if root is None else root
        archive = Archive(root, waits_s=(0.0, 0.0, 0.0)) if root else None
        work = Download(
            SeriesFiles(self.folder, series),
            archive=archive,
            past=BinancePast(self.rest) if past is None else past,
            progress=self.progress,
        )
        try:
            return await work.run(begin_ms, end_ms, NOW_MS)
        finally:
            if archive is not None:
                await archive.close()

    def rows(self, series: Series = HOURS_SERIES) -> list[tuple[float, ...]]:
        """What lies in the result."""
        columns = pyarrow.parquet.read_table(self.folder / f"{series.name}.parquet").to_pydict()
        return list(zip(*columns.values(), strict=True))

    def recorded(self, begin_ms: int = START_MS, end_ms: int = NOW_MS) -> list[tuple[float, ...]]:
        """What the venue's market was."""
        return [tuple(row) for row in self.venue.market.rows[0] if begin_ms <= row.open_time_ms < end_ms]

    def left_over(self) -> Sequence[str]:
        """What lies in the folder beside results."""
        return sorted(
            str(one.relative_to(self.folder)) for one in self.folder.rglob("*") if one.is_file() and one.parent != self.folder
        )


@asynccontextmanager
async def a_download(folder: Path, **venue_options: float) -> AsyncIterator[World]:
    """A world to download from; its market stands at `NOW_MS`."""
    market = generate(("ETHUSDT", "BTCUSDT"), "1h", bars=5, warmup=HOURS, seed=3, start_ms=START_MS)
    venue = Venue(VenueConfig(api_key=KEY, api_secret=SECRET, **venue_options), market)  # type: ignore[arg-type]  # a few of its options
    roots = await venue.start()
    rest = BinanceRest(rest_url=roots.rest, sapi_url=roots.rest, api_key="", api_secret="", timeout_s=5.0, clock=MachineClock())
    try:
        yield World(venue, roots.rest, rest, folder)
    finally:
        await rest.close()
        await venue.close()
