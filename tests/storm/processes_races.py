"""Two products race for one account: on one folder, or on two folders with one Redis. One wins; the other leaves with 75.

Each contender reaches the venue over a link of its own, so that it is known who sent what.
"""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from sandbox.world import free_port
from tests.storm.processes_ending import Ending, keep_evidence
from tests.storm.processes_journal import ENTRY_NAME
from tests.storm.processes_judge import Trouble, doubled, naked_too_long
from tests.storm.processes_life import Life
from tests.storm.processes_store import StoreServer
from tests.storm.processes_world import StormWorld, open_storm, product_settings
from tests.storm.proxy import Link

TAKEN: Final = 75
POLL_S: Final = 0.01
LEFT_LIMIT_S: Final = 20.0
AFTERWARDS_S: Final = 1.0
TRADING_S: Final = (3.0, 8.0)
PAUSED_S: Final = 4.0  # longer than the lease of an entry
EPOCH: Final = b"HGET autobot:lock epoch"
EPOCH_POLL_S: Final = 0.005
IN_FLIGHT_S: Final = 0.25  # between the journal's answer and the sending: the new process enters nothing for five seconds
STARTS_APART_S: Final = 0.3
AFTER_START_S: Final = 5.0
OPENED_LIMIT_S: Final = 60.0
KINDS: Final = ("same folder", "while the other trades", "while the other is stopped", "both at once")

type Say = Callable[[str], None]


class Contender:
    """One product with its own link to the venue. `first_s` is when its present life first spoke to the venue."""

    def __init__(self, name: str, life: Life, link: Link) -> None:
        self.name = name
        self.life = life
        self.first_s: float | None = None
        self.entries: list[tuple[float, str]] = []
        link.tap = self._heard
        self._keeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin one life; it is not started again."""
        lives, self.first_s = len(self.life.lives), None
        self.life.may_start.set()
        if self._keeping is None:
            self._keeping = asyncio.create_task(self.life.keep())
        while len(self.life.lives) == lives:  # noqa: ASYNC110  # another process starts
            await asyncio.sleep(POLL_S)
        self.life.may_start.clear()

    async def stop(self) -> None:
        """End it for good."""
        await self.life.stop()
        if self._keeping is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._keeping, LEFT_LIMIT_S)

    @property
    def code(self) -> int | None:
        """The exit code of the newest life, None while it lives."""
        return self.life.lives[-1].code

    def _heard(self, data: bytes) -> bool:
        now_s = time.monotonic()
        self.first_s = self.first_s or now_s
        if not data.startswith((b"GET", b"DELETE")):
            self.entries += [(now_s, name.decode()) for name in ENTRY_NAME.findall(data)]
        return True


class Races:
    """Any number of races on one world. `violations` holds what must not happen."""

    def __init__(self, world: StormWorld, say: Say) -> None:
        self.violations: list[str] = []
        self.left_s: list[float] = []
        self._world = world
        self._say = say
        self._chance = random.Random(f"races {world.seed}")
        self._links: list[Link] = []
        self._troubles: list[Trouble] = []

    async def run(self, count: int) -> None:
        """Race so often."""
        holder, challenger = await self._contender("one"), await self._contender("two")
        squatter = await self._contender("squatter", folder="one")
        market: asyncio.Task[None] | None = None
        playing: asyncio.Task[None] | None = None
        try:
            await holder.start()
            async with asyncio.timeout(OPENED_LIMIT_S):
                await self._world.player.open()
            market = asyncio.create_task(self._world.venue.run())
            playing = asyncio.create_task(self._world.player.play())
            for number in range(1, count + 1):
                await asyncio.sleep(self._chance.uniform(*TRADING_S))
                kind = KINDS[number % len(KINDS)]
                if kind == "same folder" and holder.name == "one":
                    await self._squat(squatter)
                else:
                    holder, challenger = await self._race(number, kind, holder, challenger)
            self._judge()
        finally:
            for contender in (holder, challenger, squatter):
                await contender.stop()
            for task in (market, playing):
                if task is not None:
                    task.cancel()
            for link in self._links:
                await link.close()

    async def _contender(self, name: str, folder: str = "") -> Contender:
        world, link = self._world, Link(self._world.links["venue"].port, self._world.seed)
        await link.open()
        self._links.append(link)
        links = {**world.links, "venue": link}
        own, data = world.folder / name, world.folder / (folder or name) / "data"
        await asyncio.to_thread(own.mkdir)
        return Contender(name, Life(own, product_settings(world.seed, links, data, free_port(), world.token)), link)

    async def _squat(self, squatter: Contender) -> None:
        """A second process on a folder that is in use leaves before it says a word to the exchange."""
        await squatter.start()
        await _left((squatter,))
        spoke = squatter.first_s is not None
        self._say(f"same folder: code {squatter.code}, spoke to the venue: {spoke}")
        if squatter.code != TAKEN or spoke:
            self.violations.append(f"same folder: code {squatter.code}, spoke to the venue: {spoke}")

    async def _race(self, number: int, kind: str, holder: Contender, challenger: Contender) -> tuple[Contender, Contender]:
        """Two folders, one Redis, one account. Return the winner and the loser."""
        if kind == "both at once":
            holder.life.kill()
            await _left((holder,))
            await holder.start()
            await asyncio.sleep(self._chance.uniform(0.0, STARTS_APART_S))
        elif kind == "while the other is stopped":
            holder.life.pause()
        takes: list[float] = []
        taking = asyncio.create_task(self._note_takes(takes))
        began_s = time.monotonic()
        self._troubles.append(Trouble(began_s, began_s, AFTER_START_S))
        await challenger.start()
        if kind == "while the other is stopped":
            await asyncio.sleep(PAUSED_S)
            holder.life.resume()
        loser = await _left((holder, challenger))
        taking.cancel()
        if loser is None:
            self.violations.append(f"race {number} ({kind}): after {LEFT_LIMIT_S:.0f} s both still live")
            challenger.life.kill()
            return holder, challenger
        winner = challenger if loser is holder else holder
        taken_s = takes[-1] if takes else began_s
        left_s = time.monotonic() - taken_s
        self.left_s.append(left_s)
        await asyncio.sleep(AFTERWARDS_S)
        late = self._late_entries(loser, taken_s + IN_FLIGHT_S)
        self._say(f"race {number} ({kind}): {loser.name} left with {loser.code} {left_s:.2f} s after the other took the store")
        self.violations += [f"race {number} ({kind}): {name} was sent by the loser and taken" for name in late]
        if loser.code != TAKEN:
            self.violations.append(f"race {number} ({kind}): the loser's code is {loser.code}")
        if winner.life.now is None:
            self.violations.append(f"race {number} ({kind}): the winner ended with {winner.code}")
            await winner.start()
        return winner, loser

    async def _note_takes(self, takes: list[float]) -> None:
        """Note every moment at which somebody takes the store, until cancelled."""
        store = self._world.store
        assert isinstance(store, StoreServer), "races need a store that both can reach"
        before = await store.asked(EPOCH)
        while True:
            await asyncio.sleep(EPOCH_POLL_S)
            epoch = await store.asked(EPOCH)
            if epoch != before:
                before = epoch
                takes.append(time.monotonic())

    def _late_entries(self, loser: Contender, since_s: float) -> list[str]:
        """Entries that the loser sent after the winner had taken the store, and that the venue took."""
        orders = self._world.venue.exchange.orders
        return [name for sent_s, name in loser.entries if sent_s > since_s and orders.find(None, name) is not None]

    def _judge(self) -> None:
        world = self._world
        exchange = world.venue.exchange
        self.violations += doubled(exchange, world.market, f"testnet-{world.account}")
        self.violations += naked_too_long(world.watch.cover.stretches, self._troubles, time.monotonic())
        self.violations += [f"stop gap: {gap}" for gap in world.watch.gaps]


async def run_races(seed: int, count: int, folder: Path, say: Say) -> Ending:
    """Race so often in a world of its own."""
    world = await open_storm(seed, folder, say, own_store=False)
    races = Races(world, say)
    try:
        await races.run(count)
        keep_evidence(world)
    finally:
        await world.close()
    return Ending(seed, races=count, violations=races.violations, race_to_left=races.left_s)


async def _left(contenders: tuple[Contender, ...]) -> Contender | None:
    """Wait until one of them has ended; None where none does in time."""
    give_up = time.monotonic() + LEFT_LIMIT_S
    while time.monotonic() < give_up:
        for contender in contenders:
            if contender.life.now is None:
                return contender
        await asyncio.sleep(POLL_S)
    return None
