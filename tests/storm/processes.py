"""`python -m tests.storm --processes N`: kill the real product N times in real worlds, and judge by the venue's ledger.

Each world is one seed; two of them run side by side. Everything that is drawn is printed with its seed.
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
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from tests.storm.processes_ending import Ending
from tests.storm.processes_run import run_storm

BLOWS_A_WORLD: Final = 40
WORKERS: Final = 2
FIGURES: Final = ("fill_to_cover", "kill_to_first_request", "kill_to_verified", "kill_to_cover_of_naked")
COUNTS: Final = ("blows", "kills", "pauses", "with_position", "entries", "requests", "stop_moves")


def processes(count: int, first_seed: int, report_path: Path | None, workers: int = WORKERS) -> int:
    """Strike `count` times in as many worlds as that takes; print what came out; 1 on any violation."""
    began_s = time.monotonic()
    shares = [min(BLOWS_A_WORLD, count - done) for done in range(0, count, BLOWS_A_WORLD)]
    endings = _in_workers([(first_seed + at, blows) for at, blows in enumerate(shares)], workers)
    report = _report(endings, time.monotonic() - began_s)
    print(_words(report), flush=True)
    if report_path is not None:
        report_path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 1 if report["violations"] else 0


def main(words: Sequence[str]) -> int:
    """One world, as a process of its own: seed, blows and where its evidence goes."""
    seed, blows, folder = int(words[0]), int(words[1]), Path(words[2])
    began_s = time.monotonic()
    ending = asyncio.run(run_storm(seed, blows, folder, lambda text: print(f"[{seed}] {text}", flush=True)))
    ending.seconds = time.monotonic() - began_s
    (folder / "ending.json").write_text(json.dumps(asdict(ending)), encoding="utf-8")
    return 0


def _in_workers(worlds: Sequence[tuple[int, int]], workers: int) -> list[dict[str, Any]]:
    """Run the worlds, some at a time. What a world with a violation wrote is kept, and said where."""
    root, waiting, endings = Path(tempfile.mkdtemp(prefix="autobot-storm-")), list(worlds), list[dict[str, Any]]()
    running: dict[int, subprocess.Popen[bytes]] = {}
    while waiting or running:
        while waiting and len(running) < workers:
            seed, blows = waiting.pop(0)
            running[seed] = _started(seed, blows, root / str(seed))
        ended = [seed for seed, process in running.items() if process.poll() is not None]
        for seed in ended:
            endings.append(_ended(seed, running.pop(seed).returncode, root / str(seed)))
        time.sleep(0.1)
    if not any(root.iterdir()):
        root.rmdir()
    return endings


def _started(seed: int, blows: int, folder: Path) -> subprocess.Popen[bytes]:
    folder.mkdir(parents=True)
    with (folder / "storm.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.storm.processes", str(seed), str(blows), str(folder)],
            stdout=log,
            stderr=subprocess.STDOUT,
            env=dict(os.environ),
        )


def _ended(seed: int, code: int, folder: Path) -> dict[str, Any]:
    try:
        ending: dict[str, Any] = json.loads((folder / "ending.json").read_text())
    except (OSError, ValueError):
        last = (folder / "storm.log").read_text(errors="replace").strip().splitlines()[-1:]
        empty = Ending(
            seed, 0, 0, 0, 0, {}, 0, 0, 0, {}, violations=[f"the storm itself broke (code {code}): {' '.join(last)}"]
        )
        ending = asdict(empty)
    rows = "".join(f"\n  {row}" for row in (*ending["violations"], *ending["notes"]))
    print(
        f"seed {seed}: {ending['blows']} blows in {ending['seconds']:.0f} s, {len(ending['violations'])} violations{rows}",
        flush=True,
    )
    if ending["violations"]:
        print(f"  its evidence: {folder}", flush=True)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return ending


def _report(endings: Iterable[dict[str, Any]], seconds: float) -> dict[str, Any]:
    rows = list(endings)
    points, strikes = dict[str, int](), dict[str, int]()
    for row in rows:
        for name, count in row["at_point"].items():
            points[name] = points.get(name, 0) + count
        for name, count in row["strikes"].items():
            strikes[name] = strikes.get(name, 0) + count
    return {
        "seconds": round(seconds, 1),
        "worlds": len(rows),
        **{name: sum(row[name] for row in rows) for name in COUNTS},
        "at_point": points,
        "link_faults": strikes,
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


def _words(report: dict[str, Any]) -> str:
    figures = "\n".join(f"{name}: {report[name]}" for name in (*FIGURES, "at_point", "link_faults"))
    counts = ", ".join(f"{report[name]} {name}" for name in COUNTS)
    return f"{report['worlds']} worlds, {counts} in {report['seconds']} s\n{figures}\n{len(report['violations'])} violations"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
