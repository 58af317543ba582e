"""`python -m tests.audit.page_check`: hold a demo's report against the trading page; exit code 1 where they differ."""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.audit.page_compare import Comparison, compare
from tests.audit.page_files import count, line_of, read_bars, shared
from tests.audit.page_signals import Bars, Readings
from tests.audit.page_trades import TICKS, Rules

BASIS_POINT = 1e-4


def main(arguments: Sequence[str]) -> int:
    """Compare, print, and say by the exit code whether anything differs."""
    options = parser().parse_args(arguments)
    try:
        report = json.loads(options.report.read_text(encoding="utf-8"))
        candles = read_candles(options, report)
        rules = read_rules(options)
        comparison = compare(candles, report["trades"], rules, tolerance=options.tolerance_bps * BASIS_POINT)
    except (OSError, ValueError, KeyError) as error:
        print(f"page_check: {error}", file=sys.stderr)
        return 2
    for line in written(comparison, show_trades=options.trades):
        print(line)
    return 1 if comparison.differences else 0


def parser() -> argparse.ArgumentParser:
    """Name the options."""
    made = argparse.ArgumentParser(prog="python -m tests.audit.page_check", description=__doc__)
    made.add_argument("--candles", type=Path, nargs="+", action="extend", required=True)
    made.add_argument("--report", type=Path, required=True)
    made.add_argument("--max-positions", type=int, default=1)
    made.add_argument("--path", choices=("venue_path", "stop_first"), default="venue_path")
    made.add_argument("--tolerance-bps", type=float, default=5.0)
    made.add_argument("--warmup", type=int, default=1000)
    made.add_argument("--from", dest="start", type=read_date, default=None, help="as it was given to the demo")
    made.add_argument("--bars", type=int, default=None, help="bars of the run; the report's number unless given")
    made.add_argument("--last", action="store_true", help="the run had the last of the shared bars, not the first")
    made.add_argument("--threshold", type=float, default=0.7)
    made.add_argument("--tick", action="append", default=[], metavar="SYMBOL=0.01")
    made.add_argument(
        "--reading", action="append", default=[], metavar="NAME=1", help="one of Readings, another than the default"
    )
    made.add_argument("--trades", action="store_true", help="print the page's trades too")
    return made


def read_date(text: str) -> int:
    """Read a date, UTC unless it says otherwise, in milliseconds."""
    time = datetime.fromisoformat(text)
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)


def read_candles(options: argparse.Namespace, report: dict[str, Any]) -> list[Bars]:
    """Read the files in the order of the report's symbols and cut them as the run did."""
    read = {bars.symbol: bars for bars in map(read_bars, options.candles)}
    wanted = [str(symbol) for symbol in report.get("symbols") or read]
    missing = [symbol for symbol in wanted if symbol not in read]
    if missing:
        raise ValueError(f"no candles given for {', '.join(missing)}")
    bars = options.bars or report["bars"]
    ordered = [read[symbol] for symbol in wanted]
    if options.last:
        return shared(ordered, warmup=options.warmup, last=bars)
    return shared(ordered, warmup=options.warmup, start_ms=options.start, bars=bars)


def read_rules(options: argparse.Namespace) -> Rules:
    """Read how the bars are walked."""
    ticks = {symbol: float(size) for symbol, _, size in (one.partition("=") for one in options.tick)}
    readings = {name: int(value) for name, _, value in (one.partition("=") for one in options.reading)}
    unknown = readings.keys() - set(Readings._fields)
    if unknown:
        raise ValueError(f"unknown reading {', '.join(unknown)}; one of {', '.join(Readings._fields)}")
    return Rules(
        path=options.path,
        warmup=options.warmup,
        max_positions=options.max_positions,
        activation_threshold=options.threshold,
        ticks={**TICKS, **ticks},
        readings=Readings(**readings),  # type: ignore[arg-type]  # 0 and 1 stand for the truths
    )


def written(comparison: Comparison, *, show_trades: bool) -> list[str]:
    """Write everything that was found, the summary last."""
    lines = [line_of(trade) for trade in comparison.page] if show_trades else []
    lines += [f"difference: {line}" for line in comparison.differences]
    lines += [f"resumed: {line}" for line in comparison.resumed]
    lines += [f"both levels: {line}" for line in comparison.ambiguous]
    lines += [f"at the end: {line}" for line in comparison.ends]
    lines.append(f"page: {count(comparison.page)}")
    lines.append(
        f"run: {len(comparison.seen)} trades; equal {comparison.matched}, differences {len(comparison.differences)}, "
        f"bars with both levels {len(comparison.ambiguous)}"
    )
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
