"""Blows one storm: opens a world, strikes the product again and again, ends it in a panic, and hands the evidence over."""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from tests.storm.processes_draws import Blow, Meanwhile, Point, draw
from tests.storm.processes_ending import Ending, end_storm
from tests.storm.processes_hands import Hands
from tests.storm.processes_journal import journal_tap
from tests.storm.processes_store import OwnStore
from tests.storm.processes_watch import Aim, Hit
from tests.storm.processes_world import FOREIGN_SYMBOL, MAX_POSITIONS, StormWorld, has_own_store, open_storm

POLL_S: Final = 0.01
OPENED_LIMIT_S: Final = 60.0
POSITION_LIMIT_S: Final = 25.0
VERIFIED_LIMIT_S: Final = 12.0
AT_POINT_S: Final = {
    Point.ENTRY: 14.0,
    Point.JOURNAL: 14.0,
    Point.WIDE: 14.0,
    Point.TARGET: 14.0,
    Point.EXIT: 6.0,
    Point.TIGHT: 4.0,
    Point.CANCEL: 4.0,
}
USUAL_AT_POINT_S: Final = 6.0
NEEDS_ROOM: Final = (Point.ENTRY, Point.JOURNAL, Point.WIDE, Point.TARGET)
HITS_A_START: Final = (Point.STARTING, Point.POSITIONS, Point.STOPS_LISTED, Point.LISTEN_KEY)
STORE_AWAY_S: Final = (0.05, 1.5)
SIMPLE: Final = (Point.RANDOM, Point.STARTING)

type Say = Callable[[str], None]


class Storm:
    """One storm. `link_faults` are the times at which the venue could not be reached."""

    def __init__(self, world: StormWorld, say: Say) -> None:
        self.world = world
        self.link_faults: list[tuple[float, float]] = []
        self.foreign_id = ""
        self.stuck: list[str] = []
        self.chance = random.Random(f"storm {world.seed}")
        self.hands = Hands(world.venue, self.chance)
        self._tears_at = 0
        self._say = say
        self._jobs: set[asyncio.Task[None]] = set()

    async def blow(self, blows: int) -> Ending:
        """Open, strike so often, end."""
        world = self.world
        keeping, market = asyncio.create_task(world.life.keep()), None
        playing: asyncio.Task[Any] | None = None
        try:
            async with asyncio.timeout(OPENED_LIMIT_S):
                await world.player.open()
            market, playing = asyncio.create_task(world.venue.run()), asyncio.create_task(world.player.play())
            self.foreign_id = self.hands.rest(FOREIGN_SYMBOL)
            self._tears_at = self.chance.choice((0, blows - 1, blows))  # what a torn tail latches stays latched
            for number in range(1, blows + 1):
                await self._step(self._possible(draw(number, self.chance)))
            return await end_storm(self, self._say)
        finally:
            await world.life.stop()
            for task in (keeping, market, playing, *self._jobs):
                if task is not None:
                    task.cancel()
                    with suppress(asyncio.CancelledError, Exception):
                        await task

    async def _step(self, blow: Blow) -> None:
        self._say(str(blow))
        self._fail_a_link(blow)
        if blow.point not in HITS_A_START:
            await self._verified()
            await self._has_position()
        hit = await self._struck(blow)
        self.world.watch.aim = self.world.links["store"].tap = None
        where = self.hands.do(blow.meanwhile)
        is_torn = blow.number == self._tears_at
        if blow.store_dies or is_torn:
            self._do(self.world.store.die(self.chance.uniform(*STORE_AWAY_S), self.chance if is_torn else None))
        if blow.pause_s:
            await asyncio.sleep(blow.pause_s)
            self.world.life.resume()
            hit.resumed_s = time.monotonic()
        else:
            await self._reborn(hit.life)
        self._say(f"  held {','.join(hit.held) or '-'}, at its point: {hit.at_point}{', by hand on ' + where if where else ''}")

    # --- striking ---------------------------------------------------------------------------------------------------

    async def _struck(self, blow: Blow) -> Hit:
        """Strike at the point, or at a random instant where the point does not come."""
        if blow.point in NEEDS_ROOM and len(self.world.watch.held) >= MAX_POSITIONS:
            self.hands.do(Meanwhile.CLOSED)
        hits: list[Hit] = []

        def strike() -> None:
            hits.append(self.strike(blow, at_point=True))

        if blow.point in SIMPLE:
            await asyncio.sleep(blow.wait_s)
        else:
            aim = Aim(blow.point, blow.moment, blow.late_s, strike)
            if blow.point is Point.JOURNAL:
                orders = self.world.venue.exchange.orders
                self.world.links["store"].tap = journal_tap(aim, lambda name: orders.find(None, name) is not None)
            else:
                self.world.watch.aim = aim
            with suppress(TimeoutError):
                async with asyncio.timeout(AT_POINT_S.get(blow.point, USUAL_AT_POINT_S)):
                    await aim.struck.wait()
        while not hits or not hits[0].life:
            hits[:] = [self.strike(blow, at_point=blow.point in SIMPLE)]
            await asyncio.sleep(POLL_S)
        return hits[0]

    def strike(self, blow: Blow, *, at_point: bool) -> Hit:
        """Kill or stop it now. Life 0 = nothing lived."""
        world, life = self.world, self.world.life.now
        held, naked = world.watch.held, tuple(world.watch.cover.open)
        lived = world.life.pause() if blow.pause_s else world.life.kill()
        hit = Hit(blow, time.monotonic(), life.number if life and lived else 0, held, naked, at_point)
        if hit.life:
            world.watch.hits.append(hit)
        return hit

    def _fail_a_link(self, blow: Blow) -> None:
        fault = blow.fault
        if fault is None:
            return
        self.world.links[fault.link].strike(fault.failing, fault.seconds)
        if fault.link == "venue":
            now_s = time.monotonic()
            self.link_faults.append((now_s, now_s + fault.seconds))

    def _possible(self, blow: Blow) -> Blow:
        """A Redis of the product's own is reached over no link: nothing can be seen there."""
        is_own = isinstance(self.world.store, OwnStore)
        return replace(blow, point=Point.ENTRY) if is_own and blow.point is Point.JOURNAL else blow

    # --- waiting ----------------------------------------------------------------------------------------------------

    async def _reborn(self, life: int) -> None:
        while (now := self.world.life.now) is None or now.number <= life:  # noqa: ASYNC110  # another process starts
            await asyncio.sleep(POLL_S)

    async def _verified(self) -> None:
        """Wait until the last blow was made good."""
        hit = self.world.watch.hits[-1] if self.world.watch.hits else None
        give_up = time.monotonic() + VERIFIED_LIMIT_S
        while hit is not None and hit.verified_s is None and time.monotonic() < give_up:  # noqa: ASYNC110
            await asyncio.sleep(POLL_S)
        if hit is not None and hit.verified_s is None:
            self.stuck.append(f"after {hit.blow}: nothing was verified within {VERIFIED_LIMIT_S:.0f} s")

    async def _has_position(self) -> None:
        give_up = time.monotonic() + POSITION_LIMIT_S
        while not self.world.watch.held and time.monotonic() < give_up:  # noqa: ASYNC110  # the market brings it
            await asyncio.sleep(POLL_S)
        if not self.world.watch.held:
            self.stuck.append(f"no position for {POSITION_LIMIT_S:.0f} s, {len(self.world.watch.hits)} blows")

    def _do(self, job: Any) -> None:
        task = asyncio.create_task(job)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)


async def run_storm(seed: int, blows: int, folder: Path, say: Say) -> Ending:
    """Blow one storm in a world of its own."""
    world = await open_storm(seed, folder, say, own_store=has_own_store(seed))
    try:
        return await Storm(world, say).blow(blows)
    finally:
        await world.close()
