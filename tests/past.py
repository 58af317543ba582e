"""History walked twice, by the Trader itself and compiled, and everything in which the two differ.

`python -m tests.past --all [--json FILE]` compares them over all recorded 1h and 15m candles. FILE keeps what was compared:
begun again, it goes on with the rest. It ends with 1 where anything differed.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from bot.backtest_audit import paper
from bot.histories import load_histories
from engine.backtest.audit.trader import trader_compared
from engine.backtest.history import Simulation, SymbolHistory
from engine.backtest.kernel import Walker
from engine.backtest.result import Run
from engine.params import TradingParams
from tests.builders import RECORDED

UNLIMITED: Final[dict[str, Any]] = {"max_drawdown": 1.0, "max_daily_loss": 1.0, "max_loss_streak": 1000}
"""Account-wide limits off: with them on, most long histories end early."""
WHOLE: Final = {
    "without limits": TradingParams(activation_threshold=0.4, **UNLIMITED),
    "tight": TradingParams(
        activation_threshold=0.3, stop_atr_multiplier=0.4, leverage=20, exit_on_range=1, max_position_hours=6.0, **UNLIMITED
    ),
    "as it comes": TradingParams(),
}
MOST_SHOWN: Final = 5
WORKERS: Final = 2


class Compared(NamedTuple):
    """What two walks came to: where they differ, what the compiled one gave, and how many trades the Trader made."""

    differences: list[str]
    run: Run
    replayed: int


def history(name: str, begin: int = 0, end: int | None = None) -> SymbolHistory:
    """Recorded candles as the product reads them, `name` like "BTCUSDT-1h", with the funding recorded beside them."""
    path = RECORDED / f"{name}.parquet"
    if not path.exists():
        pytest.skip(f"recorded candles {path.name} are not on this machine")
    loaded = load_histories((path,), interval=None, begin_ms=None, end_ms=None, warmup_bars=0, rules=None, funding=())
    return cut(loaded.histories[0], begin, end)


def cut(given: SymbolHistory, begin: int, end: int | None = None) -> SymbolHistory:
    """A part of a history. Funding stays whole: what is paid before or after is nobody's."""
    return replace(given, candles=given.candles.part(begin, len(given.candles) if end is None else end))


def compared(histories: Sequence[SymbolHistory], simulation: Simulation, params: TradingParams) -> Compared:
    """Walk both ways, and list what differs."""
    run = Walker(histories, simulation).run(params)
    seen = trader_compared(run, histories, simulation, params, paper(histories, simulation))
    return Compared([*seen.differences], run, seen.replayed)


# --- the whole of all files ---------------------------------------------------------------------------------------------


def whole(name: str, settings: str) -> dict[str, Any]:
    """One file under one of the settings, from its first candle to its last."""
    began = time.monotonic()
    given = history(name)
    seen = compared([given], Simulation(), WHOLE[settings])
    return {
        "file": name,
        "settings": settings,
        "bars": len(given.candles),
        "trades": seen.replayed,
        "judged": seen.run.judged,
        "differences": len(seen.differences),
        "first": seen.differences[:MOST_SHOWN],
        "seconds": round(time.monotonic() - began, 1),
    }


def recorded_names(intervals: Sequence[str]) -> list[str]:
    """The recorded files of some intervals, the short ones first."""
    files = [file for one in intervals for file in RECORDED.glob(f"*-{one}.parquet")]
    return [file.stem for file in sorted(files, key=lambda file: file.stat().st_size)]


def compare_all(intervals: Sequence[str], kept: Path | None) -> int:
    """Compare what is not in `kept` yet, two files at a time; the number of differences."""
    done: list[dict[str, Any]] = json.loads(kept.read_text()) if kept is not None and kept.exists() else []
    have = {(one["file"], one["settings"]) for one in done}
    wanted = [(name, one) for one in WHOLE for name in recorded_names(intervals) if (name, one) not in have]
    with ProcessPoolExecutor(WORKERS) as pool:
        for future in as_completed([pool.submit(whole, *one) for one in wanted]):
            done.append(future.result())
            print("{file}, {settings}: {bars} bars, {trades} trades, {differences} differences".format(**done[-1]), flush=True)
            for line in done[-1]["first"]:
                print(f"  {line}", flush=True)
            if kept is not None:
                partial = kept.with_suffix(".partial")
                partial.write_text(json.dumps(done, indent=1))
                partial.replace(kept)
    trades, bars = (sum(one[name] for one in done) for name in ("trades", "bars"))
    differences = sum(one["differences"] for one in done)
    print(f"{len(done)} walks, {bars:,} bars, {trades:,} trades: {differences} differences")
    return int(differences)


def main() -> int:
    """Compare, and say with 1 that something differed."""
    parser = argparse.ArgumentParser(prog="python -m tests.past", description="history replayed against history compiled")
    parser.add_argument("--all", action="store_true", required=True, help="the whole of all recorded files")
    parser.add_argument("--json", type=Path, help="what was compared is kept here, and not compared again")
    parser.add_argument("--intervals", nargs="+", default=["1h", "15m"])
    given = parser.parse_args()
    return 1 if compare_all(given.intervals, given.json) else 0


if __name__ == "__main__":
    sys.exit(main())
