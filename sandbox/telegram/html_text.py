"""HTML as the Bot API reads it: a text and its entities, or the refusal with the real one's words and byte offsets.

Offsets of entities count UTF-16 units, offsets in refusals count UTF-8 bytes.
"""

import re
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.telegram.refusals import Refused, bad_request

PLAIN_TAGS: Final = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "blockquote": "blockquote",
    "a": "text_link",
    "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
}
NAMED: Final = {b"lt": "<", b"gt": ">", b"amp": "&", b"quot": '"'}
REFERENCE: Final = re.compile(rb"&(?:#x([0-9a-fA-F]{1,8})|#([0-9]{1,8})|(lt|gt|amp|quot)(?![0-9a-zA-Z]));?")
START_NAME: Final = re.compile(rb"[^\s>]*")
ATTRIBUTE_NAME: Final = re.compile(rb"[^\s=>]*")
BARE_VALUE: Final = re.compile(rb"[0-9a-zA-Z.\-]*")
END_NAME: Final = re.compile(rb"[^\s>]*")
SPACES: Final = re.compile(rb"\s*")
TIME_FORMAT: Final = re.compile(r"r|w?[dD]?[tT]?")
LAST_CODE_POINT: Final = 0x10FFFF
SURROGATES: Final = range(0xD800, 0xE000)

type Entity = dict[str, Any]


@dataclass(slots=True)
class OpenTag:
    """A start tag that still waits for its end."""

    name: str
    attributes: dict[str, str]
    offset: int
    order: int

    @property
    def language(self) -> str:
        """The language that `<code class="language-...">` names."""
        kind = self.attributes.get("class", "")
        return kind.removeprefix("language-") if kind.startswith("language-") else ""


@dataclass(slots=True)
class Reader:
    """Walks over the bytes once. `width` is the length of the text so far, in UTF-16 units."""

    raw: bytes
    at: int = 0
    width: int = 0
    parts: list[str] = field(default_factory=list)
    open_tags: list[OpenTag] = field(default_factory=list)
    entities: list[tuple[int, Entity]] = field(default_factory=list)
    tags_seen: int = 0
    languages: dict[tuple[int, int], str] = field(default_factory=dict)

    def read(self) -> tuple[str, list[Entity]]:
        """Read everything."""
        while self.at < len(self.raw):
            if self.raw[self.at] == ord("<"):
                if self.raw[self.at + 1 : self.at + 2] == b"/":
                    self._read_end()
                else:
                    self._read_start()
            else:
                self._read_text()
        if self.open_tags:
            raise unparsable(f'Can\'t find end tag corresponding to start tag "{self.open_tags[-1].name}"')
        # the wider one first; of equal ones the outer one first
        in_order = sorted(self.entities, key=lambda pair: (pair[1]["offset"], -pair[1]["length"], pair[0]))
        return "".join(self.parts), [entity for _, entity in in_order]

    def _read_text(self) -> None:
        found = REFERENCE.match(self.raw, self.at)
        decoded = decoded_reference(found) if found else None
        if found and decoded is not None:
            self.at = found.end()
            self._add(decoded)
            return
        stops = [stop for stop in (self.raw.find(b"<", self.at + 1), self.raw.find(b"&", self.at + 1)) if stop > 0]
        end = min(stops, default=len(self.raw))
        self._add(self.raw[self.at : end].decode())
        self.at = end

    def _add(self, text: str) -> None:
        self.parts.append(text)
        self.width += utf16_length(text)

    def _read_start(self) -> None:
        began = self.at
        name = self._take(START_NAME, began + 1).lower()
        if self.at >= len(self.raw):
            raise unparsable(f"Unclosed start tag at byte offset {began}")
        if name not in PLAIN_TAGS:
            raise unparsable(f'Unsupported start tag "{name}" at byte offset {began}')
        attributes: dict[str, str] = {}
        while True:
            self._take(SPACES, self.at)
            if self.raw[self.at : self.at + 1] == b">":
                break
            self._read_attribute(name, began, attributes)
        self.at += 1
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise unparsable(f'Tag "span" must have class "tg-spoiler" at byte offset {began}')
        self.open_tags.append(OpenTag(name, attributes, self.width, self.tags_seen))
        self.tags_seen += 1

    def _read_attribute(self, tag: str, began: int, attributes: dict[str, str]) -> None:
        if self.at >= len(self.raw):
            raise unparsable(f'Unclosed start tag "{tag}" at byte offset {began}')
        name = self._take(ATTRIBUTE_NAME, self.at)
        if not name:
            raise unparsable(f'Empty attribute name in the tag "{tag}" at byte offset {began}')
        self._take(SPACES, self.at)
        if self.raw[self.at : self.at + 1] != b"=":
            attributes[name.lower()] = ""
            return
        self._take(SPACES, self.at + 1)
        if self.at >= len(self.raw):
            raise unparsable(f'Unclosed start tag "{tag}" at byte offset {began}')
        attributes[name.lower()] = self._read_value(began)

    def _read_value(self, began: int) -> str:
        quote = self.raw[self.at : self.at + 1]
        if quote not in (b'"', b"'"):
            token = self.at
            value = self._take(BARE_VALUE, token)
            if self.raw[self.at : self.at + 1] not in (b">", b" ", b"\t", b"\n", b"\r"):
                raise unparsable(f"Unexpected end of name token at byte offset {token}")
            return value.lower()
        end = self.raw.find(quote, self.at + 1)
        if end < 0:
            raise unparsable(f"Unclosed start tag at byte offset {began}")
        inside = self.raw[self.at + 1 : end]
        self.at = end + 1
        return decoded_all(inside)

    def _read_end(self) -> None:
        began = self.at
        if not self.open_tags:
            raise unparsable(f"Unexpected end tag at byte offset {began}")
        name = self._take(END_NAME, began + 2).lower()
        self._take(SPACES, self.at)
        if self.raw[self.at : self.at + 1] != b">":
            raise unparsable(f"Unclosed end tag at byte offset {began}")
        tag = self.open_tags.pop()
        if name and name != tag.name:
            raise unparsable(f'Unmatched end tag at byte offset {began}, expected "</{tag.name}>", found "</{name}>"')
        self.at += 1
        length = self.width - tag.offset
        if length > 0:
            self._close(tag, length)

    def _close(self, tag: OpenTag, length: int) -> None:
        details = entity_details(tag, self._text_since(tag.offset))
        if details is None:
            return
        span = (tag.offset, length)
        entity = {"type": PLAIN_TAGS[tag.name], "offset": tag.offset, "length": length, **details}
        if tag.name == "code" and tag.language:
            self.languages[span] = tag.language
        if tag.name == "pre" and span in self.languages:
            entity["language"] = self.languages[span]
            self.entities.pop()  # the code tag of the same span only named the language
        self.entities.append((tag.order, entity))

    def _text_since(self, offset: int) -> str:
        return utf16_slice("".join(self.parts), offset, self.width - offset)

    def _take(self, pattern: re.Pattern[bytes], at: int) -> str:
        found = pattern.match(self.raw, at)
        assert found is not None  # each pattern also matches nothing
        self.at = found.end()
        return found.group().decode(errors="replace")


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """Read a text with its tags. Raises `Refused`."""
    return Reader(source.encode()).read()


def unparsable(words: str) -> Refused:
    """Say what is wrong with the markup."""
    return bad_request(f"can't parse entities: {words}")


def entity_details(tag: OpenTag, text: str) -> dict[str, Any] | None:
    """Give what an entity carries besides its place; None where the tag means nothing (a link to nowhere)."""
    attributes = tag.attributes
    if tag.name == "a":
        url = attributes.get("href") or text
        return {"url": url} if "." in url or "://" in url or url.startswith("tg:") else None
    if tag.name == "blockquote":
        return {"type": "expandable_blockquote"} if "expandable" in attributes else {}
    if tag.name == "tg-emoji":
        if not attributes.get("emoji-id", "").isdecimal():
            raise unparsable("Invalid custom emoji identifier specified")
        return {"custom_emoji_id": attributes["emoji-id"]}
    if tag.name == "tg-time":
        return time_details(attributes)
    return {}


def time_details(attributes: dict[str, str]) -> dict[str, Any]:
    """Read a moment and how it is to be drawn."""
    if not attributes.get("unix", "").isdecimal():
        raise unparsable("Invalid Unix time specified")
    form = attributes.get("format", "")
    if not TIME_FORMAT.fullmatch(form):
        raise unparsable("Invalid date-time format specified")
    return {"unix_time": int(attributes["unix"]), **({"date_time_format": form} if form else {})}


def decoded_reference(found: re.Match[bytes]) -> str | None:
    """Read `&lt;` and the like; None where the real one leaves the characters as they are."""
    hexadecimal, decimal, name = found.groups()
    if name:
        return NAMED[name]
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    if code in SURROGATES:
        raise bad_request(
            "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units"
        )
    return chr(code) if 0 < code < LAST_CODE_POINT else None


def decoded_all(raw: bytes) -> str:
    """Read the references inside a quoted value."""

    def one(found: re.Match[bytes]) -> bytes:
        text = decoded_reference(found)
        return found.group() if text is None else text.encode()

    return REFERENCE.sub(one, raw).decode(errors="replace")


def utf16_length(text: str) -> int:
    """Count UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def utf16_slice(text: str, offset: int, length: int) -> str:
    """Cut by UTF-16 units."""
    return text.encode("utf-16-le")[2 * offset : 2 * (offset + length)].decode("utf-16-le", errors="replace")
