"""The people's side of the wire: the chat page, its live events, and a JSON API for tests and for a played owner.

Only pages that came from here may write: a foreign page in the same browser must not reach the bot's owner.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from aiohttp import web

from sandbox.telegram.config import OWNER_ID
from sandbox.telegram.desk import Desk
from sandbox.telegram.faults import BadFault
from sandbox.telegram.person import Impossible, Person

PAGE: Final = Path(__file__).with_name("page")
SHOWN_MESSAGES: Final = 300
MAX_WAIT_S: Final = 60.0
BEAT_S: Final = 15.0
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
RULES: Final = "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; frame-ancestors 'none'"

type Body = dict[str, Any]
type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ChatApi:
    """Routes under /chat/, and the page at /."""

    def __init__(self, desk: Desk, person: Person) -> None:
        self._desk = desk
        self._person = person

    def routes(self) -> list[web.RouteDef]:
        """List what is served."""
        return [
            web.get("/", page),
            web.get("/page/{name}", page),
            web.get("/chat/state", self._state),
            web.get("/chat/events", self._events),
            web.get("/chat/transcript", self._transcript),
            web.get("/chat/counts", self._counts),
            web.get("/chat/file/{file_id}", self._file),
            web.post("/chat/send", guarded(self._send)),
            web.post("/chat/press", guarded(self._press)),
            web.post("/chat/react", guarded(self._react)),
            web.post("/chat/block", guarded(self._block)),
            web.post("/chat/users", guarded(self._add_user)),
            web.post("/chat/inject", guarded(self._inject)),
        ]

    def state(self, user_id: int) -> Body:
        """Give everything that a phone shows when the chat is opened."""
        desk, chat = self._desk, self._desk.chats.add(user_id)
        return {
            "seq": desk.transcript.seq,
            "user": chat.user,
            "users": [other.user for other in desk.chats.chats.values()],
            "bot": desk.chats.bot,
            "profile": desk.profile,
            "is_started": chat.is_started,
            "is_blocked": chat.is_blocked,
            "commands": desk.commands_for(chat),
            "pinned": chat.pinned,
            "messages": list(chat.messages.values())[-SHOWN_MESSAGES:],
        }

    async def _state(self, request: web.Request) -> web.StreamResponse:
        return answer(self.state(user_of(request)))

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Stream what happens, as server-sent events."""
        seq = int(request.headers.get("Last-Event-ID") or request.query.get("since", "0"))
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        try:
            async for line in self._lines(seq, user_of(request)):
                await response.write(line)
        except ConnectionError:
            pass  # the page was closed
        return response

    async def _lines(self, seq: int, user_id: int) -> AsyncIterator[bytes]:
        while True:
            events = await self._desk.transcript.wait(seq, user_id, BEAT_S)
            for event in events:
                seq = event["seq"]
                yield b"id: %d\ndata: %s\n\n" % (seq, msgspec.json.encode(event))
            if not events:
                yield b": still here\n\n"

    async def _transcript(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        chat_id = int(query["chat"]) if "chat" in query else None
        wait_s = min(float(query.get("wait_s", "0")), MAX_WAIT_S)
        events = await self._desk.transcript.wait(int(query.get("since", "0")), chat_id, wait_s)
        return answer({"seq": self._desk.transcript.seq, "events": events})

    async def _counts(self, request: web.Request) -> web.StreamResponse:
        desk = self._desk
        return answer({"counts": totals(desk), "calls": dict(desk.calls), "errors": dict(desk.errors)})

    async def _file(self, request: web.Request) -> web.StreamResponse:
        stored = self._desk.files.kept.get(request.match_info["file_id"])
        if stored is None:
            raise web.HTTPNotFound
        is_picture = "width" in stored.described
        kind = "image/png" if stored.upload.body.startswith(b"\x89PNG") else "image/jpeg"
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=86400"}
        if not is_picture:
            headers["Content-Disposition"] = "attachment"
        return web.Response(
            body=stored.upload.body, content_type=kind if is_picture else "application/octet-stream", headers=headers
        )

    async def _send(self, body: Body) -> Body:
        reply_to = body.get("reply_to")
        message = self._person.send(int(body.get("user", OWNER_ID)), str(body["text"]), int(reply_to) if reply_to else None)
        return {"message": message}

    async def _press(self, body: Body) -> Body:
        user_id, message_id = int(body.get("user", OWNER_ID)), int(body["message_id"])
        data = str(body["data"]) if "data" in body else self._person.data_at(user_id, message_id, int(body["index"]))
        query = self._person.press(user_id, message_id, data, stale=bool(body.get("stale")))
        wait_s = min(float(body.get("wait_s", 0)), MAX_WAIT_S)
        reply = await self._person.answer_to(query, wait_s) if wait_s > 0 else None
        return {"query_id": query.query_id, "answer": reply}

    async def _react(self, body: Body) -> Body:
        self._person.react(int(body.get("user", OWNER_ID)), int(body["message_id"]), str(body["emoji"]))
        return {}

    async def _block(self, body: Body) -> Body:
        self._person.block(int(body.get("user", OWNER_ID)), is_blocked=bool(body["is_blocked"]))
        return {}

    async def _add_user(self, body: Body) -> Body:
        return {"user": self._desk.chats.add(int(body["id"]), str(body.get("name", ""))).user}

    async def _inject(self, body: Body) -> Body:
        kind = str(body["kind"])
        if kind == "clear":
            self._desk.faults.clear()
        elif kind == "expire":
            self._desk.callbacks.expire()
        else:
            self._desk.faults.add(
                kind,
                method=str(body.get("method", "")),
                times=int(body.get("times", 1)),
                seconds=float(body.get("seconds", 5)),
                code=int(body.get("code", 500)),
            )
            if kind == "conflict":
                self._desk.updates.interrupt()
        return {}


def totals(desk: Desk) -> dict[str, int]:
    """Count messages, edits, presses, texts of people, and refusals."""
    names = ("messages", "edits", "callbacks", "texts")
    return {**{name: desk.counts[name] for name in names}, "errors": desk.errors.total()}


def guarded(deed: Callable[[Body], Awaitable[Body]]) -> Handler:
    """Read a JSON body and do what it asks for; nonsense is 400, a foreign page is 403."""

    async def handler(request: web.Request) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        if request.content_type != "application/json" or (origin and urlsplit(origin).netloc != request.host):
            raise web.HTTPForbidden(text="only JSON from this page")
        try:
            body = msgspec.json.decode(await request.read(), type=dict[str, Any])
            return answer(await deed(body))
        except (Impossible, BadFault, msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
            return answer({"error": str(error) or type(error).__name__}, status=400)

    return handler


@web.middleware
async def only_loopback(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse names that somebody made point here (DNS rebinding)."""
    if urlsplit(f"//{request.host}").hostname not in LOOPBACK:
        raise web.HTTPForbidden(text="loopback only")
    return await handler(request)


async def page(request: web.Request) -> web.StreamResponse:
    """Serve the page and its parts."""
    file = PAGE / request.match_info.get("name", "index.html")
    if file.parent != PAGE or not file.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(file, headers={"Content-Security-Policy": RULES, "Cache-Control": "no-cache"})


def user_of(request: web.Request) -> int:
    """Read who looks."""
    text = request.query.get("user", "")
    return int(text) if text.isdecimal() else OWNER_ID


def answer(body: Body, status: int = 200) -> web.Response:
    """Answer with JSON."""
    return web.Response(status=status, body=msgspec.json.encode(body), content_type="application/json")
