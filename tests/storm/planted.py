"""Planted bugs: one-line defects, applied one at a time to a copy of the tree, each to be caught by the suite.

A defect that nothing catches is a hole in the tests. First come the storms, judged by the exchange's books, then the crash
matrix, then the tests of the rooms that the defect touches.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PARTS: Final = ("engine", "bot", "handlers", "sandbox", "locales", "tests", "pyproject.toml")
SEEDS: Final = 240
LIMIT_S: Final = 400


@dataclass(frozen=True, slots=True)
class Defect:
    """A line that is wrong. `old` stands exactly once in the file. `tests` are the rooms whose tests may see it."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    faults: str = ""  # the storms that are most likely to see it draw from these


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who caught it, or nobody."""

    name: str
    caught_by: str
    took_s: float


def planted(only: str) -> int:
    """Plant every defect, or the ones whose names hold `only`; say who caught each."""
    from tests.storm.defects import DEFECTS

    chosen = [defect for defect in DEFECTS if only in defect.name]
    problems = [*_misfits(chosen)]
    for problem in problems:
        print(problem)
    if problems or not chosen:
        print("nothing was planted" if not chosen else f"{len(problems)} defects do not fit the code any more")
        return 1
    missed = 0
    with ThreadPoolExecutor(max(1, (os.cpu_count() or 2) // 1)) as pool:
        for verdict in pool.map(_tried, chosen):
            missed += not verdict.caught_by
            print(f"{verdict.caught_by or 'MISSED':<60} {verdict.took_s:5.0f} s  {verdict.name}", flush=True)
    print(f"planted {len(chosen)}, caught {len(chosen) - missed}")
    return 1 if missed else 0


def _misfits(defects: Sequence[Defect]) -> Iterator[str]:
    """Defects whose line is not there, or there more than once."""
    for defect in defects:
        found = (ROOT / defect.file).read_text(encoding="utf-8").count(defect.old)
        if found != 1:
            yield f"{defect.name}: its line stands {found} times in {defect.file}"


def _tried(defect: Defect) -> Verdict:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tree"
        for part in PARTS:
            source, target = ROOT / part, copy / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        file = copy / defect.file
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace(defect.old, defect.new), encoding="utf-8")
        caught = next((name for name, words in _looks(defect) if _fails(copy, words)), "")
    return Verdict(defect.name, caught, time.monotonic() - begun)


def _looks(defect: Defect) -> Iterator[tuple[str, list[str]]]:
    """Who looks for a defect, in this order."""
    storm = ["-m", "tests.storm", "--workers", "1", "--until-failure"]
    if defect.faults:
        yield f"storms of {defect.faults}", [*storm, "--first", "1", "--seeds", str(SEEDS // 3), "--faults", defect.faults]
    if defect.tests:
        yield f"tests: {' '.join(defect.tests)}", ["-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *defect.tests]
    yield "storms", [*storm, "--first", "1", "--seeds", str(SEEDS)]
    yield "crash matrix", ["-m", "tests.storm", "--matrix", "--part", "1/4"]


def _fails(copy: Path, words: list[str]) -> bool:
    try:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=copy,
            env=os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            timeout=LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True  # a suite that never ends has seen something
    return done.returncode == 1
