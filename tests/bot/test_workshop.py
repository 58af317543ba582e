"""The process beside this one: kept warm, ended when idle, begun anew when it died, and never a reason to wait for long."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from bot.workshop import ROOT, Workshop
from engine.model.past import NotMeasured, Phase, Progress, WhyNot

JOBS = "tests.bot.workshop_jobs"
LONG_S = 60.0


@pytest.fixture
async def workshop() -> AsyncIterator[Workshop]:
    shop = Workshop(JOBS, patience_s=0.05)
    yield shop
    await shop.close()


async def why_not(shop: Workshop, job: str, within_s: float = LONG_S) -> WhyNot:
    with pytest.raises(NotMeasured) as raised:
        await shop.done(job, within_s=within_s)
    return raised.value.reason


async def gone(process_id: int) -> None:
    async with asyncio.timeout(LONG_S):
        with suppress(ProcessLookupError):
            while True:
                os.kill(process_id, 0)
                await asyncio.sleep(0.01)


async def test_a_job_is_done_elsewhere_and_tells_how_far_it_is(workshop: Workshop) -> None:
    told = list[Progress]()

    found = await workshop.done("sum_of", 1, 2, 3, within_s=LONG_S, told=told.append)

    assert found == 6
    assert told == [Progress(Phase.WALKING, 3, 3)]
    assert await workshop.done("process_id", within_s=LONG_S) not in (None, os.getpid())


async def test_the_same_process_does_the_next_job(workshop: Workshop) -> None:
    first = await workshop.done("process_id", within_s=LONG_S)
    second = await workshop.done("process_id", within_s=LONG_S)

    assert first == second
    assert workshop.begun == 1


async def test_it_is_told_no_secret(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BINANCE_API_SECRET", "not for everybody")

    found = await workshop.done("environment", within_s=LONG_S)

    assert "not for everybody" not in found.values()
    assert "PATH" in found


async def test_a_process_that_dies_costs_one_answer(workshop: Workshop) -> None:
    assert await why_not(workshop, "dies") is WhyNot.BROKE

    assert await workshop.done("sum_of", 1, 1, within_s=LONG_S) == 2
    assert workshop.begun == 2


async def test_one_that_was_killed_while_idle_is_begun_anew(workshop: Workshop) -> None:
    victim = await workshop.done("process_id", within_s=LONG_S)
    os.kill(victim, signal.SIGKILL)
    await gone(victim)

    assert await workshop.done("sum_of", 1, 1, within_s=LONG_S) == 2


async def test_a_fault_and_a_refusal_leave_it_alive(workshop: Workshop) -> None:
    assert await why_not(workshop, "breaks") is WhyNot.BROKE
    assert await why_not(workshop, "refuses") is WhyNot.FEW_BARS
    assert workshop.begun == 1


async def test_what_takes_too_long_is_ended(workshop: Workshop) -> None:
    victim = await workshop.done("process_id", within_s=LONG_S)

    assert await why_not(workshop, "never_ends", within_s=0.05) is WhyNot.TOO_LONG

    await gone(victim)


async def test_whoever_stops_waiting_ends_the_job(workshop: Workshop) -> None:
    at_work, victim = asyncio.Event(), await workshop.done("process_id", within_s=LONG_S)
    job = asyncio.create_task(workshop.done("never_ends", within_s=LONG_S, told=lambda _: at_work.set(), is_long=True))
    await at_work.wait()

    job.cancel()
    await asyncio.wait([job])

    await gone(victim)
    assert await workshop.done("sum_of", 1, within_s=LONG_S) == 1


async def test_nobody_waits_for_a_long_job(workshop: Workshop) -> None:
    at_work = asyncio.Event()
    job = asyncio.create_task(workshop.done("never_ends", within_s=LONG_S, told=lambda _: at_work.set(), is_long=True))
    await at_work.wait()

    assert await why_not(workshop, "sum_of") is WhyNot.BUSY

    job.cancel()
    await asyncio.wait([job])


async def test_for_a_short_job_one_waits_a_little(workshop: Workshop) -> None:
    both = await asyncio.gather(
        *(Workshop.done(workshop, "sum_of", at, within_s=LONG_S) for at in (1, 2)), return_exceptions=True
    )

    assert 1 in both  # the second one may have waited long enough: the first had to begin the process


async def test_it_rests_when_nobody_asks() -> None:
    shop = Workshop(JOBS, idle_s=0.01)
    victim = await shop.done("process_id", within_s=LONG_S)

    await gone(victim)

    assert await shop.done("sum_of", 2, within_s=LONG_S) == 2
    await shop.close()


async def test_closing_leaves_no_process_behind(workshop: Workshop) -> None:
    victim = await workshop.done("process_id", within_s=LONG_S)

    await workshop.close()

    await gone(victim)


async def test_a_machine_that_begins_no_process_is_said(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")

    assert await why_not(workshop, "sum_of") is WhyNot.BROKE


@pytest.mark.skipif(not Path("/proc/self/oom_score_adj").exists(), reason="Linux keeps it there")
async def test_it_stands_behind_the_process_that_trades(workshop: Workshop) -> None:
    niceness, given_up = await workshop.done("given_up_first", within_s=LONG_S)

    assert niceness >= min(19, os.nice(0) + 10)
    assert given_up == 1_000


PARENT = f"""
import asyncio
from bot.workshop import Workshop

async def main():
    shop = Workshop({JOBS!r})
    print(await shop.done("process_id", within_s=60), flush=True)
    await shop.done("never_ends", within_s=3600)

asyncio.run(main())
"""


def is_alive(process_id: int) -> bool:
    """Whether a process, maybe somebody else's child, still runs."""
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="Linux keeps it there")
async def test_it_ends_when_whoever_began_it_is_killed() -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    child = int(await asyncio.wait_for(parent.stdout.readline(), LONG_S))

    parent.kill()
    await parent.wait()

    async with asyncio.timeout(LONG_S):
        while is_alive(child):  # noqa: ASYNC110  # nobody tells of another's child
            await asyncio.sleep(0.01)
