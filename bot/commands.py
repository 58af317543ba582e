"""The commands that people type, with their options. Nothing heavy is imported before it is needed."""

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Final

import typer
from typer.exceptions import TyperException

from bot import backtest_commands, calibrate_commands, cli, demo_commands, history_commands, version
from bot.demo_commands import EXTRA_WORDS

LOOKS: Final = "`veto`: each limit shown blocking a made-up order. `orders`: one with its stop, placed with play money."

app = typer.Typer(
    name="autobot",
    help="An interactive trader for Binance USDⓈ-M futures, steered from a Telegram chat.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # a frame would break a line that says what is wrong
    pretty_exceptions_enable=False,
)
app.command(context_settings=EXTRA_WORDS)(demo_commands.demo)
app.command(context_settings=EXTRA_WORDS)(demo_commands.sandbox)
app.command()(history_commands.download)
app.command(context_settings=EXTRA_WORDS)(backtest_commands.backtest)
app.command(context_settings=EXTRA_WORDS)(calibrate_commands.calibrate)
app.command(context_settings=EXTRA_WORDS)(calibrate_commands.worker)


def carried_out(words: Sequence[str]) -> int:
    """Do what was typed, and give the exit code; what cannot be understood is one line. Without a word there is the help."""
    try:
        return app(list(words), standalone_mode=not words) or 0
    except TyperException as error:
        context = getattr(error, "ctx", None)
        told = " ".join(error.format_message().split()).removesuffix(".")
        typer.echo(f"Error: {told}; see {context.command_path if context else 'autobot'} --help", err=True)
        return error.exit_code


class DoctorsLook(StrEnum):
    """What the doctor may be asked to look at."""

    ALL = "all"
    VETO = "veto"
    ORDERS = "orders"


@app.command()
def run() -> None:
    """Trade, as the settings say, until stopped."""
    raise typer.Exit(cli.run())


@app.command()
def export(
    as_json: Annotated[bool, typer.Option("--json/--csv", help="JSON with totals, or CSV with one trade a line.")] = True,
) -> None:
    """Write all closed trades to the standard output."""
    settings = cli.settings()
    from bot.export import export as write

    raise typer.Exit(asyncio.run(write(settings, as_json)))


@app.command()
def doctor(
    what: Annotated[DoctorsLook, typer.Argument(help=LOOKS)] = (DoctorsLook.ALL),
) -> None:
    """Look at settings, store, exchange, key and chat; say what is wrong and what to do."""
    settings = cli.settings()
    if what is DoctorsLook.ORDERS:
        from bot.doctor_orders import orders

        raise typer.Exit(asyncio.run(orders(settings)))
    if what is DoctorsLook.VETO:
        from bot.doctor_veto import veto

        raise typer.Exit(veto(settings))
    from bot.doctor import doctor as examine

    raise typer.Exit(asyncio.run(examine(settings)))


@app.command("version")
def show_version() -> None:
    """Say which version this is."""
    typer.echo(f"autobot {version.installed() or '(not installed)'}")
