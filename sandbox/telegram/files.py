"""Pictures and documents that came with messages. Only the newest are kept."""

import re
import secrets
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.telegram.call import Call, Upload
from sandbox.telegram.refusals import Refused, bad_request

MAX_FILES: Final = 300
PHOTO_BYTES: Final = 10 * 1024 * 1024
PHOTO_SIDES: Final = 10_000
PHOTO_RATIO: Final = 20
PNG: Final = b"\x89PNG\r\n\x1a\n"
JPEG_FRAME: Final = re.compile(rb"\xff[\xc0-\xc3\xc5-\xc7\xc9-\xcb\xcd-\xcf]..\x08(..)(..)", re.DOTALL)
ATTACHED: Final = "attach://"


@dataclass(frozen=True, slots=True)
class Stored:
    """A file and how the Bot API describes it."""

    upload: Upload
    described: dict[str, Any]


@dataclass(slots=True)
class Files:
    """Files by their id."""

    kept: dict[str, Stored] = field(default_factory=dict)

    def photo(self, call: Call, source: str) -> list[dict[str, Any]]:
        """Take in a picture; give its sizes. Raises `Refused`."""
        known = self.kept.get(source)
        if known is not None and "width" in known.described:
            return [known.described]
        upload = attached(call, source)
        if len(upload.body) > PHOTO_BYTES:
            raise Refused(413, "Request Entity Too Large")
        width, height = picture_size(upload.body)
        if width + height > PHOTO_SIDES or max(width, height) > PHOTO_RATIO * min(width, height):
            raise bad_request("PHOTO_INVALID_DIMENSIONS")
        return [self._keep(upload, {"width": width, "height": height})]

    def document(self, call: Call, source: str) -> dict[str, Any]:
        """Take in a document. Raises `Refused`."""
        known = self.kept.get(source)
        if known is not None and "file_name" in known.described:
            return known.described
        upload = attached(call, source)
        if not upload.body:
            raise bad_request("file must be non-empty")
        return self._keep(upload, {"file_name": upload.name, "mime_type": upload.kind})

    def _keep(self, upload: Upload, details: dict[str, Any]) -> dict[str, Any]:
        file_id = secrets.token_urlsafe(32)
        described = {"file_id": file_id, "file_unique_id": file_id[:12], "file_size": len(upload.body), **details}
        self.kept[file_id] = Stored(upload, described)
        if len(self.kept) > MAX_FILES:
            del self.kept[next(iter(self.kept))]
        return described


def attached(call: Call, source: str) -> Upload:
    """Find the file that a parameter means. Raises `Refused`; nothing is ever fetched from an address."""
    if source.startswith(ATTACHED):
        upload = call.files.get(source.removeprefix(ATTACHED))
        if upload is None:
            raise bad_request("can't find the attached file")
        return upload
    raise bad_request("wrong file identifier/HTTP URL specified")


def picture_size(body: bytes) -> tuple[int, int]:
    """Read width and height of a PNG or JPEG. Raises `Refused`."""
    if body.startswith(PNG) and len(body) > 24:
        return int.from_bytes(body[16:20]), int.from_bytes(body[20:24])
    frame = JPEG_FRAME.search(body) if body.startswith(b"\xff\xd8") else None
    if frame is None:
        raise bad_request("IMAGE_PROCESS_FAILED")
    return int.from_bytes(frame[2]), int.from_bytes(frame[1])
