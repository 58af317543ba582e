"""`python -m tests.storm --processes N`: kill the real product N times in real worlds, and judge by the venue's ledger.

Each world is one seed and one process; two of them run side by side. Everything that is drawn is printed with its seed.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from tests.storm.processes_ending import Ending
from tests.storm.processes_life import end_with_parent
from tests.storm.processes_races import run_races
from tests.storm.processes_run import run_storm

BLOWS_A_WORLD: Final = 60
BLOWS_A_RACE: Final = 25
FEWEST_RACES: Final = 4
WORKERS: Final = 2
POLL_S: Final = 0.1
FIGURES: Final = ("fill_to_cover", "kill_to_first_request", "kill_to_verified", "kill_to_cover_of_naked", "race_to_left")
COUNTS: Final = ("blows", "kills", "pauses", "with_position", "entries", "requests", "stop_moves", "races")


@dataclass(frozen=True, slots=True)
class Share:
    """What one world goes through: blows, or races of two products."""

    seed: int
    blows: int = 0
    races: int = 0


def processes(count: int, first_seed: int, report_path: Path | None, workers: int = WORKERS) -> int:
    """Strike `count` times in as many worlds as that takes; print what came out; 1 on any violation."""
    began_s = time.monotonic()
    endings = storms(shares(count, first_seed), workers)
    report = reported(endings, time.monotonic() - began_s)
    print(_words(report), flush=True)
    if report_path is not None:
        report_path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 1 if report["violations"] else 0


def shares(count: int, first_seed: int) -> list[Share]:
    """Cut the blows into worlds, and put a world of races before them."""
    worlds = [min(BLOWS_A_WORLD, count - done) for done in range(0, count, BLOWS_A_WORLD)]
    races = Share(first_seed + len(worlds), races=max(FEWEST_RACES, count // BLOWS_A_RACE))
    return [races, *(Share(first_seed + at, blows=blows) for at, blows in enumerate(worlds))]


def storms(waiting: Sequence[Share], workers: int) -> list[dict[str, Any]]:
    """Run the worlds, some at a time. What a world with a violation wrote is kept, and said where."""
    root, left, endings = Path(tempfile.mkdtemp(prefix="autobot-storm-")), list(waiting), list[dict[str, Any]]()
    running: dict[int, subprocess.Popen[bytes]] = {}
    try:
        while left or running:
            while left and len(running) < workers:
                share = left.pop(0)
                running[share.seed] = _started(share, root / str(share.seed))
            for seed in [seed for seed, process in running.items() if process.poll() is not None]:
                endings.append(_ended(seed, running.pop(seed).returncode, root / str(seed)))
            time.sleep(POLL_S)
    finally:
        for process in running.values():
            process.kill()
    if not any(root.iterdir()):
        root.rmdir()
    return endings


def reported(endings: Iterable[dict[str, Any]], seconds: float) -> dict[str, Any]:
    """Put the endings of all worlds together."""
    rows = list(endings)
    return {
        "seconds": round(seconds, 1),
        "worlds": len(rows),
        **{name: sum(row[name] for row in rows) for name in COUNTS},
        "at_point": _summed(rows, "at_point"),
        "link_faults": _summed(rows, "strikes"),
        **{name: spread(value for row in rows for value in row[name]) for name in FIGURES},
        "violations": [f"seed {row['seed']}: {one}" for row in rows for one in row["violations"]],
        "notes": [f"seed {row['seed']}: {one}" for row in rows for one in row["notes"]],
    }


def spread(values: Iterable[float]) -> dict[str, float]:
    """Give count, median, 99th percentile and maximum."""
    ranked = sorted(values)
    if not ranked:
        return {"count": 0}
    at = {"p50": len(ranked) // 2, "p99": min(len(ranked) - 1, int(len(ranked) * 0.99)), "max": len(ranked) - 1}
    return {"count": len(ranked)} | {name: round(ranked[index], 3) for name, index in at.items()}


def main(words: Sequence[str]) -> int:
    """One world, as a process of its own: seed, blows, races, and where its evidence goes."""
    seed, blows, races, folder = int(words[0]), int(words[1]), int(words[2]), Path(words[3])
    began_s = time.monotonic()

    def say(text: str) -> None:
        print(f"[{seed}] {text}", flush=True)

    ending = asyncio.run(run_races(seed, races, folder, say) if races else run_storm(seed, blows, folder, say))
    ending.seconds = time.monotonic() - began_s
    (folder / "ending.json").write_text(json.dumps(asdict(ending)), encoding="utf-8")
    return 0


def _started(share: Share, folder: Path) -> subprocess.Popen[bytes]:
    folder.mkdir(parents=True)
    words = map(str, (share.seed, share.blows, share.races, folder))
    with (folder / "storm.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.storm.processes", *words],
            stdout=log,
            stderr=subprocess.STDOUT,
            env=dict(os.environ),
            preexec_fn=end_with_parent,  # noqa: PLW1509  # one system call, loaded before the fork
        )


def _ended(seed: int, code: int, folder: Path) -> dict[str, Any]:
    try:
        ending: dict[str, Any] = json.loads((folder / "ending.json").read_text())
    except (OSError, ValueError):
        last = (folder / "storm.log").read_text(errors="replace").strip().splitlines()[-1:]
        ending = asdict(Ending(seed, violations=[f"the storm itself broke (code {code}): {' '.join(last)}"]))
    rows = "".join(f"\n  {row}" for row in (*ending["violations"], *ending["notes"]))
    done = f"{ending['races']} races" if ending["races"] else f"{ending['blows']} blows"
    print(f"seed {seed}: {done} in {ending['seconds']:.0f} s, {len(ending['violations'])} violations{rows}", flush=True)
    if ending["violations"]:
        print(f"  its evidence: {folder}", flush=True)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return ending


def _summed(rows: Iterable[dict[str, Any]], name: str) -> dict[str, int]:
    sums: dict[str, int] = {}
    for row in rows:
        for what, count in row[name].items():
            sums[what] = sums.get(what, 0) + count
    return sums


def _words(report: dict[str, Any]) -> str:
    figures = "\n".join(f"{name}: {report[name]}" for name in (*FIGURES, "at_point", "link_faults"))
    counts = ", ".join(f"{report[name]} {name}" for name in COUNTS)
    return f"{report['worlds']} worlds, {counts} in {report['seconds']} s\n{figures}\n{len(report['violations'])} violations"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
