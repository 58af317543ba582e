"""Whether `autobot calibrate` is honest: it may not find what is not there, and what it says of the next quarter has to hold.

    uv run --locked python benchmarks/honesty.py              # 200 worlds without an edge, and all shared candles

Exits 1 where more than 5 % of the worlds without an edge are called improvable, or where less than 85 % of the steps on the
shared files came out within the interval that had been stated with 90 %. Beside it: how often a planted edge is found.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

HERE: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))

from honest_worlds import EMPTY, REAL, World, planted  # noqa: E402  # beside this file

from bot.histories import BadHistory, load_histories  # noqa: E402  # found where this file stands, installed or not
from engine.backtest.calibrate import folds, space, tally  # noqa: E402
from engine.backtest.calibrate.folds import BLOCKS_A_STEP  # noqa: E402
from engine.backtest.calibrate.verdict import Result, Verdict, result  # noqa: E402
from engine.backtest.history import Costs, Simulation, SymbolHistory  # noqa: E402
from engine.backtest.kernel import Walker  # noqa: E402
from engine.model.market import DAY_MS  # noqa: E402
from engine.params import TradingParams  # noqa: E402

MOST_CLAIMED: Final = 0.05
LEAST_COVERED: Final = 0.85
QUARTER_DAYS: Final = 91
WARMUP: Final = 1_000
PRESENT: Final = TradingParams(max_drawdown=1.0)
COSTS: Final = {"with costs": Costs(), "without costs": Costs(0, 0, 0)}


class Row(NamedTuple):
    """One file or one kind of world."""

    name: str
    results: list[Result]

    @property
    def verdicts(self) -> Counter[Verdict]:
        return Counter(one.verdict for one in self.results)


def searched(history: SymbolHistory, trials: int, seed: int, *, costs: Costs, step_days: int) -> tuple[Result, int]:
    """The result of a search, and how many days a step has. Raises `folds.TooShort`."""
    walker = Walker([history], Simulation(costs=costs, warmup_bars=WARMUP))
    begin_ms = walker.first_ms + WARMUP * walker.interval_ms
    hold_ms = folds.longest_hold_ms(PRESENT, walker.interval_ms)
    cut = folds.cut(begin_ms, walker.end_ms, hold_ms, step_days=step_days)
    draws = [draw for number in range(space.batches_of(trials)) for draw in space.batch(PRESENT, seed, number)]
    rows = [tally.tally(walker.trades(space.setting(PRESENT, draw.values)), cut.blocks) for draw in draws]
    found = result(tally.stacked(rows), [draw.values for draw in draws], cut)
    return found, round(cut.blocks.block_ms * BLOCKS_A_STEP / DAY_MS)


def world_rows(worlds: dict[str, World], runs: int, trials: int, costs: Costs, first_seed: int) -> Iterator[Row]:
    """So many runs, shared out over the kinds of worlds."""
    for at, (name, world) in enumerate(worlds.items()):
        seeds = range(first_seed + at, first_seed + runs, len(worlds))
        one = [searched(world(seed), trials, seed, costs=costs, step_days=QUARTER_DAYS)[0] for seed in seeds]
        yield Row(name, one)


def file_rows(folder: Path, trials: int) -> Iterator[tuple[Row, int]]:
    """All recorded candles that are long enough, and how many days their steps have."""
    for file in sorted(folder.glob("*.parquet")):
        try:
            loaded = load_histories(
                [file], interval=None, begin_ms=None, end_ms=None, warmup_bars=WARMUP, rules=None, funding=[]
            )
            found, days = searched(loaded.histories[0], trials, 0, costs=Costs(), step_days=0)
        except (BadHistory, folds.TooShort):
            continue
        yield Row(file.stem, [found]), days


def covered(results: Sequence[Result]) -> tuple[int, int, int]:
    """How often the forecast of the chosen and of the present setting held, and of how many steps."""
    held = [one.is_covered for found in results for one in found.judged]
    return sum(chosen for chosen, _ in held), sum(present for _, present in held), len(held)


def show(row: Row, note: str) -> None:
    """One line."""
    chosen, present, steps = covered(row.results)
    verdicts = ", ".join(f"{verdict.value} {count}" for verdict, count in sorted(row.verdicts.items()))
    print(f"  {row.name:<22}{note:<16}{verdicts:<44}held {chosen}+{present} of {steps}+{steps}", flush=True)


def claims(runs: int, trials: int, first_seed: int) -> float:
    """The worse share of worlds without an edge that were called improvable."""
    worst = 0.0
    for note, costs in COSTS.items():
        worlds = EMPTY if REAL.exists() else {name: world for name, world in EMPTY.items() if name != "shuffled"}
        rows = list(world_rows(worlds, runs, trials, costs, first_seed))
        for row in rows:
            show(row, note)
        all_ = sum((row.verdicts for row in rows), Counter[Verdict]())
        share = all_[Verdict.BETTER] / all_.total()
        print(f"  claimed an improvement: {all_[Verdict.BETTER]} of {all_.total()} ({share:.1%}), {note}")
        worst = max(worst, share)
    return worst


def coverage(folder: Path, trials: int) -> float:
    """The worse share of quarters that came out as had been said: of the chosen settings, or of the present one."""
    quarters = list[Result]()
    for row, days in file_rows(folder, trials):
        show(row, f"{days} days")
        if days == QUARTER_DAYS:
            quarters += row.results
    chosen, present, steps = covered(quarters)
    if not steps:
        print(f"  no candles in {folder}: not measured")
        return 1.0
    print(f"  quarters within 90 %: chosen {chosen / steps:.0%}, present {present / steps:.0%} of {steps}")
    return min(chosen, present) / steps


def main() -> int:
    """Measure both; 1 where one is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--trials", type=int, default=128, help="settings a made-up world")
    parser.add_argument("--file-trials", type=int, default=512, help="settings a recorded file")
    parser.add_argument("--seed", type=int, default=1_000)
    parser.add_argument("--candles", type=Path, default=REAL.parent)
    asked = parser.parse_args()
    begun = time.monotonic()
    print(f"worlds without an edge, {asked.trials} settings each")
    worst = claims(asked.runs, asked.trials, asked.seed)
    print("worlds with trends to find")
    for row in world_rows({"planted": planted}, max(1, asked.runs // 10), asked.trials, Costs(), asked.seed):
        show(row, "with costs")
    print(f"recorded candles, {asked.file_trials} settings each")
    least = coverage(asked.candles, asked.file_trials)
    is_honest = worst <= MOST_CLAIMED and least >= LEAST_COVERED
    print(f"{'honest' if is_honest else 'NOT HONEST'}: {worst:.1%} claimed (at most {MOST_CLAIMED:.0%}), ", end="")
    print(f"{least:.0%} held (at least {LEAST_COVERED:.0%}); {time.monotonic() - begun:,.0f} s")
    return 0 if is_honest else 1


if __name__ == "__main__":
    raise SystemExit(main())
