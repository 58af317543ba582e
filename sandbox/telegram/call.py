"""One call of a method: its parameters and files, however the client chose to send them."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from sandbox.telegram.refusals import Refused, bad_request

MAX_BODY: Final = 50 * 1024 * 1024
TRUE: Final = frozenset({"true", "yes", "1"})


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a call."""

    name: str
    kind: str
    body: bytes


@dataclass(slots=True)
class Call:
    """What a client asks for. Names of methods do not care about case."""

    method: str
    params: dict[str, str] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Give a parameter, "" where it is missing."""
        return self.params.get(name, "")

    def number(self, name: str, default: int = 0) -> int:
        """Give a whole number; the real one reads nonsense as nothing."""
        text = self.text(name).strip()
        return int(text) if text.lstrip("-").isdecimal() else default

    def flag(self, name: str) -> bool:
        """Give a switch."""
        return self.text(name).lower() in TRUE

    def json(self, name: str, default: Any) -> Any:
        """Give a parameter that holds JSON."""
        text = self.text(name)
        if not text:
            return default
        try:
            return json.loads(text)
        except ValueError:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from None


async def read_call(request: web.Request) -> Call:
    """Read a call from address, form, multipart or JSON. Raises `Refused`."""
    call = Call(request.match_info["method"].lower(), dict(request.query))
    if request.method == "GET" or not request.can_read_body:
        return call
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            raise bad_request("can't parse JSON object") from None
        if not isinstance(body, dict):
            raise bad_request("object expected as parameters")
        call.params |= {name: as_text(value) for name, value in body.items() if value is not None}
        return call
    await read_form(request, call)
    return call


async def read_form(request: web.Request, call: Call) -> None:
    """Read a form, with or without files."""
    try:
        fields = await request.post()
    except web.HTTPRequestEntityTooLarge:
        raise Refused(413, "Request Entity Too Large") from None
    for name, value in fields.items():
        if isinstance(value, web.FileField):
            call.files[name] = Upload(value.filename, value.content_type, value.file.read())
            value.file.close()
        elif isinstance(value, str):
            call.params[name] = value
        else:  # a part without a file name but with a type of its own
            call.params[name] = bytes(value).decode(errors="replace")


def as_text(value: object) -> str:
    """Write a JSON value the way a form carries it."""
    return value if isinstance(value, str) else json.dumps(value)
