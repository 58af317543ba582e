"""The text of a message as a call gives it: markup read, edges trimmed, lengths kept, commands and links found."""

import re
from typing import Any, Final

from sandbox.telegram.call import Call
from sandbox.telegram.html_text import Entity, parse_html, utf16_length, utf16_slice
from sandbox.telegram.refusals import bad_request

TEXT_LENGTH: Final = 4096
CAPTION_LENGTH: Final = 1024
ENTITY_TYPES: Final = frozenset(
    {
        "mention",
        "hashtag",
        "cashtag",
        "bot_command",
        "url",
        "email",
        "phone_number",
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "blockquote",
        "expandable_blockquote",
        "code",
        "pre",
        "text_link",
        "text_mention",
        "custom_emoji",
        "date_time",
    }
)
LITERAL: Final = frozenset({"code", "pre", "text_link", "text_mention", "date_time", "custom_emoji"})
FOUND: Final = (
    ("url", re.compile(r"\bhttps?://[^\s<>\"']+[^\s<>\"'.,:;!?)\]]")),
    ("bot_command", re.compile(r"(?<![\w/<>@:.])/[A-Za-z0-9_]{1,32}(?:@\w{5,32})?\b(?!/)")),
    ("mention", re.compile(r"(?<![\w@/])@[A-Za-z]\w{4,31}\b")),
    ("hashtag", re.compile(r"(?<![\w#&/])#(?=\w*[^\W\d])\w{1,256}\b")),
    ("cashtag", re.compile(r"(?<![\w$])\$[A-Z]{3,8}\b")),
)

type Formatted = tuple[str, list[Entity]]


def read_text(call: Call) -> Formatted:
    """Read `text`. Raises `Refused`."""
    text, entities = formatted(call, "text", "entities")
    if not text:
        raise bad_request("message text is empty")
    if utf16_length(text) > TEXT_LENGTH:
        raise bad_request("message is too long")
    return text, entities


def read_caption(call: Call) -> Formatted:
    """Read `caption`, which may be empty. Raises `Refused`."""
    text, entities = formatted(call, "caption", "caption_entities")
    if utf16_length(text) > CAPTION_LENGTH:
        raise bad_request("message caption is too long")
    return text, entities


def formatted(call: Call, name: str, entities_name: str) -> Formatted:
    """Read a text with its entities, given as markup or as a list."""
    source, mode = call.text(name).replace("\r", ""), call.text("parse_mode").lower()
    if mode == "html":
        text, entities = parse_html(source)
    elif mode in ("", "none"):
        text, entities = source, listed(call, entities_name)
    elif mode in ("markdown", "markdownv2"):
        raise bad_request(f"parse_mode {call.text('parse_mode')} is not read by this sandbox, use HTML")
    else:
        raise bad_request("unsupported parse_mode")
    return found_in(*trimmed(text, entities))


def listed(call: Call, name: str) -> list[Entity]:
    """Read entities that the caller counted itself."""
    rows = call.json(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise bad_request("can't parse entities: expected an array of MessageEntity")
    for row in rows:
        if row.get("type") not in ENTITY_TYPES:
            raise bad_request("can't parse entities: unsupported MessageEntity type")
        if not isinstance(row.get("offset"), int) or not isinstance(row.get("length"), int):
            raise bad_request('can\'t parse entities: field "offset" must be of type Number')
    return [{key: value for key, value in row.items() if value is not None} for row in rows]


def trimmed(text: str, entities: list[Entity]) -> Formatted:
    """Take blanks off both ends; entities follow the text."""
    clean = text.strip()
    cut = utf16_length(text[: len(text) - len(text.lstrip())])
    width = utf16_length(clean)
    moved: list[Entity] = []
    for entity in entities:
        start = max(entity["offset"] - cut, 0)
        end = min(entity["offset"] + entity["length"] - cut, width)
        if end > start:
            moved.append({**entity, "offset": start, "length": end - start})
    return clean, moved


def found_in(text: str, entities: list[Entity]) -> Formatted:
    """Add what every reader of a message sees by itself: commands, links, mentions, tags."""
    taken = [(one["offset"], one["offset"] + one["length"]) for one in entities if one["type"] in LITERAL]
    for kind, pattern in FOUND:
        for match in pattern.finditer(text):
            start = utf16_length(text[: match.start()])
            end = start + utf16_length(match.group())
            if all(end <= low or start >= high for low, high in taken):
                entities.append({"type": kind, "offset": start, "length": end - start})
                taken.append((start, end))
    return text, sorted(entities, key=lambda one: (one["offset"], -one["length"]))


def quoted(message: dict[str, Any], width: int = 80) -> str:
    """Give the first words of a message."""
    return utf16_slice(message.get("text") or message.get("caption") or "Photo", 0, width)
