"""The REST door: reads a request, checks key, signature, time and limits, plays the faults, answers in the exchange's words."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from sandbox.exchange.config import VenueConfig
from sandbox.exchange.endpoints import Answer, Desk, Endpoint, Security
from sandbox.exchange.errors import BAD_REQUEST, Refused
from sandbox.exchange.faults import UNAVAILABLE_TEXT, UNKNOWN_TEXT, AnswerFault, AnswerFaults
from sandbox.exchange.limits import LimitHit
from sandbox.exchange.params import Params
from sandbox.exchange.signing import check_key, check_signature, check_time

JSON_TYPE: Final = "application/json"
HTML: Final = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came in. Query and body are kept as sent: the signature stands over them."""

    method: str
    path: str
    query: str
    body: str
    key: str | None
    params: Params
    endpoint: Endpoint | None


class Witness(Protocol):
    """Sees every request, may keep it waiting, and says whether it goes on: `False` cuts the connection instead."""

    async def before(self, asked: Asked) -> bool:
        """A request came in; nothing of it was looked at yet."""

    async def after(self, asked: Asked) -> bool:
        """It was carried out or refused; the answer has not left yet."""


class Gate:
    """One table of endpoints behind all checks. `witness` is nobody unless somebody wants to see."""

    def __init__(self, desk: Desk, config: VenueConfig, endpoints: Iterable[Endpoint], faults: AnswerFaults) -> None:
        self._desk = desk
        self._config = config
        self.witness: Witness | None = None
        self._faults = faults
        self._table = {(row.method, row.path): row for row in endpoints}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        asked = await self._read(request)
        if self.witness is None:
            return await self._served(asked, request.transport)
        if not await self.witness.before(asked):
            return _cut(request.transport)
        answer = await self._served(asked, request.transport)
        return answer if await self.witness.after(asked) else _cut(request.transport)

    async def _served(self, asked: Asked, transport: asyncio.Transport | None) -> web.StreamResponse:
        fault = self._faults.take(asked.path, asked.method, asked.params)
        if fault is None:
            return self.answer(asked)
        return await self._play(fault, asked, transport)

    async def _read(self, request: web.Request) -> Asked:
        query = request.raw_path.partition("?")[2]
        body = await _body(request)
        return Asked(
            method=request.method,
            path=request.path,
            query=query,
            body=body,
            key=request.headers.get("X-MBX-APIKEY"),
            params=Params(dict(parse_qsl(body, keep_blank_values=True)) | dict(parse_qsl(query, keep_blank_values=True))),
            endpoint=self._table.get((request.method, request.path)),
        )

    def answer(self, request: Asked) -> web.Response:
        """Check a request and carry it out; never waits and plays no faults."""
        try:
            response = _json_response(self._carry_out(request, self._admit(request)))
        except Refused as refused:
            response = _refusal(refused)
        return self._finished(request, response)

    async def _answer_late(self, request: Asked, delay_s: float) -> web.Response:
        """Let a request pass the door in time and reach the matching engine late (reference 2.1)."""
        try:
            endpoint = self._admit(request)
            await asyncio.sleep(delay_s)
            if endpoint.security is Security.SIGNED:
                check_time(request.params, self._desk.exchange.wire.now_ms(), late_code=-5028)
            response = _json_response(self._carry_out(request, endpoint))
        except Refused as refused:
            response = _refusal(refused)
        return self._finished(request, response)

    def _admit(self, request: Asked) -> Endpoint:
        """Check limits, key, time and signature."""
        desk, endpoint = self._desk, request.endpoint
        now_ms = desk.exchange.wire.now_ms()
        desk.limits.count_weight(endpoint.weight(request.params) if endpoint else 1, now_ms)
        if endpoint is None:
            raise Refused(-5000, request.path, request.method)
        if endpoint.is_pooled:
            desk.limits.count_funding(now_ms)
        if endpoint.security is not Security.OPEN:
            check_key(request.key, self._config.api_key)
        if endpoint.security is Security.SIGNED:
            check_time(request.params, now_ms)
            check_signature(request.query, request.body, self._config.api_secret)
        if endpoint.is_order:
            desk.limits.count_order(now_ms)
        return endpoint

    def _carry_out(self, request: Asked, endpoint: Endpoint) -> Answer:
        desk = self._desk
        try:
            return endpoint.handler(desk, request.params)
        finally:
            if request.method != "GET":
                desk.exchange.ledger.writes += 1
            desk.broadcast.news()

    def _finished(self, request: Asked, response: web.Response) -> web.Response:
        is_order = request.endpoint is not None and request.endpoint.is_order
        response.headers.update(self._desk.limits.headers(is_order=is_order))
        self._note(request, response.status)
        return response

    async def _play(self, fault: AnswerFault, request: Asked, transport: asyncio.Transport | None) -> web.StreamResponse:
        """Answer falsely. Faults whose name says so act before they fail: the caller cannot know (reference 2.3)."""
        if fault.kind == "slow_engine":
            return await self._answer_late(request, fault.delay_s)
        if fault.kind == "slow":
            await asyncio.sleep(fault.delay_s)
        done = self.answer(request) if fault.acts_first else None
        if done is None:
            self._note(request, 0)
        if fault.kind.startswith("timeout") or fault.kind == "slow_answer":
            await asyncio.sleep(fault.delay_s)
        if fault.kind in ("slow", "slow_answer") and done is not None:
            return done
        if fault.kind.startswith(("drop", "timeout")) and transport is not None:
            transport.abort()
        if fault.code is not None:
            return _refusal(Refused(fault.code, "", ""))
        if fault.kind.startswith("html"):
            return web.Response(status=502, text=HTML, content_type="text/html")
        text = UNAVAILABLE_TEXT if fault.kind == "503_unavailable" else UNKNOWN_TEXT
        return web.Response(status=503, text=text, content_type="text/plain")

    def _note(self, request: Asked, status: int) -> None:
        self._desk.exchange.ledger.requests[request.method, request.path, status] += 1


def _cut(transport: asyncio.Transport | None) -> web.StreamResponse:
    """End the connection without a word; what is returned reaches nobody."""
    if transport is not None:
        transport.abort()
    return web.Response(status=503)


async def _body(request: web.Request) -> str:
    """Read a form body, which every method but GET may have (reference 2.1)."""
    if request.method == "GET" or not request.can_read_body:
        return ""
    text = await request.text()
    return text if request.content_type in (FORM, "application/octet-stream", "text/plain") else ""


def _json_response(content: Answer) -> web.Response:
    body = content if isinstance(content, bytes) else msgspec.json.encode(content)
    return web.Response(body=body, content_type=JSON_TYPE)


def _refusal(refused: Refused) -> web.Response:
    response = web.Response(
        status=refused.status or BAD_REQUEST,
        body=msgspec.json.encode({"code": refused.code, "msg": refused.text}),
        content_type=JSON_TYPE,
    )
    if isinstance(refused, LimitHit):
        response.headers["Retry-After"] = str(refused.retry_after_s)
    return response
