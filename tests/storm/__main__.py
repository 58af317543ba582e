"""`python -m tests.storm`: storms over the whole engine, from a second to a night. Exit code 1 on any violation."""

import argparse
import sys
import time
from pathlib import Path

from tests.storm.seeds import Tally, report, run_seeds, told_failures, write_json

EVERY_S = 20.0


def main() -> int:
    """Read the words and run what they ask for."""
    args = _words()
    if args.matrix:
        from tests.storm.matrix import matrix

        return matrix(args.part)
    if args.processes:
        from tests.storm.processes import processes

        return processes(args.processes, args.first, args.json)
    if args.fuzz:
        from tests.storm.fuzz import fuzz

        return fuzz(args.fuzz, args.first)
    if args.presses:
        from tests.storm.presses import presses

        return presses(args.presses, args.first)
    if args.planted:
        from tests.storm.planted import planted

        return planted(args.only)
    return _seeds(args)


def _words() -> argparse.Namespace:
    words = argparse.ArgumentParser(prog="python -m tests.storm", description=__doc__)
    words.add_argument("--first", type=int, default=1, metavar="S", help="the first seed")
    words.add_argument("--seeds", type=int, default=200, metavar="N", help="how many seeds")
    words.add_argument("--faults", default="", metavar="A1,B7", help="draw from these faults only")
    words.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    words.add_argument("--workers", type=int, default=0, help="processes; 0 = one per core")
    words.add_argument("--until-failure", action="store_true", help="stop at the first seed that fails")
    words.add_argument(
        "--matrix", action="store_true", help="kill at every named point, with and without effect, tail intact or cut"
    )
    words.add_argument("--part", default="1/1", metavar="K/N", help="only every N-th case of the matrix, from the K-th on")
    words.add_argument("--processes", type=int, default=0, metavar="N", help="kill the real process N times")
    words.add_argument("--fuzz", type=int, default=0, metavar="N", help="mutated messages")
    words.add_argument("--presses", type=int, default=0, metavar="N", help="buttons pressed in parallel, late, and by others")
    words.add_argument("--planted", action="store_true", help="plant defects one at a time and see each caught")
    words.add_argument("--only", default="", metavar="NAME", help="with --planted: only this defect")
    return words.parse_args()


def _seeds(args: argparse.Namespace) -> int:
    tally, told_s = Tally(), time.perf_counter()
    try:
        for ended in run_seeds(args.first, args.seeds, ids=args.faults, workers=args.workers):
            tally.add(ended)
            for name, what in ended.violations:
                print(f"seed {ended.seed}: {name}: {what}", file=sys.stderr, flush=True)
            if ended.violations and args.until_failure:
                break
            if time.perf_counter() - told_s > EVERY_S:
                told_s = time.perf_counter()
                print(f"... {tally.seeds} seeds, {len(tally.failed)} failed", file=sys.stderr, flush=True)
    except ValueError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 2
    print(report(tally, args.faults))
    for line in told_failures(tally.failed, args.faults):
        print(line, flush=True)
    if args.json is not None:
        write_json(args.json, tally)
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
