"""What can go wrong with a request to Binance, and what each failure means for an order.

`verdict` is the one place that decides whether an order may exist after all. No text here ever holds an address, a
signature or a key, and no failure keeps the library's exception, which holds all three.
"""

import re
from enum import Enum
from typing import Final

LEASE_OVER: Final = 1  # codes of our own are positive, the exchange's are negative
HELD_BACK: Final = 2
NOT_SENT: Final = 3
CLOCK_UNKNOWN: Final = 4

MAX_TEXT: Final = 200
_SECRET_LIKE: Final = re.compile(r"[0-9A-Za-z]{40,}")  # signatures, listen keys and API keys have 64


class ExchangeFailed(ConnectionError):
    """A request did not bring what was asked for."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NotSent(ExchangeFailed):
    """No connection could be made: not one byte of the request left."""


class HeldBack(ExchangeFailed):
    """We ourselves did not send it: the exchange asked for silence, or the rest of the budget is kept for exits."""

    def __init__(self, wait_ms: int) -> None:
        super().__init__(f"held back for {wait_ms / 1000:.1f} s")
        self.wait_ms = wait_ms


class NoAnswer(ExchangeFailed):
    """The request may have left and nothing that can be read came back."""


class Refused(ExchangeFailed):
    """The exchange answered with an error. `code` 0: the body was not the exchange's own."""

    def __init__(self, *, status: int, code: int, text: str) -> None:
        self.status = status
        self.code = code
        self.text = _SECRET_LIKE.sub("[hidden]", text)[:MAX_TEXT]
        super().__init__(f"HTTP {status}, code {code}: {self.text}")


class Verdict(Enum):
    """Whether an order exists after a failure."""

    NOT_DONE = 1
    EXISTS = 2
    UNKNOWN = 3


DUPLICATE: Final = -4116
NO_SUCH_SYMBOL: Final = -1121
CLOCK: Final = frozenset({-1021, -5028})
NO_SUCH_ORDER: Final = -2013
NOTHING_TO_CANCEL: Final = frozenset({-2011, -2013, -4117})
NOTHING_TO_CHANGE: Final = frozenset({-4046, -4059, -4171})
NO_LISTEN_KEY: Final = -1125
TOO_MANY_ORDERS: Final = -1015
OVERLOADED: Final = -1008

_NOT_DONE_STATUS: Final = frozenset({403, 418, 429})
_NOT_DONE_CODES: Final = frozenset(
    {
        *range(-1015, -1012),
        -1021,
        -1022,
        *range(-1199, -1099),
        -2014,
        -2015,
        -2018,
        -2019,
        -2021,
        -2022,
        -2027,
        -2028,
        *(code for code in range(-4599, -3999) if code != DUPLICATE),
        *range(-5028, -5020),
    }
)
_NOT_DONE_503: Final = ("Service Unavailable", "Internal error; unable to process your request")


def verdict(failure: ExchangeFailed) -> Verdict:
    """Say whether an order exists. Whatever is not known for certain is UNKNOWN: only closed lists say no."""
    if isinstance(failure, NotSent | HeldBack):
        return Verdict.NOT_DONE
    if not isinstance(failure, Refused):
        return Verdict.UNKNOWN
    if failure.code == DUPLICATE:
        return Verdict.EXISTS
    return Verdict.NOT_DONE if _is_not_done(failure) else Verdict.UNKNOWN


def code_of(failure: ExchangeFailed) -> int:
    """The code under which a failure is reported: the exchange's, else the HTTP status, else one of ours."""
    if isinstance(failure, Refused):
        return failure.code or failure.status
    return HELD_BACK if isinstance(failure, HeldBack) else NOT_SENT


def _is_not_done(refused: Refused) -> bool:
    if refused.status in _NOT_DONE_STATUS:
        return True
    if refused.status == 503:
        return refused.code == OVERLOADED or refused.text.startswith(_NOT_DONE_503)
    return 400 <= refused.status < 500 and (refused.code in _NOT_DONE_CODES or refused.code == OVERLOADED)
