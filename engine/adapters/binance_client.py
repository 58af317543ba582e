"""The wire to Binance's REST interface: python-binance's client with its own habits taken out.

It never pings the spot host, never follows a redirect, signs exactly the bytes that it sends, sends a request once, and
turns every failure into one of `binance_errors` without keeping the library's exception, which holds signed addresses.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from aiohttp import ClientConnectorError, ClientError, ClientResponse, ClientTimeout, ConnectionTimeoutError

from engine.adapters.binance_budget import Budget, Need
from engine.adapters.binance_errors import CLOCK, TOO_MANY_ORDERS, ExchangeFailed, HeldBack, NoAnswer, NotSent, Refused
from engine.adapters.light_imports import without
from engine.ports import Clock

# The library's other client, its dates in words and its other kinds of keys are never used, and would be half of a start.
with without("requests", "dateparser", "pytz", "Crypto", "Crypto.PublicKey", "Crypto.Hash", "Crypto.Signature"):
    from binance import AsyncClient

LEASE_MS: Final = 3_000  # recvWindow: the exchange itself refuses what arrives later
CONNECT_S: Final = 3.0
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
VERSIONS: Final = {"v1": 1, "v2": 2, "v3": 3}

type Params = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `path` is the exchange's, such as `/fapi/v1/time`."""

    method: str
    path: str
    need: Need
    is_signed: bool = False


class BinanceClient(AsyncClient):  # type: ignore[misc]  # the library ships no types
    """python-binance's transport. Built inside a running loop; `aclose` it."""

    def __init__(self, *, rest_url: str, sapi_url: str, api_key: str, api_secret: str, timeout_s: float, clock: Clock) -> None:
        self._clock = clock
        self.offset_ms = 0
        self.budget = Budget(clock.now_ms, self.exchange_ms)
        timeout = ClientTimeout(total=timeout_s, sock_connect=min(CONNECT_S, timeout_s))
        super().__init__(
            api_key,
            api_secret,
            requests_params={"timeout": timeout, "allow_redirects": False},
            session_params={"trust_env": not is_loopback(rest_url)},
        )
        self.FUTURES_URL = f"{rest_url.rstrip('/')}/fapi"
        self.MARGIN_API_URL = f"{sapi_url.rstrip('/')}/sapi"

    def exchange_ms(self) -> int:
        """The exchange's clock (wire time), from this machine's clock and the offset last measured."""
        return self._clock.now_ms() + self.offset_ms

    def signed(self, params: Params) -> str:
        """The parameters with a timestamp and the short lease, signed: the very text that has to be sent."""
        return self.signed_at(params, self.exchange_ms(), LEASE_MS)

    def signed_at(self, params: Params, timestamp_ms: int, lease_ms: int) -> str:
        """The same for a given timestamp and recvWindow."""
        text = urlencode({**params, "recvWindow": str(lease_ms), "timestamp": str(timestamp_ms)})
        return f"{text}&signature={signature(self.API_SECRET or '', text)}"

    async def call(self, call: Call, params: Params) -> bytes:
        """Send a request once and return the body of a good answer. Raises `ExchangeFailed`."""
        return await self.send(call, self.signed(params) if call.is_signed else urlencode(params))

    async def send(self, call: Call, encoded: str) -> bytes:
        """Send an already encoded (and signed) request once. Raises `ExchangeFailed`."""
        wait_ms = self.budget.wait_ms(call.need)
        if wait_ms:
            raise HeldBack(wait_ms)
        failure: ExchangeFailed
        try:
            return bytes(await self._send(call, encoded))
        except Refused as refused:
            failure = refused
        except (ClientConnectorError, ConnectionTimeoutError) as error:
            failure = NotSent(f"no connection: {type(error).__name__}")
        except TimeoutError:
            failure = NoAnswer("no answer in time")
        except (ClientError, OSError, ValueError) as error:
            failure = NoAnswer(f"the connection broke: {type(error).__name__}")
        raise failure  # outside of the handler, so that it drags no signed address along as its context

    async def aclose(self) -> None:
        """Close the session and the sockets that the library made without being asked."""
        await self.close_connection()
        await self.ws_future.close()

    async def _send(self, call: Call, encoded: str) -> bytes:
        _, family, version, path = call.path.split("/", 3)
        method, data = call.method.lower(), {"encoded": encoded}
        if family == "sapi":
            uri = self._create_margin_api_uri(path, VERSIONS[version])
        else:
            uri = self._create_futures_api_uri(path, VERSIONS[version])
        return await self._request(method, uri, call.is_signed, data=data)  # type: ignore[no-any-return]  # `_handle_response`

    def _get_request_kwargs(self, method: str, signed: bool, force_params: bool = False, **kwargs: Any) -> dict[str, Any]:
        """Replace the library's own signing: what comes in is encoded and signed already."""
        encoded = kwargs["data"]["encoded"]
        request: dict[str, Any] = dict(self._requests_params)
        if encoded:
            request["params" if method == "get" else "data"] = encoded
        return request

    async def _handle_response(self, response: ClientResponse) -> bytes:
        body = await response.read()
        self.budget.note_headers(response.headers)
        if 200 <= response.status < 300:
            return body
        refused = _refused(response.status, body)
        self._note(refused, response.headers)
        raise refused

    def _note(self, refused: Refused, headers: Mapping[str, str]) -> None:
        if refused.code == TOO_MANY_ORDERS:
            self.budget.note_too_many_orders()
        elif refused.status == 418:
            self.budget.note_banned(headers, refused.text)
        elif refused.status == 429:
            self.budget.note_too_many(headers)


def signature(secret: str, text: str) -> str:
    """The exchange's signature of a request."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def is_loopback(url: str) -> bool:
    """Whether a root is on this machine, where no proxy may stand between."""
    return (urlsplit(url).hostname or "") in LOOPBACK


def is_clock_fault(failure: ExchangeFailed) -> bool:
    """Whether the exchange refused because the timestamp was off: the clock has to be read again."""
    return isinstance(failure, Refused) and failure.code in CLOCK


def _refused(status: int, body: bytes) -> Refused:
    """Read an error body. Of a page that is not the exchange's own JSON only two known sentences are kept."""
    try:
        answer = json.loads(body)
        return Refused(status=status, code=int(answer["code"]), text=str(answer["msg"]))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        text = body[:64].decode("ascii", "replace").strip()
        return Refused(
            status=status, code=0, text=text if text in ("Service Unavailable.", "Service Unavailable") else "not JSON"
        )
