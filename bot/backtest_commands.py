"""The `backtest` command: options as people type them. Nothing heavy is imported before they are found to be sound."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot import cli
from bot.demo_commands import UnknownLanguage, read_language
from bot.ending import BAD_SETTINGS, refused
from bot.moments import BadMoment

if TYPE_CHECKING:
    from bot.backtest_wish import Wish

Candles = Annotated[
    list[Path] | None, typer.Option(help="Candle files (parquet, CSV, zip), named SYMBOL-INTERVAL...; several may follow.")
]
Interval = Annotated[str, typer.Option(help="Length of a bar. Default: as the files are called.")]
From = Annotated[str, typer.Option("--from", help="When entries may begin (UTC), like 2024-01-31. The warm-up lies before it.")]
To = Annotated[str, typer.Option("--to", help="Last day, with all of it, or a moment (UTC).")]
Set = Annotated[list[str] | None, typer.Option("--set", help="A setting, name=value; several may follow.")]
Trades = Annotated[Path | None, typer.Option(help="Write every trade to this CSV file.")]
Page = Annotated[Path | None, typer.Option("--report", help="Write a page with pictures to this HTML file.")]
Json = Annotated[bool, typer.Option("--json", help="JSON on the standard output, and nothing else there.")]
Audit = Annotated[
    bool, typer.Option("--audit", help="Check the run: indicators against pandas-ta, trades against the Trader itself. Slow.")
]
Funding = Annotated[
    list[Path] | None, typer.Option(help="Files of settled funding. Default: SYMBOL-funding beside the candles.")
]
Rules = Annotated[Path | None, typer.Option(help="Recorded exchangeInfo (JSON). Default: rules.json beside the candles.")]
Wallet = Annotated[str, typer.Option(help="Money at the beginning. Default: PAPER_WALLET.")]
Warmup = Annotated[int | None, typer.Option(help="Bars known before the first decision. Default: WARMUP_BARS.")]
Sides = Annotated[str, typer.Option(help="long, short or both.")]
TakerBps = Annotated[float | None, typer.Option(help="Fee of a fill in basis points. Default: 5.")]
SpreadBps = Annotated[float | None, typer.Option(help="The whole spread in basis points; half is paid at a fill. Default: 2.")]
SlippageBps = Annotated[float | None, typer.Option(help="Slippage of a fill in basis points. Default: 1.")]
Language = Annotated[str, typer.Option("--lang", help="Language of the result. Default: LANGUAGE.")]


def backtest(
    context: typer.Context,
    candles: Candles = None,
    interval: Interval = "",
    start: From = "",
    end: To = "",
    settings: Set = None,
    trades: Trades = None,
    report: Page = None,
    as_json: Json = False,
    audit: Audit = False,
    funding: Funding = None,
    rules: Rules = None,
    wallet: Wallet = "",
    warmup: Warmup = None,
    sides: Sides = "both",
    taker_bps: TakerBps = None,
    spread_bps: SpreadBps = None,
    slippage_bps: SlippageBps = None,
    lang: Language = "",
) -> None:
    """Show what the settings would have done over candles in files: the settings of `.env`, with --set above them."""
    owner = cli.settings()
    from bot.backtest_options import BadOption
    from bot.backtest_wish import wish_of
    from bot.ground import Typed

    costs_bps = (taker_bps, spread_bps, slippage_bps)
    typed = Typed(context.args, candles, interval, start, end, settings, funding, rules, wallet, warmup, sides, costs_bps)
    try:
        language = read_language(lang or owner.language)
        wish = wish_of(owner, typed, trades=trades, report=report, as_json=as_json, language=language, is_audited=audit)
    except (BadOption, BadMoment, UnknownLanguage) as error:
        raise typer.Exit(refused(str(error), BAD_SETTINGS)) from None
    raise typer.Exit(_run(wish))


def _run(wish: "Wish") -> int:
    from bot.backtesting import backtest as run

    return run(wish)
