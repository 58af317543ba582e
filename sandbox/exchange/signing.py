"""Who is asking: key, signature and time of a request, by the exact rules of reference 2.1."""

import hashlib
import hmac
import re
from typing import Final
from urllib.parse import unquote, unquote_plus

from sandbox.exchange.errors import Refused
from sandbox.exchange.params import Params

DEFAULT_WINDOW_MS: Final = 5_000
MAX_WINDOW_MS: Final = 60_000
AHEAD_MS: Final = 1_000
SIGNATURE: Final = re.compile(r"(?:^|&)signature=([0-9a-fA-F]*)$")
AHEAD_TEXT: Final = "Timestamp for this request was 1000ms ahead of the server's time."


def check_key(header: str | None, api_key: str) -> None:
    """-2014 without a key, -2015 with a wrong one; both come with HTTP 401."""
    if not header:
        raise Refused(-2014)
    if not hmac.compare_digest(header.encode(), api_key.encode()):
        raise Refused(-2015)


def check_signature(query: str, body: str, secret: str) -> None:
    """HMAC-SHA256 over query and body as sent, the signature last: -1102, -1022.

    Tolerated, because python-binance signs its values before they are percent-encoded: the decoded text (reference 11 #2).
    """
    found = SIGNATURE.search(body) or SIGNATURE.search(query)
    if found is None:
        raise Refused(-1022) if "signature=" in query + body else Refused(-1102, "signature")
    if SIGNATURE.search(body):
        body = body[: found.start()]
    else:
        query = query[: found.start()]
    given = found[1].lower()
    texts = (query + body, query + unquote_plus(body), unquote(query) + unquote_plus(body))
    if not any(hmac.compare_digest(given, signature_of(text, secret)) for text in texts):
        raise Refused(-1022)


def signature_of(text: str, secret: str) -> str:
    """Sign a text."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def check_time(params: Params, server_ms: int, *, late_code: int = -1021) -> None:
    """timestamp < server + 1000 and server - timestamp <= recvWindow, judged on the wire clock: -1021.

    The matching engine looks again when the request reaches it, with a code of its own: -5028.
    """
    timestamp = params.integer("timestamp")
    if timestamp is None:
        raise Refused(-1102, "timestamp")
    window = params.integer("recvWindow")
    window_ms = DEFAULT_WINDOW_MS if window is None else window
    if window_ms > MAX_WINDOW_MS:
        raise Refused(-1130, "recvWindow")
    if timestamp >= server_ms + AHEAD_MS:
        raise Refused(-1021, text=AHEAD_TEXT)
    if server_ms - timestamp > window_ms:
        raise Refused(late_code)
