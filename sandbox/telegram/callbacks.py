"""Callback queries: each press of a button gets an id that can be answered once, and soon."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sandbox.telegram.refusals import QUERY_TOO_OLD, bad_request

MAX_OPEN: Final = 10_000


@dataclass(slots=True)
class Query:
    """A press that waits for its answer."""

    query_id: str
    chat_id: int
    message_id: int
    data: str
    born_s: float
    answer: asyncio.Future[dict[str, Any]]


class Callbacks:
    """The open queries."""

    def __init__(self, clock: Callable[[], float], timeout_s: float) -> None:
        self._clock = clock
        self._timeout_s = timeout_s
        self._open: dict[str, Query] = {}

    def open(self, chat_id: int, message_id: int, data: str) -> Query:
        """Make a query for a press."""
        query_id = str(secrets.randbits(62))
        query = Query(query_id, chat_id, message_id, data, self._clock(), asyncio.get_running_loop().create_future())
        self._open[query_id] = query
        if len(self._open) > MAX_OPEN:
            del self._open[next(iter(self._open))]
        return query

    def close(self, query_id: str, answer: dict[str, Any]) -> Query:
        """Answer a query. Raises `Refused` where it is unknown, answered already or too old."""
        query = self._open.pop(query_id, None)
        if query is None or self._clock() - query.born_s > self._timeout_s:
            raise bad_request(QUERY_TOO_OLD)
        if not query.answer.done():
            query.answer.set_result(answer)
        return query

    def expire(self) -> None:
        """Make every open query too old."""
        self._open.clear()
