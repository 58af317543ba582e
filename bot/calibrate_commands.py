"""The `calibrate` and `worker` commands: options as people type them. Nothing heavy is imported before it is needed."""

from pathlib import Path
from typing import Annotated, Final

import typer

from bot import cli
from bot.backtest_commands import Interval, Sides, To, Wallet, Warmup

FEWEST_TRIALS, MOST_TRIALS = 16, 50_000
MOST_WORKERS: Final = 64

Candles = Annotated[
    list[Path] | None, typer.Option(help="Candle files (parquet or CSV), named SYMBOL-INTERVAL...; several may follow.")
]
From = Annotated[str, typer.Option("--from", help="When entries may begin (UTC), like 2024-01-31.")]
Set = Annotated[list[str] | None, typer.Option("--set", help="A present setting, name=value; several may follow.")]
Trials = Annotated[int, typer.Option(help="How many settings are tried.", min=FEWEST_TRIALS, max=MOST_TRIALS)]
Seed = Annotated[int, typer.Option(help="Seed of the draw.", min=0)]
Study = Annotated[str, typer.Option(help="Keep the search in the store under this name; workers may join it.")]
Name = Annotated[str, typer.Option("--study", help="The study to work at.")]
Workers = Annotated[int, typer.Option(help="Threads on this machine. Default: its processors.", min=0, max=MOST_WORKERS)]
StepDays = Annotated[int, typer.Option(help="Days judged at a time. Default: a quarter, less where that is too long.")]
Window = Annotated[int, typer.Option(help="Choose on so many steps before; 0 = on all of the past.", min=0, max=100)]
Json = Annotated[bool, typer.Option("--json", help="The result as JSON.")]
Forget = Annotated[str, typer.Option(help="Delete a study from the store, and do nothing else.")]
Rules = Annotated[Path | None, typer.Option(help="Recorded exchange rules. Default: rules.json beside the candles.")]
Funding = Annotated[list[Path] | None, typer.Option(help="Settled funding. Default: beside the candles.")]
Taker = Annotated[float | None, typer.Option(help="Fee of a fill, in basis points. Default: 5.")]
Spread = Annotated[float | None, typer.Option(help="Whole spread, in basis points. Default: 2.")]
Slippage = Annotated[float | None, typer.Option(help="Slippage of a fill, in basis points. Default: 1.")]


def calibrate(
    context: typer.Context,
    candles: Candles = None,
    interval: Interval = "",
    start: From = "",
    end: To = "",
    sets: Set = None,
    trials: Trials = 512,
    seed: Seed = 0,
    study: Study = "",
    workers: Workers = 0,
    step_days: StepDays = 0,
    window: Window = 0,
    as_json: Json = False,
    forget: Forget = "",
    rules: Rules = None,
    funding: Funding = None,
    warmup: Warmup = None,
    sides: Sides = "both",
    wallet: Wallet = "",
    taker_bps: Taker = None,
    spread_bps: Spread = None,
    slippage_bps: Slippage = None,
) -> None:
    """Search settings on the past and judge them on what came next; say whether any is better than the present ones."""
    owner = cli.settings()
    from bot import ground
    from bot.calibrate_running import calibrated, forgotten
    from bot.calibrate_wish import Typed

    if forget:
        raise typer.Exit(forgotten(owner, forget))
    costs_bps = (taker_bps, spread_bps, slippage_bps)
    walked = ground.Typed(context.args, candles, interval, start, end, sets, funding, rules, wallet, warmup, sides, costs_bps)
    typed = Typed(walked, trials, seed, step_days, window)
    raise typer.Exit(calibrated(owner, typed, study=study, workers=workers, as_json=as_json))


def worker(
    context: typer.Context,
    study: Name,
    candles: Candles = None,
    workers: Workers = 0,
) -> None:
    """Walk settings of a study that `autobot calibrate --study` keeps in the store, until nothing of it is open."""
    owner = cli.settings()
    from bot.calibrate_running import helped

    files = [*(candles or []), *map(Path, context.args)]
    raise typer.Exit(helped(owner, study, files, workers))
