"""How the process ends: the codes that its supervisor reads, and one line that says why."""

import logging
import os
import sys
import threading
from typing import Final

STOPPED: Final = 0
FAILED: Final = 1
BAD_SETTINGS: Final = 2
TAKEN: Final = 75  # another process has this account: EX_TEMPFAIL
IMPORTING: Final = "importing "  # how the names of threads begin that import something


class CannotStart(Exception):
    """The process cannot start as it is told to; the text is one line."""


def refused(text: str, code: int) -> int:
    """Say why in one line; give the code."""
    print(f"Error: {text}", file=sys.stderr, flush=True)
    return code


def ended(code: int) -> int:
    """Give the code, or end the process with it at once where a thread still imports: the interpreter's own end would break
    it off midway, with an abort.
    """
    if any(thread.name.startswith(IMPORTING) for thread in threading.enumerate()):
        logging.shutdown()
        os._exit(code)
    return code
