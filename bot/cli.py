"""The `autobot` command. `autobot run` is what a supervisor starts after a crash, perhaps with an open position: it takes the
shortest way. Every other word goes to `bot.commands`. A wrong setting is one line, never a traceback.
"""

import sys
from typing import TYPE_CHECKING, Final

from bot.ending import BAD_SETTINGS, ended

if TYPE_CHECKING:
    from bot.settings import Settings

RUN: Final = ["run"]


def main() -> None:
    """The command's entry."""
    if sys.argv[1:] == RUN:
        raise SystemExit(run())
    from bot.commands import carried_out

    raise SystemExit(carried_out(sys.argv[1:]))


def run() -> int:
    """Trade, as the settings say, until stopped; give the exit code."""
    found = settings()
    import asyncio

    from bot.process import run as live

    return ended(asyncio.run(live(found)))


def settings() -> "Settings":
    """The settings; where they are wrong the command ends here."""
    from bot.settings import load_settings
    from bot.variables import BadSettings

    try:
        return load_settings()
    except BadSettings as error:
        for problem in error.problems:
            print(f"Error: {problem}", file=sys.stderr)
        raise SystemExit(BAD_SETTINGS) from None
