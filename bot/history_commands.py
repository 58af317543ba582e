"""The `download` command: options as people type them. Nothing heavy is imported before it is needed."""

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer

from bot import cli
from bot.ending import BAD_SETTINGS, refused
from bot.moments import BadMoment, span_ms
from engine.model.market import INTERVAL_MS

STOPPED_BY_HAND: Final = 130

Symbols = Annotated[list[str], typer.Argument(help="Symbols, like ETHUSDT BTCUSDT.")]
Interval = Annotated[str, typer.Option(help=f"Length of a bar: {', '.join(INTERVAL_MS)}. Default: as in the settings.")]
From = Annotated[str, typer.Option("--from", help="First day or moment (UTC), like 2024-01-31. Default: a year ago.")]
To = Annotated[str, typer.Option("--to", help="Last day, with all of it, or a moment (UTC). Default: now.")]
Funding = Annotated[bool, typer.Option("--funding/--no-funding", help="Settled funding too.")]
Folder = Annotated[Path | None, typer.Option(help="Where the files go. Default: candles in the data folder.")]


def download(
    symbols: Symbols,
    interval: Interval = "",
    start: From = "",
    end: To = "",
    funding: Funding = True,
    folder: Folder = None,
) -> None:
    """Fetch candles, funding and rules from the exchange's archive and requests into files; goes on where it ended."""
    settings = cli.settings()
    chosen = interval or settings.interval
    try:
        if chosen not in INTERVAL_MS:
            raise BadMoment(f"unknown interval {chosen}; one of {', '.join(INTERVAL_MS)}")
        first, last = span_ms(start, end)
    except BadMoment as error:
        raise typer.Exit(refused(str(error), BAD_SETTINGS)) from None
    import stamina

    from bot.downloading import Wish
    from bot.downloading import download as fetch

    stamina.instrumentation.set_on_retry_hooks(())  # a person reads what it came to, not every try
    wish = Wish(
        symbols=tuple(dict.fromkeys(symbol.upper() for symbol in symbols)),
        interval=chosen,
        begin_ms=first,
        end_ms=last,
        has_funding=funding,
        folder=folder or settings.data_folder / "candles",
    )
    try:
        code = asyncio.run(fetch(settings, wish))
    except KeyboardInterrupt:
        code = refused("stopped; what was fetched is kept, the same command goes on", STOPPED_BY_HAND)
    raise typer.Exit(code)
