"""Planted bugs: one-line defects, applied one at a time to a copy of the tree, each to be caught by the suite.

A defect that nothing catches is a hole in the tests. First look the tests of the rooms that the defect touches, then the
storms, judged by the exchange's books, then the crash matrix. Only what is quiet on an unharmed copy can catch anything.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PARTS: Final = ("engine", "bot", "handlers", "sandbox", "locales", "tests", "pyproject.toml", ".env.example")
SEEDS: Final = 240
LIMIT_S: Final = 300
WORKERS: Final = 2
FOUND_SOMETHING: Final = 1  # a suite's exit code; others say that it could not look, which is no catch

FAILED_SEED: Final = re.compile(r"^seed (\d+):", re.MULTILINE)

type Words = tuple[str, ...]


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
    with tempfile.TemporaryDirectory() as folder:
        nursery = Nursery(Path(folder))
        problems = [*misfits(chosen, nursery.unharmed)]
        for problem in problems:
            print(problem)
        if problems or not chosen:
            print("nothing was planted" if not chosen else f"{len(problems)} defects do not fit the code any more")
            return 1
        missed = 0
        with ThreadPoolExecutor(WORKERS) as pool:
            for verdict in pool.map(nursery.tried, chosen):
                missed += not verdict.caught_by
                print(f"{verdict.caught_by or 'MISSED':<60} {verdict.took_s:5.0f} s  {verdict.name}", flush=True)
    print(f"planted {len(chosen)}, caught {len(chosen) - missed}")
    return 1 if missed else 0


def misfits(defects: Iterable[Defect], root: Path = ROOT) -> Iterator[str]:
    """Defects whose line is not there, or there more than once, or that would be no program."""
    for defect in defects:
        text = (root / defect.file).read_text(encoding="utf-8")
        found = text.count(defect.old)
        if found != 1:
            yield f"{defect.name}: its line stands {found} times in {defect.file}"
            continue
        try:
            compile(text.replace(defect.old, defect.new), defect.file, "exec")
        except SyntaxError as error:
            yield f"{defect.name}: {error.msg} in line {error.lineno} of {defect.file}"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a look ended; `code` None where it did not."""

    code: int | None
    text: str


class Nursery:
    """One copy of the tree, taken at the beginning, that stays unharmed; each defect is planted in a copy of that."""

    def __init__(self, folder: Path) -> None:
        self.unharmed = folder / "unharmed"
        self._quiet: dict[Words, bool] = {}
        self._turn = Lock()
        for part in PARTS:
            source, target = ROOT / part, self.unharmed / part
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)

    def tried(self, defect: Defect) -> Verdict:
        """Plant it, and let everybody look until somebody sees it."""
        begun = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "tree"
            shutil.copytree(self.unharmed, copy)
            file = copy / defect.file
            file.write_text(file.read_text(encoding="utf-8").replace(defect.old, defect.new), encoding="utf-8")
            module = defect.file.removesuffix(".py").replace("/", ".")
            is_alive = _ended(copy, ("-c", f"import {module}")).code == 0
            looks = _looks(defect) if is_alive else ()
            caught = next((name for name, words in looks if self._sees(copy, words)), "")
        return Verdict(defect.name, caught, time.monotonic() - begun)

    def _sees(self, copy: Path, words: Words) -> bool:
        """Whether a look finds something that it does not find in the unharmed tree. One that never ends has found it."""
        if words[1] != "tests.storm" or "--first" not in words:
            return _ended(copy, words).code in (FOUND_SOMETHING, None) and self._is_quiet(words)
        return self._is_seen_by_a_seed(copy, words)

    def _is_seen_by_a_seed(self, copy: Path, words: Words) -> bool:
        """A storm stops at its first failing seed. One that fails without the defect too says nothing: go on behind it."""
        while int(words[-1]) > 0:
            ended = _ended(copy, words)
            failed = FAILED_SEED.search(ended.text)
            if ended.code != FOUND_SOMETHING or failed is None:
                return ended.code is None
            seed = int(failed.group(1))
            if self._is_quiet((*words[:-3], str(seed), "--seeds", "1")):
                return True
            words = _from(words, seed + 1)
        return False

    def _is_quiet(self, words: Words) -> bool:
        with self._turn:
            if words not in self._quiet:
                self._quiet[words] = _ended(self.unharmed, words).code == 0
                if not self._quiet[words]:
                    print(f"not quiet without any defect: {' '.join(words)}", file=sys.stderr, flush=True)
            return self._quiet[words]


def _looks(defect: Defect) -> Iterator[tuple[str, Words]]:
    """Who looks for a defect, in this order: the quick ones first."""
    storm = ("-m", "tests.storm", "--workers", "1", "--until-failure")
    for path in defect.tests:
        yield f"tests: {path}", ("-m", "pytest", "-x", "-q", "-n0", "-p", "no:cacheprovider", path)
    if defect.faults:
        yield f"storms of {defect.faults}", (*storm, "--faults", defect.faults, "--first", "1", "--seeds", str(SEEDS // 3))
    yield "storms", (*storm, "--first", "1", "--seeds", str(SEEDS))
    yield "crash matrix", ("-m", "tests.storm", "--matrix", "--part", "1/4")


def _from(words: Words, first: int) -> Words:
    """The same storms from another seed on; as many as are left of them."""
    *others, _, begun, _, count = words
    left = int(begun) + int(count) - first
    return (*others, "--first", str(first), "--seeds", str(left))


def _ended(copy: Path, words: Words) -> Ended:
    """Let somebody look, in a group of processes of its own: a defect may leave some behind."""
    environment = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    with tempfile.TemporaryFile("w+") as told:
        look = subprocess.Popen(
            [sys.executable, *words], cwd=copy, env=environment, stdout=told, stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            code: int | None = look.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(look.pid, signal.SIGKILL)
            look.wait()
        told.seek(0)
        return Ended(code, told.read())
