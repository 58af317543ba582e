"""What looks after the process itself: its beat, its starts, the audit's newest seal, and the heartbeat to the outside.

Nothing here decides about money; it holds entries back after a crash loop and tells the owner what ails the process.
"""

import asyncio
import json
import logging
import time
from pathlib import Path
from typing import Any, Final

from bot.app import House
from bot.audited import head_of
from bot.beat import Beat
from bot.heartbeat import Heartbeat
from bot.line import Line
from bot.starts import WITHIN_MS, Starts
from bot.supervised import supervised
from engine.adapters.local_files import write_durably
from engine.model.commands import PauseTrading
from engine.model.machine_notices import AuditSealed, ProcessTroubled, Trouble
from engine.model.market import DAY_MS
from engine.model.view import Running

RAN_WELL_S: Final = 600.0
GUARDED_FOR_S: Final = 3_600.0
SEAL_LOOK_S: Final = 60.0
SEAL_EACH_LINES: Final = 100
SEAL_EACH_MS: Final = DAY_MS
SEAL_NAME: Final = "audit.told"

logger = logging.getLogger(__name__)


class Keeping:
    """One per process."""

    def __init__(self, house: House, line: Line, starts: Starts) -> None:
        self.chat = "closed"
        self._house = house
        self._line = line
        self._starts = starts
        self._told: tuple[int, int] | None = None  # number and moment of the newest seal that this process told
        self.beat = Beat(lambda lag_s: self.told(Trouble.STALL, 1, round(lag_s * 1_000)), time.monotonic)

    def begin(self) -> None:
        """After starts that failed again and again only what is open is guarded."""
        if self._starts.is_looping:
            logger.error("%d starts failed within %d min: guard mode, no entries", self._starts.failed, WITHIN_MS // 60_000)
            self._house.runner.trader.is_guarded = True
            self.told(Trouble.CRASH_LOOP, self._starts.failed, WITHIN_MS)

    async def run(self) -> None:
        """Look after everything until cancelled."""
        url = self._house.settings.heartbeat_url.get_secret_value()
        async with asyncio.TaskGroup() as group:
            group.create_task(supervised("the beat", self.beat.run))
            group.create_task(supervised("the count of starts", self._grow_calm))
            group.create_task(supervised("the audit's seal", self._tell_seals))
            if url:
                group.create_task(supervised("the heartbeat", Heartbeat(url, self.is_good).run))

    def told(self, trouble: Trouble, count: int, span_ms: int) -> None:
        """Tell the owner, past the store."""
        self._line.tell(ProcessTroubled(trouble, count, span_ms, self._house.runner.trader.time_ms))

    async def other_poller(self, conflicts: int) -> None:
        """Somebody else reads what the owner writes: nothing is entered that the owner could not stop.

        A trader that the owner stopped enters nothing either: a pause would only wake its own exits again.
        """
        self.chat = "taken"
        self.told(Trouble.OTHER_POLLER, conflicts, 0)
        if self._house.control.view().running is not Running.STOPPED:
            await self._house.control.ask(PauseTrading(self._house.control.asked("another poller")))

    def is_good(self) -> bool:
        """Whether the dead man's switch may be held: compared, connected, saving, covered, and beating evenly."""
        runner = self._house.runner
        held = [desk.position for desk in runner.trader.view().desks.values() if desk.position is not None]
        is_covered = all(position.verified_ms for position in held)
        return runner.is_ready() and runner.store_is_up and is_covered and self.beat.is_even

    def facts(self) -> dict[str, Any]:
        """For the health page."""
        beat = self.beat
        return {
            "chat": self.chat,
            "guarded": self._house.runner.trader.is_guarded,
            "lag_ms": round(beat.lag_s * 1_000),
            "longest_lag_ms": round(beat.longest_s * 1_000),
            "stalls": beat.stalls,
        }

    async def _grow_calm(self) -> None:
        await asyncio.sleep(RAN_WELL_S)
        self._starts.ran_well()
        await asyncio.sleep(GUARDED_FOR_S - RAN_WELL_S)
        trader = self._house.runner.trader
        if trader.is_guarded:
            trader.is_guarded = False
            self.told(Trouble.CRASH_LOOP_OVER, 0, round(GUARDED_FOR_S * 1_000))
        await asyncio.Event().wait()

    async def _tell_seals(self) -> None:
        while True:
            self.tell_seal(self._house.settings.data_folder / SEAL_NAME)
            await asyncio.sleep(SEAL_LOOK_S)

    def tell_seal(self, path: Path) -> None:
        """Tell the newest seal where a day has passed, or a hundred lines, since the last one that was told."""
        head, now = head_of(self._house.control), self._house.clock.now_ms()
        if head is None or not head.seq:
            return
        number, moment = self._told or _told_before(path)
        is_due = head.seq - number >= SEAL_EACH_LINES or (head.seq > number and now - moment >= SEAL_EACH_MS)
        if is_due or head.seq < number:
            self._line.tell(AuditSealed(head.seq, head.seal, self._house.runner.trader.time_ms))
            self._told = head.seq, now
            _note(path, self._told)


def _note(path: Path, told: tuple[int, int]) -> None:
    """For the next process: where this cannot be kept, that one tells the seal again."""
    try:
        write_durably(path, json.dumps(told).encode())
    except OSError as error:
        logger.warning("which seal was told cannot be noted: %s", error.strerror)


def _told_before(path: Path) -> tuple[int, int]:
    try:
        number, moment = json.loads(path.read_text())
        return int(number), int(moment)
    except (OSError, ValueError, TypeError, OverflowError, RecursionError):
        return 0, 0
