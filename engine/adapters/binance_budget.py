"""How much we may ask: the weight used this minute, the orders placed lately, and the exchange's wishes for silence.

30 % of every budget is kept for exits and for reading the account. A minute of weight is one of the exchange's clock. How
long to be silent is counted on the machine's own: the exchange's may turn out to be another one while we wait.
"""

import re
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from enum import IntEnum
from typing import Final

MINUTE_MS: Final = 60_000
KEPT_FRACTION: Final = 0.30
RECONCILE_FRACTION: Final = 0.95
DEFAULT_WEIGHT: Final = 2_400
DEFAULT_ORDERS: Final = {"1M": 1_200, "10S": 300}
ORDER_WINDOW_MS: Final = {"1M": MINUTE_MS, "10S": 10_000}
DEFAULT_PAUSE_MS: Final = MINUTE_MS  # a 429 without Retry-After
DEFAULT_BAN_MS: Final = 120_000  # the shortest ban
LONGEST_BAN_MS: Final = 3 * 86_400_000
LONGEST_NUMBER: Final = 15  # digits
_BANNED_UNTIL: Final = re.compile(r"banned until (\d{12,14})")


class Need(IntEnum):
    """What a request is for. The higher, the longer it may still be sent."""

    HISTORY = 1
    RECONCILE = 2
    ENTRY = 3
    EXIT = 4  # exits, stops and cancels


class Budget:
    """Counts what the exchange says we used. `now_ms` never leaps; `exchange_ms` is the exchange's clock as far as known."""

    def __init__(self, now_ms: Callable[[], int], exchange_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._exchange_ms = exchange_ms
        self._weight_limit = DEFAULT_WEIGHT
        self._order_limits = dict(DEFAULT_ORDERS)
        self._weight = (0, 0)  # used, and in which minute
        self._orders = dict.fromkeys(DEFAULT_ORDERS, (0, 0))  # placed, and when that was said
        self._paused_until = 0
        self._banned_until = 0
        self._entries_until = 0

    def wait_ms(self, need: Need) -> int:
        """How long such a request has to wait; 0 = it may go now."""
        now = self._now_ms()
        waits = [self._banned_until - now]
        if need is not Need.EXIT:
            waits.append(self._paused_until - now)
        if need is Need.HISTORY and self.weight_used() >= self._weight_limit * (1 - KEPT_FRACTION):
            waits.append(MINUTE_MS - self._exchange_ms() % MINUTE_MS)
        if need is Need.RECONCILE and self.weight_used() >= self._weight_limit * RECONCILE_FRACTION:
            waits.append(MINUTE_MS - self._exchange_ms() % MINUTE_MS)
        if need is Need.ENTRY:
            waits.append(self._entries_until - now)
            waits.extend(self._order_waits(now))
        return max(0, *waits)

    def weight_used(self) -> int:
        """The weight used in the current minute, as far as the exchange said."""
        used, minute = self._weight
        return used if minute == self._exchange_ms() // MINUTE_MS else 0

    def used(self) -> float:
        """The same as a part of the limit."""
        return self.weight_used() / self._weight_limit

    def learn_limits(self, weight: int, orders: Mapping[str, int]) -> None:
        """Take over the limits that the exchange publishes."""
        self._weight_limit = weight or self._weight_limit
        self._order_limits.update({name: limit for name, limit in orders.items() if name in DEFAULT_ORDERS and limit > 0})

    def note_headers(self, headers: Mapping[str, str]) -> None:
        """Read the counters that come with an answer."""
        now = self._now_ms()
        weight = headers.get("X-MBX-USED-WEIGHT-1M", "")
        if _is_number(weight):
            self._weight = (int(weight), self._exchange_ms() // MINUTE_MS)
        for name in DEFAULT_ORDERS:
            count = headers.get(f"X-MBX-ORDER-COUNT-{name}", "")
            if _is_number(count):
                self._orders[name] = (int(count), now)

    def note_too_many(self, headers: Mapping[str, str]) -> None:
        """HTTP 429: everything but exits rests for as long as the exchange asks, within reason."""
        length = min(_retry_after_ms(headers, DEFAULT_PAUSE_MS), LONGEST_BAN_MS)
        self._paused_until = max(self._paused_until, self._now_ms() + length)

    def note_banned(self, headers: Mapping[str, str], text: str) -> None:
        """HTTP 418: not one request until the ban is over. A length is surer than a moment of the exchange's clock.

        The moment is held against the answer's own date: a process that starts within a ban has measured no clock yet.
        What was told may be the rest of a ban that began before us, and short. One of no length, or with an end that is
        past already, is taken for the shortest ban: who goes on asking is banned for longer.
        """
        found = _BANNED_UNTIL.search(text)
        said_ms = _date_ms(headers) or self._exchange_ms()
        otherwise = int(found.group(1)) - said_ms if found else DEFAULT_BAN_MS
        told = _retry_after_ms(headers, otherwise)
        length = min(told, LONGEST_BAN_MS) if told > 0 else DEFAULT_BAN_MS
        self._banned_until = max(self._banned_until, self._now_ms() + length)

    def note_too_many_orders(self) -> None:
        """Too many orders: no entry for one order window."""
        self._entries_until = self._now_ms() + ORDER_WINDOW_MS["10S"]

    def _order_waits(self, now: int) -> list[int]:
        return [
            said_ms + ORDER_WINDOW_MS[name] - now
            for name, (count, said_ms) in self._orders.items()
            if count >= self._order_limits[name] * (1 - KEPT_FRACTION)
        ]


def _retry_after_ms(headers: Mapping[str, str], otherwise: int) -> int:
    text = headers.get("Retry-After", "")
    return int(text) * 1_000 if _is_number(text) else otherwise


def _date_ms(headers: Mapping[str, str]) -> int:
    """When the answer was given, by the clock of who gave it, in whole seconds; 0 where it does not say."""
    try:
        return int(parsedate_to_datetime(headers.get("Date", "")).timestamp() * 1_000)
    except (ValueError, OverflowError):
        return 0


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= LONGEST_NUMBER
