"""How the process ends: the codes that its supervisor reads, and one line that says why."""

import sys
from typing import Final

STOPPED: Final = 0
FAILED: Final = 1
BAD_SETTINGS: Final = 2
TAKEN: Final = 75  # another process has this account: EX_TEMPFAIL


class CannotStart(Exception):
    """The process cannot start as it is told to; the text is one line."""


def refused(text: str, code: int) -> int:
    """Say why in one line; give the code."""
    print(f"Error: {text}", file=sys.stderr, flush=True)
    return code
