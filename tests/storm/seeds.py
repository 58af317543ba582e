"""Many seeds, on all cores; a seed that fails is shrunk: blows are taken away until none can be spared."""

import gc
import json
import logging
import os
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from stamina.instrumentation import set_on_retry_hooks

from tests.storm.catalogue import FAULTS, chosen
from tests.storm.weather import Blow, drawn
from tests.storm.world import STORM_S, Ended, World

CHUNK: Final = 20
FIRST_BLOW_S: Final = 2.0
SHOWN: Final = 20


@dataclass
class Tally:
    """What many runs showed."""

    seeds: int = 0
    fills: int = 0
    kills: int = 0
    stop_moves: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    violations: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[int, list[tuple[str, str]]]] = field(default_factory=list)
    cover_s: list[float] = field(default_factory=list)
    calm_cover_s: list[float] = field(default_factory=list)

    def add(self, ended: Ended) -> None:
        """Count one run."""
        self.seeds += 1
        self.fills += ended.fills
        self.kills += ended.kills
        self.stop_moves += ended.stop_moves
        self.hits.update(ended.hits)
        self.violations.update({name for name, _ in ended.violations})
        self.cover_s += ended.cover_s
        self.calm_cover_s += ended.calm_cover_s
        if ended.violations:
            self.failed.append((ended.seed, ended.violations))


def blows_of(seed: int, ids: str = "") -> list[Blow]:
    """The weather of a seed."""
    return drawn(random.Random(seed), chosen(ids), FIRST_BLOW_S, STORM_S - 2.0)


def ran(seed: int, blows: list[Blow]) -> Ended:
    """One run under a given weather. A fault of the simulator itself, or an exception of the product, is a violation too."""
    logging.disable(logging.CRITICAL)
    set_on_retry_hooks([])
    world = World(seed, lambda _: blows)
    gc.disable()  # a run is short, and everything of it is thrown away at once
    try:
        return world.run()
    except Exception as error:
        return Ended(seed, {}, [("I19", f"{type(error).__name__}: {error}")], 0, world.kills)
    finally:
        gc.enable()


def _chunk(seeds: range, ids: str) -> list[Ended]:
    ended = [ran(seed, blows_of(seed, ids)) for seed in seeds]
    gc.collect()
    return ended


def run_seeds(first: int, count: int, *, ids: str = "", workers: int = 0) -> Iterator[Ended]:
    """Run seeds `first` .. `first + count - 1`, each once, on as many cores as there are."""
    chunks = [range(begin, min(begin + CHUNK, first + count)) for begin in range(first, first + count, CHUNK)]
    workers = workers or os.cpu_count() or 1
    if workers == 1:
        for chunk in chunks:
            yield from _chunk(chunk, ids)
        return
    with ProcessPoolExecutor(workers) as pool:
        for done in pool.map(_chunk, chunks, [ids] * len(chunks)):
            yield from done


def shrunk(seed: int, blows: list[Blow]) -> list[Blow]:
    """The fewest blows under which the seed still fails, as far as taking away one at a time finds them."""
    kept = list(blows)
    for blow in list(blows):
        fewer = [one for one in kept if one is not blow]
        if ran(seed, fewer).violations:
            kept = fewer
    return kept


def report(tally: Tally, ids: str) -> str:
    """What was run, what was injected, what was violated."""
    cover, calm = sorted(tally.cover_s), sorted(tally.calm_cover_s)
    lines = [
        f"seeds run: {tally.seeds}, fills {tally.fills}, stops moved {tally.stop_moves}, processes killed {tally.kills}",
        "faults injected: " + ", ".join(f"{name} {count}" for name, count in sorted(tally.hits.items())),
        f"kinds of fault injected: {len(tally.hits)} of {len(chosen(ids))}; hits: {sum(tally.hits.values())}",
        f"cover after the fill: p50 {_at(cover, 0.5):.2f} s, p99 {_at(cover, 0.99):.2f} s of {len(cover)}, faults included; "
        f"p50 {_at(calm, 0.5):.2f} s, p99 {_at(calm, 0.99):.2f} s, max {_at(calm, 1.0):.2f} s of {len(calm)} where none struck",
        "violations: " + (", ".join(f"{name} {count}" for name, count in sorted(tally.violations.items())) or "none"),
    ]
    return "\n".join(lines)


def told_failures(failed: Iterable[tuple[int, list[tuple[str, str]]]], ids: str) -> Iterator[str]:
    """A few failed seeds, each with the weather that is needed for it."""
    for seed, violations in list(failed)[:SHOWN]:
        needed = shrunk(seed, blows_of(seed, ids))
        yield f"seed {seed}: " + "; ".join(f"{name}: {what}" for name, what in violations)
        for blow in needed:
            yield f"    {blow.fault.id} {FAULTS[blow.fault.id].what}, {blow.begin_s:.1f}-{blow.end_s:.1f} s"


def write_json(path: Path, tally: Tally) -> None:
    """Write the figures of a run."""
    row: dict[str, Any] = {part.name: getattr(tally, part.name) for part in fields(tally)}
    row |= {"cover_s": _figures(tally.cover_s), "calm_cover_s": _figures(tally.calm_cover_s)}
    path.write_text(json.dumps(row, indent=1), encoding="utf-8")


def _figures(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {"p50": _at(ordered, 0.5), "p99": _at(ordered, 0.99), "max": _at(ordered, 1.0), "positions": len(ordered)}


def _at(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0.0
