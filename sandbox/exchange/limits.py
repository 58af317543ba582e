"""Request weight and order counts per wall-clock window, and what happens above them: 429, then 418 (reference 2.2)."""

from dataclasses import dataclass
from typing import Any, Final

from sandbox.exchange.errors import BANNED, Refused

MINUTE_MS: Final = 60_000
TEN_SECONDS_MS: Final = 10_000
FIVE_MINUTES_MS: Final = 300_000
WEIGHT_PER_MINUTE: Final = 2_400
ORDERS_PER_MINUTE: Final = 1_200
ORDERS_PER_TEN_SECONDS: Final = 300
FUNDING_PER_FIVE_MINUTES: Final = 500
TOLERATED_AFTER_LIMIT: Final = 10  # requests that ignore 429 before the ban
FIRST_BAN_MS: Final = 120_000


@dataclass(slots=True)
class Window:
    """A counter that starts anew with each whole window of wire time."""

    length_ms: int
    limit: int
    used: int = 0
    number: int = -1

    def add(self, amount: int, now_ms: int) -> None:
        """Count."""
        if now_ms // self.length_ms != self.number:
            self.number, self.used = now_ms // self.length_ms, 0
        self.used += amount

    @property
    def is_over(self) -> bool:
        """Whether more was used than allowed."""
        return self.used > self.limit

    def seconds_left(self, now_ms: int) -> int:
        """Say how long the window still lasts."""
        return max(1, -(-(self.length_ms - now_ms % self.length_ms) // 1000))


class LimitHit(Refused):
    """Too much: carries the HTTP status and how long to wait."""

    def __init__(self, code: int, http_status: int, retry_after_s: int, text: str) -> None:
        super().__init__(code, text=text)
        self.http_status = http_status
        self.retry_after_s = retry_after_s

    @property
    def status(self) -> int:
        """429, or 418 under a ban."""
        return self.http_status


class Limits:
    """The counters of one client; what counts is published in exchangeInfo.

    A `scale` below 1 narrows all limits. Above 1 every request counts for less, unseen by the client: a market that runs
    faster than the wire puts hours of requests into a minute.
    """

    def __init__(self, scale: float) -> None:
        self._counts_for = max(1.0, scale)
        self.weight = Window(MINUTE_MS, int(WEIGHT_PER_MINUTE * scale))
        self.orders_minute = Window(MINUTE_MS, int(ORDERS_PER_MINUTE * scale))
        self.orders_ten_seconds = Window(TEN_SECONDS_MS, int(ORDERS_PER_TEN_SECONDS * scale))
        self.funding = Window(FIVE_MINUTES_MS, int(FUNDING_PER_FIVE_MINUTES * scale))
        self._ignored = 0
        self._banned_until_ms = 0
        self._ban_ms = FIRST_BAN_MS

    def count_weight(self, weight: int, now_ms: int) -> None:
        """Count a request's weight; above the limit 429, and a ban for whoever goes on: -1003."""
        if now_ms < self._banned_until_ms:
            self._refuse_banned(now_ms)
        self.weight.add(weight, now_ms)
        if not self.weight.is_over:
            self._ignored = 0
            return
        self._ignored += 1
        if self._ignored > TOLERATED_AFTER_LIMIT:
            self._banned_until_ms = now_ms + self._ban_ms
            self._ban_ms *= 2
            self._refuse_banned(now_ms)
        text = f"Too many requests; current limit is {self.weight.limit} requests per minute."
        raise LimitHit(-1003, 429, self.weight.seconds_left(now_ms), text)

    def count_funding(self, now_ms: int) -> None:
        """The pool that fundingRate and fundingInfo share."""
        self.funding.add(1, now_ms)
        if self.funding.is_over:
            raise LimitHit(-1003, 429, self.funding.seconds_left(now_ms), "Too many requests.")

    def count_order(self, now_ms: int) -> None:
        """Count a new order in both windows: -1015."""
        for window, words in ((self.orders_ten_seconds, "10 SECOND"), (self.orders_minute, "1 MINUTE")):
            window.add(1, now_ms)
            if window.is_over:
                text = f"Too many new orders; current limit is {window.limit} orders per {words}."
                raise LimitHit(-1015, 429, window.seconds_left(now_ms), text)

    def published(self) -> list[dict[str, Any]]:
        """Give the limits as exchangeInfo shows them."""
        rows = (
            ("REQUEST_WEIGHT", "MINUTE", 1, self.weight),
            ("ORDERS", "MINUTE", 1, self.orders_minute),
            ("ORDERS", "SECOND", 10, self.orders_ten_seconds),
        )
        return [
            {"rateLimitType": kind, "interval": unit, "intervalNum": number, "limit": self._shown(window.limit)}
            for kind, unit, number, window in rows
        ]

    def headers(self, *, is_order: bool) -> dict[str, str]:
        """Give the counters as answer headers."""
        headers = {"X-MBX-USED-WEIGHT-1M": str(self._shown(self.weight.used))}
        if is_order:
            headers["X-MBX-ORDER-COUNT-1M"] = str(self._shown(self.orders_minute.used))
            headers["X-MBX-ORDER-COUNT-10S"] = str(self._shown(self.orders_ten_seconds.used))
        return headers

    def _shown(self, count: int) -> int:
        return int(count / self._counts_for)

    def _refuse_banned(self, now_ms: int) -> None:
        left_s = -(-(self._banned_until_ms - now_ms) // 1000)
        text = f"Way too many requests; IP banned until {self._banned_until_ms}. Please use the websocket for live updates."
        raise LimitHit(-1003, BANNED, left_s, text)
