"""The bot's side of the wire: `/bot<token>/<method>`, with the faults that were asked for."""

import asyncio
from typing import Final

import msgspec
from aiohttp import web

from sandbox.telegram.call import Call, read_call
from sandbox.telegram.desk import Desk
from sandbox.telegram.faults import Fault
from sandbox.telegram.methods import carry_out
from sandbox.telegram.refusals import CONFLICT, Refused, too_many

LIMITED: Final = ("send", "edit")
UNLIMITED: Final = frozenset({"sendchataction"})
SERVER_ERRORS: Final = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable"}


class Dropped(Exception):
    """The connection ends without an answer."""


class Wire:
    """Reads calls, counts them, answers them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one call."""
        desk, name = self._desk, request.match_info["method"].lower()
        desk.calls[name] += 1
        fault = None
        try:
            if request.match_info["token"] != desk.config.token:
                raise Refused(401, "Unauthorized")
            call = await read_call(request)
            fault = desk.faults.take(call.method)
            await self._meet(fault, call)
            result = await carry_out(desk, call)
        except Refused as refusal:
            if has_listener(request):
                desk.errors[name] += 1
            return refused(refusal)
        except Dropped:
            return cut(request)
        if fault is not None and fault.kind == "drop_after":
            return cut(request)
        return web.Response(body=msgspec.json.encode({"ok": True, "result": result}), content_type="application/json")

    async def _meet(self, fault: Fault | None, call: Call) -> None:
        """Let a fault work. Raises `Refused`, or ends the connection."""
        match fault.kind if fault else "":
            case "flood" if fault and is_limited(call.method):
                raise too_many(self._desk.faults.seconds_left(fault))
            case "error" if fault:
                raise Refused(fault.code, SERVER_ERRORS.get(fault.code, "Internal Server Error"))
            case "conflict":
                raise Refused(409, CONFLICT)
            case "hang" if fault:
                await asyncio.sleep(fault.seconds)
            case "drop_before":
                raise Dropped


def has_listener(request: web.Request) -> bool:
    """Say whether the client is still there: a poll that a killed bot left behind is nobody's error."""
    return request.transport is not None and not request.transport.is_closing()


def is_limited(method: str) -> bool:
    """Say whether a method counts as a message."""
    return method.startswith(LIMITED) and method not in UNLIMITED


def refused(refusal: Refused) -> web.Response:
    """Write a refusal as the real one does."""
    body: dict[str, object] = {"ok": False, "error_code": refusal.code, "description": refusal.description}
    if refusal.retry_after is not None:
        body["parameters"] = {"retry_after": refusal.retry_after}
    return web.Response(status=refusal.code, body=msgspec.json.encode(body), content_type="application/json")


def cut(request: web.Request) -> web.Response:
    """End the connection under the client's hands; the response made here reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
