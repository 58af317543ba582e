"""Downloads: the archive first, requests for the rest; nothing half, nothing twice, and the same bars whatever breaks."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from engine.adapters.archive_layout import Part
from engine.adapters.binance_errors import NoAnswer, Refused
from engine.adapters.binance_past import BinancePast
from engine.adapters.candle_files import read_bars
from engine.adapters.history_tables import BadFile
from engine.adapters.series_files import PARTS_FOLDER, SeriesFiles
from engine.model.market import Bar
from sandbox.exchange.archive import ArchiveFault
from tests.engine.adapters.downloads import (
    DAY_MS,
    FUNDING_SERIES,
    HOUR_MS,
    HOURS,
    NOW_MS,
    START_MS,
    World,
    a_download,
)

DAYS_OF_MARCH = [f"ETHUSDT-1h-2026-03-{day:02}.zip" for day in range(1, 11)]
ALL_FILES = ["ETHUSDT-1h-2026-01.zip", "ETHUSDT-1h-2026-02.zip", *DAYS_OF_MARCH]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_download(tmp_path / "candles") as made:
        yield made


async def test_months_days_and_the_last_hours_become_one_file_of_the_markets_bars(world: World) -> None:
    done = await world.download()

    assert done is not None
    assert (done.rows, done.new_rows, done.holes, done.notes) == (HOURS, HOURS, (), ())
    assert world.rows() == world.recorded()
    assert sorted(world.asked) == sorted(ALL_FILES)
    assert world.pages() == 1
    assert (world.progress.missing, world.progress.done) == (HOURS, HOURS)
    assert world.progress.steps == len(ALL_FILES) + 1
    assert world.left_over() == []


async def test_the_file_is_read_as_every_other_candle_file(world: World) -> None:
    done = await world.download()

    assert done is not None
    bars = read_bars([done.file])
    assert (bars.symbol, bars.interval, len(bars), len(bars.runs())) == ("ETHUSDT", "1h", HOURS, 1)


async def test_what_is_there_is_not_asked_for_again_and_only_the_rest_is_added(world: World) -> None:
    await world.download(end_ms=START_MS + 40 * DAY_MS)
    before = len(world.asked)

    again = await world.download(end_ms=START_MS + 40 * DAY_MS)
    assert world.rows() == world.recorded(end_ms=START_MS + 40 * DAY_MS)
    assert again is not None
    assert (again.new_rows, len(world.asked)) == (0, before)
    done = await world.download()

    assert done is not None
    assert done.new_rows == HOURS - 40 * 24
    assert "ETHUSDT-1h-2026-01.zip" not in world.asked[before:]
    assert world.rows() == world.recorded()


async def test_only_whole_bars_within_the_asked_time_are_required_of_requests(world: World) -> None:
    begin, end = START_MS + 59 * DAY_MS + 1, START_MS + 60 * DAY_MS + 5 * HOUR_MS + 1

    await world.download(begin, end, root="")

    assert world.rows() == world.recorded(begin, end - 1)


@pytest.mark.parametrize("kind", ["cut", "drop", "429", "503", "wrong_checksum"])
async def test_what_passes_at_the_archive_is_tried_again(world: World, kind: str) -> None:
    world.venue.archive.faults.append(ArchiveFault(kind, times=2))

    done = await world.download()

    assert done is not None
    assert done.notes == ()
    assert world.rows() == world.recorded()
    assert world.pages() == 1


async def test_a_file_that_never_fits_its_checksum_is_read_over_requests_and_told(world: World) -> None:
    world.venue.archive.faults.append(ArchiveFault("wrong_checksum", "2026-02", times=99))

    done = await world.download()

    assert done is not None
    assert done.notes == ("ETHUSDT-1h-2026-02.zip: its checksum does not fit: read over requests instead",)
    assert world.rows() == world.recorded()


@pytest.mark.parametrize("kind", ["429", "503", "drop"])
async def test_an_archive_that_is_away_is_left_alone_and_all_comes_over_requests(world: World, kind: str) -> None:
    world.venue.archive.faults.append(ArchiveFault(kind, times=10_000))

    done = await world.download()

    assert done is not None
    assert len(done.notes) == 1
    assert "read over requests instead" in done.notes[0]
    assert len(set(world.venue.archive.asked)) <= 4, "not every file has to find out"
    assert world.rows() == world.recorded()


async def test_a_month_that_is_not_published_yet_is_read_by_its_days(world: World) -> None:
    world.venue.archive.faults.append(ArchiveFault("404", "2026-02.zip", times=99))

    done = await world.download(end_ms=NOW_MS)

    assert done is not None
    assert world.rows() == world.recorded()
    assert "ETHUSDT-1h-2026-02-14.zip" not in world.asked, "February ended more than ten days ago"


async def test_a_day_that_is_not_published_yet_is_read_over_requests(world: World) -> None:
    world.venue.archive.faults.append(ArchiveFault("404", "2026-03-10", times=99))

    await world.download()

    assert world.rows() == world.recorded()
    assert world.pages() == 1


async def test_a_time_before_the_listing_costs_a_few_questions_and_no_bar(world: World) -> None:
    done = await world.download(begin_ms=START_MS - 200 * DAY_MS)

    assert done is not None
    assert (done.first_ms, done.rows, done.holes) == (START_MS, HOURS, ())
    assert world.pages() <= 8


async def test_a_time_of_which_the_exchange_has_nothing_leaves_no_file(world: World) -> None:
    assert await world.download(START_MS - 20 * DAY_MS, START_MS - 10 * DAY_MS) is None
    assert not (world.folder / "ETHUSDT-1h.parquet").exists()


async def test_a_disk_that_refuses_a_file_of_the_archive_is_one_failure(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = SeriesFiles.keep

    def full(self: SeriesFiles, part: Part, content: bytes) -> None:
        if part.label == "2026-02":
            raise OSError(28, "No space left on device")
        kept(self, part, content)

    monkeypatch.setattr(SeriesFiles, "keep", full)

    with pytest.raises(OSError, match="No space left"):
        await world.download()


async def test_a_damaged_part_of_an_earlier_download_is_fetched_again(world: World) -> None:
    parts = world.folder / PARTS_FOLDER
    parts.mkdir(parents=True)
    (parts / "ETHUSDT-1h-2026-02.zip").write_bytes(b"half a zip")
    (parts / "ETHUSDT-1h-2026-01.zip.new").write_bytes(b"a draft that a kill left")

    done = await world.download()

    assert done is not None
    assert world.rows() == world.recorded()
    assert world.left_over() == []


async def test_something_else_in_the_files_place_is_left_alone(world: World) -> None:
    world.folder.mkdir()
    (world.folder / "ETHUSDT-1h.parquet").write_bytes(b"my diary")

    with pytest.raises(BadFile, match=r"ETHUSDT-1h\.parquet"):
        await world.download()

    assert (world.folder / "ETHUSDT-1h.parquet").read_bytes() == b"my diary"


class Failing:
    """Reads the past of a venue, and fails on the way: each page is one step."""

    def __init__(self, inner: BinancePast, failures: dict[int, Exception]) -> None:
        self._inner = inner
        self._failures = failures
        self.steps = 0

    async def bars(self, symbol: str, interval: str, begin_ms: int, end_ms: int) -> AsyncIterator[Sequence[Bar]]:
        async for page in self._inner.bars(symbol, interval, begin_ms, end_ms):
            self.steps += 1
            if self.steps in self._failures:
                raise self._failures[self.steps]
            yield page

    async def funding(self, symbol: str, begin_ms: int, end_ms: int) -> Sequence[tuple[int, float]]:
        self.steps += 1
        if self.steps in self._failures:
            raise self._failures[self.steps]
        return await self._inner.funding(symbol, begin_ms, end_ms)


async def test_a_busy_exchange_is_asked_again_after_its_pause_from_where_it_was(world: World) -> None:
    busy = Refused(status=429, code=-1003, text="too many requests")
    past = Failing(BinancePast(world.rest), {2: busy, 3: busy})

    done = await world.download(past=past, root="")

    assert done is not None
    assert world.rows() == world.recorded()
    assert world.pages() == 4


async def test_an_exchange_that_fails_in_the_middle_keeps_what_came_and_the_next_call_goes_on(world: World) -> None:
    past = Failing(BinancePast(world.rest), {2: NoAnswer("no answer in time")})

    with pytest.raises(NoAnswer):
        await world.download(past=past, root="")
    kept = world.left_over()
    pages = world.pages()
    done = await world.download(root="")

    assert len(kept) == 1
    assert not (world.folder / "ETHUSDT-1h.parquet.new").exists()
    assert done is not None
    assert world.rows() == world.recorded()
    assert world.pages() == pages + 1


async def test_funding_comes_by_months_and_the_present_one_over_requests(world: World) -> None:
    done = await world.download(series=FUNDING_SERIES)

    assert done is not None
    assert sorted(world.asked) == ["ETHUSDT-fundingRate-2026-01.zip", "ETHUSDT-fundingRate-2026-02.zip"]
    assert world.rows(FUNDING_SERIES) == [(START_MS + step * 8 * HOUR_MS, 0.0001) for step in range(60 * 3 + 3)]
    assert world.left_over() == []


async def test_funding_that_is_there_costs_one_question(world: World) -> None:
    await world.download(series=FUNDING_SERIES)
    before = len(world.asked)

    done = await world.download(
        series=FUNDING_SERIES, past=Failing(BinancePast(world.rest), {1: Refused(status=429, code=-1003, text="")})
    )

    assert done is not None
    assert (done.new_rows, len(world.asked)) == (0, before)
