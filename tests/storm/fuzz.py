"""The fuzz: mutated market frames, private frames, REST answers, Telegram updates and settings, in seeded lives.

`fuzz(count, first_seed)` is what `python -m tests.storm --fuzz N` calls. Each failure is printed with its seed, the call
that brings it back, and the input that is left when everything unneeded was taken away.
"""

import multiprocessing
import os
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from tests.storm.fuzz_life import Step, breaks_again, lived
from tests.storm.fuzz_mutations import shrunk
from tests.storm.fuzz_settings import tried
from tests.storm.fuzz_updates import updates

LIFE: Final = 5_000  # frames and answers of one life
CHATTER: Final = 10  # updates, and settings, beside each life: one in 500
MOST_WORKERS: Final = 2
SHOWN: Final = 5  # failures printed whole
SMALL: Final = 2_000  # so few are not worth other processes


@dataclass
class Report:
    """What one life, or all of them, met."""

    seed: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def fuzz(count: int, first_seed: int) -> int:
    """Try so many mutated inputs. Exit code 1 where anything was wrong."""
    began, total = time.monotonic(), Report(first_seed)
    lives = [(first_seed + number, min(LIFE, count - number * LIFE)) for number in range(-(-count // LIFE))]
    for report in _reports(lives):
        total.counts += report.counts
        total.faults += report.faults
        for fault in report.faults[: max(0, SHOWN - len(total.faults) + len(report.faults))]:
            print(fault, flush=True)
    took_s = time.monotonic() - began
    words = ", ".join(f"{number:,} {name}" for name, number in sorted(total.counts.items()))
    print(f"fuzz: {count:,} from seed {first_seed} in {took_s:.0f} s: {words}; faults: {len(total.faults)}", flush=True)
    return int(bool(total.faults))


def _reports(lives: list[tuple[int, int]]) -> list[Report]:
    workers = min(MOST_WORKERS, os.process_cpu_count() if hasattr(os, "process_cpu_count") else os.cpu_count() or 1, len(lives))
    if workers <= 1 or sum(count for _, count in lives) <= SMALL:
        return [one_life(*life) for life in lives]
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        return pool.starmap(one_life, lives, chunksize=1)


def one_life(seed: int, count: int) -> Report:
    """One life of so many inputs, and what was wrong with it."""
    report, chatter = Report(seed), min(CHATTER, count // 10)
    frames = count - 2 * chatter
    steps, error = lived(seed, frames)
    report.counts.update(step.kind for step in steps)
    if error is not None:
        report.faults.append(_told(seed, steps, error))
    for name, found in (("update", updates(seed, chatter)), ("settings", tried(seed, chatter))):
        report.counts[name] += chatter
        report.faults += [f"seed {seed}, {name}: {fault}" for fault in found]
    return report


def _told(seed: int, steps: list[Step], error: Exception) -> str:
    """A failure with its smallest input."""
    fewer = shrunk(steps, lambda some: breaks_again(seed, some, error))
    if fewer and fewer[-1].raws:
        last = fewer[-1]
        raw = shrunk(last.raws[0], lambda some: breaks_again(seed, [*fewer[:-1], last._replace(raws=(some,))], error))
        fewer = [*fewer[:-1], last._replace(raws=(raw,))]
    shown = "\n".join(
        f"    {step.kind} {step.raws[0]!r}" if step.raws else f"    {step.kind} {step.number}" for step in fewer[-40:]
    )
    return (
        f"seed {seed}, step {len(steps):,}: {type(error).__name__}: {str(error)[:300]}\n"
        f"  again: tests.storm.fuzz_life.lived({seed}, {len(steps)}); its smallest input, {len(fewer)} steps:\n{shown}"
    )
