"""The venue's archive: only times that are over, in the real one's layout, and the same bars as over requests."""

import hashlib
import io
import zipfile
from collections.abc import AsyncIterator

import aiohttp
import pytest

from sandbox.exchange.archive import BAR_HEADER, FUNDING_HEADER, ArchiveFault
from sandbox.exchange.config import VenueConfig
from sandbox.exchange.venue import Venue
from sandbox.market import generate

START_MS = 1_769_904_000_000  # 2026-02-01
DAYS = 30  # to 2026-03-03
BARS = "/data/futures/um/{every}/klines/ETHUSDT/{interval}/ETHUSDT-{interval}-{label}.zip"


class Reader:
    """A plain HTTP hand."""

    def __init__(self, venue: Venue, root: str, session: aiohttp.ClientSession) -> None:
        self.venue = venue
        self._root = root
        self._session = session

    async def get(self, path: str) -> tuple[int, bytes]:
        async with self._session.get(self._root + path) as response:
            return response.status, await response.read()

    async def rows(self, path: str) -> list[str]:
        status, body = await self.get(path)
        assert status == 200
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            assert archive.namelist() == [path.rpartition("/")[2].replace(".zip", ".csv")]
            return archive.read(archive.namelist()[0]).decode().splitlines()


@pytest.fixture
async def reader() -> AsyncIterator[Reader]:
    market = generate(("ETHUSDT",), "1h", bars=3, warmup=DAYS * 24 + 5, seed=1, start_ms=START_MS)
    venue = Venue(VenueConfig(api_key="k" * 64, api_secret="s" * 64), market)
    roots = await venue.start()
    async with aiohttp.ClientSession() as session:
        yield Reader(venue, roots.rest, session)
    await venue.close()


async def test_a_month_has_its_bars_as_requests_give_them(reader: Reader) -> None:
    lines = await reader.rows(BARS.format(every="monthly", interval="1h", label="2026-02"))

    _, answer = await reader.get(f"/fapi/v1/klines?symbol=ETHUSDT&interval=1h&startTime={START_MS}&limit=672")
    assert lines == [row.replace('"', "") for row in answer.decode()[2:-2].split("],[")]


async def test_every_second_file_has_a_header_and_coarser_bars_are_there_too(reader: Reader) -> None:
    odd = await reader.rows(BARS.format(every="daily", interval="4h", label="2026-03-01"))
    even = await reader.rows(BARS.format(every="daily", interval="4h", label="2026-03-02"))

    assert (odd[0], len(odd), len(even)) == (BAR_HEADER, 7, 6)


async def test_the_checksum_is_that_of_the_file(reader: Reader) -> None:
    path = BARS.format(every="monthly", interval="1h", label="2026-02")

    _, body = await reader.get(path)
    _, line = await reader.get(path + ".CHECKSUM")

    assert line.decode() == f"{hashlib.sha256(body).hexdigest()}  ETHUSDT-1h-2026-02.zip\n"


@pytest.mark.parametrize(
    ("every", "interval", "label"),
    [
        ("monthly", "1h", "2026-03"),  # is not over
        ("daily", "1h", "2026-03-03"),  # neither
        ("monthly", "1h", "2026-01"),  # before the listing
        ("daily", "30m", "2026-03-01"),  # finer than what was recorded
        ("daily", "7h", "2026-03-01"),
        ("daily", "1h", "2026-02"),
        ("monthly", "1h", "2026-02-01"),
        ("yearly", "1h", "2026"),
    ],
)
async def test_what_is_not_over_or_not_there_is_not_found(reader: Reader, every: str, interval: str, label: str) -> None:
    path = BARS.format(every=every, interval=interval, label=label)

    assert (await reader.get(path))[0] == 404
    assert (await reader.get(path + ".CHECKSUM"))[0] == 404


async def test_funding_is_there_by_the_month_a_few_milliseconds_late(reader: Reader) -> None:
    lines = await reader.rows("/data/futures/um/monthly/fundingRate/ETHUSDT/ETHUSDT-fundingRate-2026-02.zip")

    assert lines[:2] == [FUNDING_HEADER, f"{START_MS + 7},8,0.00010000"]
    assert len(lines) == 1 + 28 * 3


async def test_a_fault_works_as_often_as_it_was_set_and_only_where(reader: Reader) -> None:
    february, march = (
        BARS.format(every=every, interval="1h", label=label)
        for every, label in (("monthly", "2026-02"), ("daily", "2026-03-01"))
    )
    reader.venue.archive.faults.append(ArchiveFault("503", "2026-02", times=2))

    assert [(await reader.get(path))[0] for path in (march, february, february, february)] == [200, 503, 503, 200]
    with pytest.raises(ValueError, match="a fault of the archive is one of"):
        ArchiveFault("fire")
