"""The crash matrix: the process is killed at every named await point it passes, before and after, with the request's effect and
without, with the store's tail intact and cut. The scenario is always the same: it enters, covers, moves a stop, closes a
part, closes, enters again, panics.

A point's name is what is asked for and for the how-many-th time in this run, such as `tight 2:before`.
"""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import Final

from stamina.instrumentation import set_on_retry_hooks

from engine.model.commands import ClosePosition, DecisionMode, MoveStopToEntry, Panic, ResetLatch, StartTrading
from tests.storm.machine import Machine
from tests.storm.weather import Treatment
from tests.storm.world import Ended, World

SEEDS: Final = (2, 5, 11)  # markets in which the whole scenario happens
SCENARIO_S: Final = 88.0
NO_REQUEST: Final = ("save", "journal", "load", "trades", "connect")
CUT: Final = 2  # writes of the store that are lost with a cut tail


@dataclass(frozen=True, slots=True)
class Case:
    """One cell."""

    seed: int
    point: str  # "wide:before"
    number: int  # the how-many-th such point
    has_effect: bool  # whether a request that was on its way at the death still reaches the exchange
    is_cut: bool

    def __str__(self) -> str:
        effect, tail = "effect" if self.has_effect else "no effect", "tail cut" if self.is_cut else "tail intact"
        return f"seed {self.seed}, {self.point} #{self.number}, {effect}, {tail}"


class Scenario(World):
    """A run without weather, in which the owner does the same things at the same times."""

    def __init__(self, seed: int, case: Case | None) -> None:
        super().__init__(seed, lambda _: [], storm_s=SCENARIO_S)
        self.case = case
        self.passed_points = Counter[str]()
        self._is_done = False
        self._leaving: tuple[str, str, str] | None = None
        self.mode = DecisionMode.AUTO
        self.on_point = self._at_point
        wishes = (
            (20.0, self._move),
            (26.0, partial(self._close, 0.5)),
            (34.0, partial(self._close, 1.0)),
            (70.0, partial(self.wish, Panic)),
            (72.0, partial(self.wish, Panic)),
            (78.0, partial(self.wish, ResetLatch)),
            (80.0, partial(self.wish, StartTrading)),
        )
        for second, wish in wishes:
            self.loop.call_at(second, wish)

    def _at_point(self, _: Machine, name: str) -> bool:
        self.passed_points[name] += 1
        case = self.case
        if case is None or self._is_done or name != case.point or self.passed_points[name] != case.number:
            return False
        self._is_done = True
        if case.is_cut:
            self.disk.cut(CUT)
        if name.endswith(":before") and case.has_effect and self._leaving is not None:
            method, path, encoded = self._leaving
            self.carried_out(method, path, encoded, Treatment())
        return True

    def _held_intent(self) -> str:
        view = self.view()
        held = [desk.position for desk in view.desks.values() if desk.position is not None] if view is not None else []
        return held[0].trade.intent_id if held else ""

    def _move(self) -> None:
        if intent := self._held_intent():
            self.wish(MoveStopToEntry, intent_id=intent)

    def _close(self, fraction: float) -> None:
        if intent := self._held_intent():
            self.wish(ClosePosition, intent_id=intent, fraction=fraction)

    def leaves(self, method: str, path: str, encoded: str) -> None:
        """A request is about to leave."""
        self._leaving = (method, path, encoded)


@cache
def cases() -> list[Case]:
    """Every cell: each point that the scenario passes, four ways to die there."""
    logging.disable(logging.CRITICAL)
    found = list[Case]()
    for seed in SEEDS:
        calm = Scenario(seed, None)
        ended = calm.run()
        assert ended.fills, ended
        assert not ended.violations, ended
        for point, count in sorted(calm.passed_points.items()):
            for number in sorted({1, min(2, count), count}):
                is_request = point.endswith(":before") and not any(word in point for word in NO_REQUEST)
                for has_effect in (False, True) if is_request else (False,):
                    found += [Case(seed, point, number, has_effect, is_cut) for is_cut in (False, True)]
    return found


def died(case: Case) -> Ended:
    """Run one cell."""
    logging.disable(logging.CRITICAL)
    set_on_retry_hooks([])
    try:
        return Scenario(case.seed, case).run()
    except Exception as error:
        return Ended(case.seed, {}, [("I19", f"{type(error).__name__}: {error}")], 0, 0)


def run_cases(chosen: Sequence[Case]) -> Iterator[tuple[Case, Ended]]:
    """Run cells on all cores."""
    with ProcessPoolExecutor() as pool:
        yield from zip(chosen, pool.map(died, chosen, chunksize=8), strict=True)


def matrix(part: str) -> int:
    """Run every N-th cell from the K-th on, and say which failed."""
    which, of = (int(number) for number in part.split("/"))
    chosen = cases()[which - 1 :: of]
    points = {case.point for case in chosen}
    failed = 0
    for case, ended in run_cases(chosen):
        if ended.violations:
            failed += 1
            print(f"{case}: " + "; ".join(f"{name}: {what}" for name, what in ended.violations), flush=True)
    print(f"crash matrix: {len(chosen)} cells at {len(points)} named points, {failed} failed")
    return 1 if failed else 0
