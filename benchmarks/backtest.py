"""How fast history is walked: AUTOBOT beside its peers and beside the bound, over one year of one-minute bars.

    uv run --locked python benchmarks/backtest.py --json result.json

Each peer runs in a process and an environment of its own (made by uv in ~/.cache/autobot-peers at the first time) and is
skipped, with a reason, where it cannot be had. What is asked and counted: docs/benchmarks.md.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final, NamedTuple

import environments
import year
from rich.console import Console

HERE: Final = Path(__file__).resolve().parent
LIMIT_S: Final = 1_800.0
SETTINGS: Final = 100
BUSY: Final = 1.0  # of load above which the figures are not to be trusted
GOAL_ONE: Final = 10.0
GOAL_MANY: Final = 30.0
GOAL_BOUND: Final = 2.0
ARRAYS: Final = ("ta-lib>=0.6",)


class Contestant(NamedTuple):
    """Who runs: the file, the packages of its environment (none: our own), and how it is asked."""

    name: str
    file: str
    requirements: tuple[str, ...] = ()
    variant: str = ""


VECTORBT: Final = ("vectorbt[rust]>=1.2", *ARRAYS)
CONTESTANTS: Final = (
    Contestant("autobot", "ours.py", variant="trades"),
    Contestant("autobot", "ours.py", variant="run"),
    Contestant("autobot", "ours.py", variant="threads"),
    Contestant("bound", "bound.py"),
    Contestant("vectorbt", "peers/vectorbt_peer.py", VECTORBT, "rust-own"),
    Contestant("vectorbt", "peers/vectorbt_peer.py", VECTORBT, "numba-own"),
    Contestant("vectorbt", "peers/vectorbt_peer.py", VECTORBT, "rust"),
    Contestant("vectorbt", "peers/vectorbt_peer.py", VECTORBT, "numba"),
    Contestant("backtesting", "peers/backtesting_peer.py", ("backtesting>=0.6", *ARRAYS)),
    Contestant("nautilus", "peers/nautilus_peer.py", ("nautilus_trader>=1.220", "pandas<3")),
    Contestant("jesse", "peers/jesse_peer.py", ("jesse>=1.10",)),
    Contestant("basana", "peers/basana_peer.py", ("basana>=1.9", *ARRAYS)),
    Contestant("freqtrade", "peers/freqtrade_peer.py", ("freqtrade>=2026.1",)),
    Contestant("backtrader", "peers/backtrader_peer.py", ("backtrader>=1.9.78", "numpy", *ARRAYS)),
)


def main() -> int:
    """Run all, print the table."""
    options = _options()
    candles, source = year.one_year()
    answers: list[dict[str, Any]] = []
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        stored = year.saved(candles, Path(folder) / "year.npz")
        for contestant in CONTESTANTS:
            if options.only and contestant.name not in options.only:
                continue
            with console.status(f"{contestant.name} {contestant.variant}"):
                answers.append(asked(contestant, stored, options.repeats, options.bars))
    facts = {
        "candles": source,
        "bars": min(options.bars or year.BARS, year.BARS),
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "repeats": options.repeats,
        "clock": options.clock,
    }
    print(table(answers, facts, options.clock))
    if options.json is not None:
        options.json.write_text(json.dumps({"facts": facts, "answers": answers}, indent=1) + "\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    names = sorted({contestant.name for contestant in CONTESTANTS})
    parser.add_argument("--repeats", type=int, default=5, help="runs of each; the median counts")
    parser.add_argument("--only", nargs="+", choices=names, help="only these")
    parser.add_argument(
        "--clock", default="wall", choices=("wall", "cpu"), help="cpu: the processor's time, for a busy machine"
    )
    parser.add_argument("--bars", type=int, default=0, help="only the first so many bars")
    parser.add_argument("--json", type=Path, help="write everything that was measured to a file")
    return parser.parse_args()


def asked(contestant: Contestant, candles: Path, repeats: int, bars: int) -> dict[str, Any]:
    """What a contestant answered, or why it did not."""
    label = f"{contestant.name} {contestant.variant}".strip()
    load = os.getloadavg()[0]
    try:
        python = environments.interpreter(contestant.name, contestant.requirements)
        command = [str(python), str(HERE / contestant.file), "--candles", str(candles), "--repeats", str(repeats)]
        command += ["--bars", str(bars)] + (["--variant", contestant.variant] if contestant.variant else [])
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("OPENBLAS_", "PYTHON"))}
        clean["NUMBA_CACHE_DIR"] = str(candles.parent)  # empty: ours compiles in its first row, as others do in each
        ended = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=LIMIT_S, env=clean, cwd=candles.parent
        )
    except environments.NotInstalled as error:
        return {"name": label, "skipped": str(error)}
    except subprocess.TimeoutExpired:
        return {"name": label, "skipped": f"not ready after {LIMIT_S:.0f} s"}
    lines = [line for line in ended.stdout.splitlines() if line.startswith("{")]
    if ended.returncode != 0 or not lines:
        said = [line for line in ended.stderr.splitlines() if line.strip()]
        return {"name": label, "skipped": said[-1] if said else f"ended with {ended.returncode}"}
    answer: dict[str, Any] = json.loads(lines[-1])
    return answer | {"load_before": round(load, 1)}


def table(answers: list[dict[str, Any]], facts: dict[str, Any], clock: str) -> str:
    """A row each; ratios are times of theirs over ours, so that 10 means ten times as long."""
    ours = next((answer for answer in answers if answer["name"] == "AUTOBOT trades"), None)
    heads = f"{'one run':>11}{'bars/s':>12}{'x ours':>8}{'100 runs':>12}{'x ours':>8}{'first':>9}{'trades':>8}{'load':>6}"
    lines = [", ".join(f"{name} {value}" for name, value in facts.items()), "", f"{'':26}{heads}"]
    for answer in answers:
        if "skipped" in answer:
            lines.append(f"{answer['name']:26}  skipped: {answer['skipped']}")
            continue
        one, hundred = whole_s(answer, clock), hundred_s(answer, clock)
        ratio = f"{one / whole_s(ours, clock):8.1f}" if ours else " " * 8
        more = f"{hundred / hundred_s(ours, clock):8.1f}" if ours else " " * 8
        about = " " if "many_s" in answer else "~"
        lines.append(
            f"{answer['name']:26}{one:9.3f} s{answer['bars'] / one:12,.0f}{ratio}{about:>2}{hundred:8.2f} s{more}"
            f"{answer['first_s']:7.1f} s{answer['trades']:8}{answer['load_before']:6.1f}"
        )
    lines += goals([answer for answer in answers if "skipped" not in answer], clock)
    if any(answer.get("load_before", 0.0) > BUSY for answer in answers):
        lines.append(f"\nThe machine was busy with other things (load above {BUSY:g}): repeat this on a quiet one.")
    return "\n".join(lines)


def goals(answers: list[dict[str, Any]], clock: str) -> list[str]:
    """What was wished for, and what was seen: against the fastest vectorbt with our rules, and against the bound."""
    timed = {answer["name"]: (whole_s(answer, clock), hundred_s(answer, clock)) for answer in answers}
    ours, bound = timed.get("AUTOBOT trades"), timed.get("bound")
    vectorbt = [times for name, times in timed.items() if name.startswith("vectorbt") and name.endswith("our rules")]
    lines = []
    if ours and vectorbt:
        one, many = (min(times) for times in zip(*vectorbt, strict=True))
        lines.append(f"\nvectorbt with our rules takes {one / ours[0]:.1f} times as long for one run (goal {GOAL_ONE:g}),")
        lines.append(f"{many / ours[1]:.1f} times as long for 100 settings (goal {GOAL_MANY:g})")
    if ours and bound:
        lines.append(f"ours takes {ours[0] / bound[0]:.1f} times the bound for one run (goal {GOAL_BOUND:g}), ")
        lines[-1] += f"{ours[1] / bound[1]:.1f} times for 100 settings"
    return lines


def whole_s(answer: dict[str, Any], clock: str) -> float:
    """From arrays to trades: what is prepared once is counted too."""
    return float(answer["prepare_s"] + answer["run_s" if clock == "wall" else "run_cpu_s"])


def hundred_s(answer: dict[str, Any], clock: str) -> float:
    """All settings; for those who share no work between settings, so many times one run."""
    one, many = ("run_s", "many_s") if clock == "wall" else ("run_cpu_s", "many_cpu_s")
    return float(answer["prepare_s"] + answer.get(many, SETTINGS * answer[one]))


if __name__ == "__main__":
    sys.exit(main())
