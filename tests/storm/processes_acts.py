"""The last acts of a storm: a polite end that leaves every stop in place, and a panic that is killed in its midst."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from sandbox.books import differences
from sandbox.report import read_export
from tests.storm.processes_draws import Blow, Meanwhile, Moment, Point
from tests.storm.processes_judge import entries_after, orphans
from tests.storm.processes_watch import Aim
from tests.storm.processes_world import StormWorld

if TYPE_CHECKING:
    from tests.storm.processes_run import Storm

POLL_S: Final = 0.02
BOOKS_S: Final = 10.0
CALM_S: Final = 15.0
TERMINATED_S: Final = 5.25  # five seconds are promised; the rest is what it takes to see it
SETTLED_S: Final = 4.0  # old enough that a signal is not met in the midst of the imports
PANIC_SEEN_S: Final = 40.0
EXIT_SEEN_S: Final = 4.0
FLAT_S: Final = 20.0
ORPHANED_S: Final = 15.0
QUIET_S: Final = 2.0
LATCH_GRACE_MS: Final = 1_000
PANIC_PREFIX: Final = "do:panic"

type Say = Callable[[str], None]


async def last_acts(storm: "Storm", say: Say) -> list[str]:
    """Play both; give what went wrong."""
    await waited(lambda: not storm.world.watch.cover.open, CALM_S)
    return await _politely_ended(storm.world, say) + await _panicked(storm, say) + await _books(storm.world)


async def _books(world: StormWorld) -> list[str]:
    """The owner's books against the venue's, trade by trade; read as often as a difference may still be on its way."""
    give_up = time.monotonic() + BOOKS_S
    while True:
        export = read_export(*await world.life.exported())
        found = differences(export["trades"], world.venue.report())
        if not found or time.monotonic() > give_up:
            return [f"books: {one}" for one in found]


async def _politely_ended(world: StormWorld, say: Say) -> list[str]:
    """SIGTERM: at most five seconds, code 0, and every stop stays."""
    await waited(lambda: world.life.lived_s() > SETTLED_S and bool(world.watch.held), CALM_S)
    held, naked = world.watch.held, set(world.watch.cover.open)
    life = world.life.now
    code, took_s = await world.life.terminated()
    bared = set(world.watch.cover.open) - naked
    say(f"SIGTERM with {','.join(held) or 'no position'}: code {code} after {took_s:.2f} s")
    await waited(lambda: world.life.now is not None and world.life.now is not life, CALM_S)
    found = [] if code == 0 and took_s <= TERMINATED_S else [f"SIGTERM: code {code} after {took_s:.2f} s"]
    return found + [f"SIGTERM: {symbol} lost its cover" for symbol in bared]


async def _panicked(storm: "Storm", say: Say) -> list[str]:
    """The owner panics; the product is killed in the midst of it; nothing may be left, and nothing opened any more."""
    world = storm.world
    await waited(lambda: world.life.lived_s() > SETTLED_S and bool(world.watch.held), CALM_S)
    held = world.watch.held
    blow = Blow(0, Point.EXIT, storm.chance.choice(tuple(Moment)), 0.0, 0.5, 0.0, Meanwhile.NOTHING, None, store_dies=False)

    def strike() -> None:
        storm.strike(blow, at_point=True)

    aim = world.watch.aim = Aim(blow.point, blow.moment, blow.late_s, strike)
    latched_ms = await _panic_pressed(world)
    if latched_ms is None:
        return [f"panic: the owner's wish was not answered within {PANIC_SEEN_S:.0f} s"]
    with suppress(TimeoutError):
        async with asyncio.timeout(EXIT_SEEN_S):
            await aim.struck.wait()
    world.watch.aim = None
    say(f"panic with {','.join(held) or 'nothing'} held, killed {blow.moment.value} an exit: {aim.struck.is_set()}")
    found = []
    if not await waited(lambda: not world.watch.held, FLAT_S):
        found.append(f"panic: {', '.join(world.watch.held)} still held after {FLAT_S:.0f} s")
    if not await waited(lambda: not orphans(world.venue.exchange), ORPHANED_S):
        found += orphans(world.venue.exchange)
    await asyncio.sleep(QUIET_S)
    return found + entries_after(world.venue.exchange, latched_ms + LATCH_GRACE_MS)


async def _panic_pressed(world: StormWorld) -> int | None:
    """Ask for the panic page, press its button; give the wire time at which the bot took it."""
    bot_api, give_up = world.bot_api, time.monotonic() + PANIC_SEEN_S
    since = bot_api.desk.transcript.seq
    bot_api.send("/panic")
    while time.monotonic() < give_up:
        for event in bot_api.transcript(since):
            message = event.get("message", {})
            rows = message.get("reply_markup", {}).get("inline_keyboard", [])
            pressed = [
                one["callback_data"] for row in rows for one in row if one.get("callback_data", "").startswith(PANIC_PREFIX)
            ]
            if pressed:
                await bot_api.press(message["message_id"], pressed[0], wait_s=give_up - time.monotonic())
                return world.venue.exchange.wire.now_ms()
        await asyncio.sleep(POLL_S)
    return None


async def waited(is_so: Callable[[], bool], limit_s: float) -> bool:
    """Wait until something is so; say whether it became so in time."""
    give_up = time.monotonic() + limit_s
    while not is_so():
        if time.monotonic() >= give_up:
            return False
        await asyncio.sleep(POLL_S)
    return True
