"""The `demo` and `sandbox` commands: options as people type them, a first line at once, everything heavy afterwards.

The demo's names of settings are those of the product and are checked here, before a child could ignore a misspelt one.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from engine.params import BY_NAME, BadParam, checked

if TYPE_CHECKING:
    from sandbox.options import MarketOptions

ENGLISH: Final = "en"
EXTRA_WORDS = {"allow_extra_args": True}  # `--set a=1 b=2` and `--candles A B` take several words

Candles = Annotated[
    list[str] | None, typer.Option(help="Candle files (parquet or CSV), named SYMBOL-INTERVAL...; several may follow.")
]
Symbols = Annotated[str, typer.Option(help="Symbols, separated by commas. Default: ETHUSDT, or as the files are called.")]
Interval = Annotated[str, typer.Option(help="Length of a bar. Default: 1m, or as the files are called.")]
From = Annotated[str, typer.Option("--from", help="When the run begins (UTC), like 2024-01-31.")]
Bars = Annotated[int | None, typer.Option(help="How many bars to run, the warm-up not counted.")]
Warmup = Annotated[int, typer.Option(help="Bars known before the run begins.")]
Speed = Annotated[str, typer.Option(help="Market seconds per second, or max: as fast as the product settles.")]
Seed = Annotated[int, typer.Option(help="Seed of the made-up market.")]
Port = Annotated[int, typer.Option(help="Port of the chat page on 127.0.0.1; 0 = any free one.")]
Auto = Annotated[bool, typer.Option("--auto", help="Play the owner: start trading, both sides, take every proposal.")]
Report = Annotated[Path | None, typer.Option(help="Write a JSON report to this file when the market is over.")]
Language = Annotated[str, typer.Option("--lang", help="Language of the chat.")]
Set = Annotated[list[str] | None, typer.Option("--set", help="A setting, name=value; several may follow.")]
Mode = Annotated[str, typer.Option(help="Who decides entries: auto, confirm or signals.")]
Folder = Annotated[Path | None, typer.Option(help="Keep the product's data and log here. Default: a temporary folder.")]
KillAt = Annotated[str, typer.Option(help="Kill the product with -9 after these bars, while the market holds (like 100,250).")]
Kills = Annotated[int, typer.Option(help="Kill the product with -9 so often at random instants.")]
KillSeed = Annotated[int, typer.Option(help="Seed of the random instants.")]


class UnknownLanguage(ValueError):
    """There are no words in this language; the text is one line."""


def demo(
    context: typer.Context,
    candles: Candles = None,
    symbols: Symbols = "",
    interval: Interval = "",
    start: From = "",
    bars: Bars = None,
    warmup: Warmup = 1000,
    speed: Speed = "60",
    seed: Seed = 0,
    port: Port = 8080,
    auto: Auto = False,
    report: Report = None,
    lang: Language = ENGLISH,
    settings: Set = None,
    mode: Mode = "confirm",
    folder: Folder = None,
    kill_at: KillAt = "",
    kills: Kills = 0,
    kill_seed: KillSeed = 0,
) -> None:
    """Try everything on this machine: a made-up exchange, a chat page, no account, no keys, no money."""
    typer.echo("AUTOBOT demo: starting an exchange, a chat and the trader on this machine ...")
    from sandbox import options as read
    from sandbox.demo import demo as run

    try:
        files, pairs = read.spread(context.args, candles=candles or (), settings=settings or ())
        pairs_read = read.read_settings(pairs)
        check_settings(pairs_read)
        chosen = read.DemoOptions(
            market=_market(files, symbols, interval, start, bars, warmup, speed, seed),
            port=read.read_port(port),
            language=read_language(lang),
            mode=read.read_mode(mode),
            auto=auto,
            report=read.read_report(report),
            settings=pairs_read,
            kills=read.read_kills(kill_at, kills, kill_seed),
            folder=read.read_folder(folder),
        )
    except (read.BadOption, BadParam, UnknownLanguage) as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(2) from None
    raise typer.Exit(asyncio.run(run(chosen)))


def sandbox(
    context: typer.Context,
    candles: Candles = None,
    symbols: Symbols = "",
    interval: Interval = "",
    start: From = "",
    bars: Bars = None,
    warmup: Warmup = 1000,
    speed: Speed = "60",
    seed: Seed = 0,
    port: Port = 8080,
) -> None:
    """Run the exchange and the Bot API alone, for any other client; one JSON line says where they are."""
    from sandbox import options as read
    from sandbox.demo import sandbox as run

    try:
        files, _ = read.spread(context.args, candles=candles or (), settings=())
        market = _market(files, symbols, interval, start, bars, warmup, speed, seed)
        chosen = read.SandboxOptions(market=market, port=read.read_port(port))
        if market.speed is None:
            raise read.BadOption("--speed max needs a product to follow; give the sandbox a number")
    except read.BadOption as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(2) from None
    raise typer.Exit(asyncio.run(run(chosen)))


def read_language(name: str) -> str:
    """Refuse a language that nothing was translated to. Raises `UnknownLanguage`."""
    if name == ENGLISH:  # what most people want needs no catalogue
        return name
    from handlers.ui.language import Languages

    languages = Languages("DEMO")
    if languages.best(name) == ENGLISH and not name.lower().startswith(ENGLISH):
        raise UnknownLanguage(f"--lang is one of {', '.join(languages.known)}, not {name!r}")
    return name


def check_settings(settings: Sequence[tuple[str, str]]) -> None:
    """Refuse a tunable that does not exist or has a wrong value. Raises `BadParam`."""
    for name, text in settings:
        if name not in BY_NAME:
            raise BadParam(f"--set: unknown setting {name!r}")
        try:
            checked(name, float(text))
        except ValueError as error:
            reason = str(error) if isinstance(error, BadParam) else f"{name} is a number, not {text!r}"
            raise BadParam(f"--set: {reason}") from None


def _market(
    candles: list[str], symbols: str, interval: str, start: str, bars: int | None, warmup: int, speed: str, seed: int
) -> "MarketOptions":
    from sandbox.options import read_market

    return read_market(
        candles=candles,
        symbols=symbols,
        interval=interval,
        start=start,
        bars=bars,
        warmup=warmup,
        speed=speed,
        seed=seed,
    )
