"""How the Bot API says no: a code and the words of the real one."""

from typing import Final

NOT_MODIFIED: Final = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content"
    " and reply markup of the message"
)
QUERY_TOO_OLD: Final = "query is too old and response timeout expired or query ID is invalid"
CONFLICT: Final = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


class Refused(Exception):
    """An answer with `ok: false`."""

    def __init__(self, code: int, description: str, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after


def bad_request(words: str) -> Refused:
    """400: the call asks for what cannot be."""
    return Refused(400, f"Bad Request: {words}")


def forbidden(words: str) -> Refused:
    """403: the user does not want it."""
    return Refused(403, f"Forbidden: {words}")


def too_many(retry_after: int) -> Refused:
    """429: later."""
    return Refused(429, f"Too Many Requests: retry after {retry_after}", retry_after)
