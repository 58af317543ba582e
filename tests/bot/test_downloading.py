"""`autobot download`: files that a backtest reads, one line for what is wrong, and a kill that costs little."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.downloading import Wish, download
from bot.histories import load_histories
from bot.moments import end_ms
from bot.settings import Settings
from engine.adapters.file_lock import FileLock
from engine.adapters.series_files import PARTS_FOLDER
from sandbox.exchange.archive import ArchiveFault
from tests.bot.conftest import Read
from tests.engine.adapters.downloads import DAY_MS, HOURS, NOW_MS, START_MS, World, a_download

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_download(tmp_path / "candles") as made:
        yield made


@pytest.fixture
def settings(world: World, read: Read) -> Settings:
    return read(BINANCE_REST_ROOT=world.rest_root, ARCHIVE_URL=world.rest_root)


def a_wish(
    world: World, *symbols: str, begin_ms: int | None = START_MS, end_ms: int | None = None, funding: bool = True
) -> Wish:
    return Wish(symbols or ("ETHUSDT",), "1h", begin_ms, end_ms, funding, world.folder)


async def test_what_was_downloaded_is_a_history_with_rules_and_funding(
    world: World, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    code = await download(settings, a_wish(world, "ETHUSDT", "BTCUSDT"))

    assert code == 0
    assert "1,458 bars, 2026-01-10 to 2026-03-11 18:00, 1,458 of them new" in capsys.readouterr().out
    files = [world.folder / f"{symbol}-1h.parquet" for symbol in ("ETHUSDT", "BTCUSDT")]
    loaded = load_histories(files, interval=None, begin_ms=None, end_ms=None, warmup_bars=100, rules=None, funding=())
    assert [len(history.candles) for history in loaded.histories] == [HOURS, HOURS]
    assert [(history.is_inferred, history.funding.is_assumed) for history in loaded.histories] == [(False, False)] * 2
    assert loaded.told == [
        f"{symbol}: no leverage table is on record, a careful one holds" for symbol in ("ETHUSDT", "BTCUSDT")
    ]


async def test_with_a_key_the_leverage_tables_come_too(world: World, read: Read) -> None:
    keyed = read(
        MODE="testnet",
        BINANCE_API_KEY="k" * 64,
        BINANCE_API_SECRET="s" * 64,
        BINANCE_REST_ROOT=world.rest_root,
    )

    assert keyed.archive_url == ""
    assert await download(keyed, a_wish(world, funding=False)) == 0

    assert world.asked == []
    loaded = load_histories(
        [world.folder / "ETHUSDT-1h.parquet"],
        interval=None,
        begin_ms=None,
        end_ms=None,
        warmup_bars=100,
        rules=None,
        funding=(),
    )
    assert len(loaded.histories[0].rules.brackets) > 1
    assert loaded.told == ["ETHUSDT: no funding is on record: 1 bp every 8 hours is assumed"]


async def test_wrong_wishes_are_one_line_and_code_two(
    world: World, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = [
        (a_wish(world, "ETHUSD"), "unknown symbol ETHUSD"),
        (a_wish(world, begin_ms=NOW_MS), "--from lies in the future"),
        (a_wish(world, end_ms=NOW_MS + 2 * DAY_MS + 60_000), "--to lies in the future"),
        (a_wish(world, end_ms=end_ms("--to", "2099-12-12")), "--to lies in the future: the end of 2099-12-12, and"),
        (a_wish(world)._replace(folder=Path("/proc/nowhere")), "/proc/nowhere cannot be written"),
    ]
    for wish, says in cases:
        assert await download(settings, wish) == 2
        told = capsys.readouterr().err
        assert told.startswith(f"Error: {says}")
        assert told.count("\n") == 1


async def test_without_a_network_the_command_fails_in_one_line(
    world: World, read: Read, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = read(BINANCE_REST_ROOT="http://127.0.0.1:9")

    assert await download(nowhere, a_wish(world)) == 1

    told = capsys.readouterr().err.splitlines()
    assert told[-1].startswith("Error: the exchange cannot be read at http://127.0.0.1:9: no connection")


async def test_a_time_of_which_there_is_nothing_fails_that_symbol_alone(
    world: World, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    wish = a_wish(world, begin_ms=START_MS - 20 * DAY_MS, end_ms=START_MS - 10 * DAY_MS, funding=False)

    assert await download(settings, wish) == 1

    assert capsys.readouterr().err == "Error: ETHUSDT-1h: the exchange has nothing of this time\n"


async def test_a_disk_that_refuses_is_one_line_for_the_series_that_met_it(
    world: World, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    (world.folder / PARTS_FOLDER / "BTCUSDT-1h-2026-02.zip").mkdir(parents=True)

    assert await download(settings, a_wish(world, "BTCUSDT", "ETHUSDT", funding=False)) == 1

    told = capsys.readouterr()
    assert told.err == "Error: BTCUSDT-1h: its files cannot be written (Is a directory)\n"
    assert "ETHUSDT-1h.parquet: 1,458 bars" in told.out


async def test_a_second_download_into_the_folder_leaves_at_once(
    world: World, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    (world.folder / PARTS_FOLDER).mkdir(parents=True)
    lock = FileLock(world.folder / PARTS_FOLDER / "lock")
    assert lock.take()

    assert await download(settings, a_wish(world)) == 1

    lock.release()
    assert "is downloading into it" in capsys.readouterr().err


async def test_a_kill_in_the_middle_leaves_nothing_half_and_the_next_call_fetches_only_the_rest(world: World) -> None:
    world.venue.archive.faults.append(ArchiveFault("hang", "2026-03-07"))
    first = await command(world)
    await until_kept(world, 8)
    first.kill()
    await first.wait()
    kept = sorted(file.name for file in (world.folder / PARTS_FOLDER).glob("*.zip"))
    assert not (world.folder / "ETHUSDT-1h.parquet").exists()
    before = len(world.asked)

    second = await command(world)
    code = await second.wait()

    assert code == 0
    assert world.rows() == world.recorded()
    assert not set(kept) & set(world.asked[before:])
    assert world.left_over() == [f"{PARTS_FOLDER}/lock"]


async def command(world: World) -> asyncio.subprocess.Process:
    words = ("download", "ETHUSDT", "--interval", "1h", "--from", "2026-01-01", "--no-funding", "--folder", str(world.folder))
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    environment |= {"BINANCE_REST_ROOT": world.rest_root, "ARCHIVE_URL": world.rest_root}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *words, env=environment, cwd=world.folder.parent, stdout=asyncio.subprocess.DEVNULL
    )


async def until_kept(world: World, count: int) -> None:
    async with asyncio.timeout(60):
        while len(list((world.folder / PARTS_FOLDER).glob("*.zip"))) < count:  # noqa: ASYNC110  # another process makes them
            await asyncio.sleep(0.02)
