"""Frozen values to JSON text and back, exactly: what is read equals what was written, bit for bit.

`Decimal` travels as text, enums by value, NamedTuples by position. JSON has no words for NaN and the infinities, so they
travel as {"$float": "nan"}; no field of ours can be called that.
"""

import math
from typing import Any, Final, get_args

import msgspec

from engine.model.notices import Notice

FLOAT_MARK: Final = "$float"
NOTICE_TYPES: Final[dict[str, type[Notice]]] = {kind.__name__: kind for kind in get_args(Notice.__value__)}
UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError)


class Undecodable(ValueError):
    """The text is damaged, or was written by another version of the program."""


def all_text(raw: bytes) -> bytes:
    """The same bytes, all of which are text: a decoder does not look at what it skips. Raises one of `UNREADABLE`."""
    raw.decode()
    return raw


def encode(value: object) -> bytes:
    """Write a frozen value as JSON."""
    return msgspec.json.encode(plain(value))


def decode[T](raw: bytes, kind: type[T]) -> T:
    """Read a value of `kind` back. Raises `Undecodable`."""
    try:
        if b'"' + FLOAT_MARK.encode() + b'"' not in raw:
            return msgspec.json.decode(raw, type=kind)
        return from_plain(msgspec.json.decode(raw), kind)
    except UNREADABLE as error:
        raise Undecodable(f"not a {getattr(kind, '__name__', kind)}: {error}") from error


def plain(value: object) -> Any:
    """Take a value apart into what JSON can say: objects, arrays, texts, finite numbers."""
    return _marked(msgspec.to_builtins(value, enc_hook=_number))


def from_plain[T](data: object, kind: type[T]) -> T:
    """Put together what `plain` took apart. Raises `Undecodable`."""
    try:
        return msgspec.convert(_unmarked(data), type=kind)
    except (msgspec.ValidationError, ValueError, TypeError) as error:
        raise Undecodable(f"not a {getattr(kind, '__name__', kind)}: {error}") from error


def encode_notice(notice: Notice) -> bytes:
    """Write a notice together with the name of its kind."""
    return msgspec.json.encode({"type": type(notice).__name__, "data": plain(notice)})


def decode_notice(raw: bytes) -> Notice:
    """Read a notice back. Raises `Undecodable`, also for a kind that this program does not know."""
    try:
        envelope = msgspec.json.decode(raw, type=_Envelope)
    except UNREADABLE as error:
        raise Undecodable(f"not a notice: {error}") from error
    kind = NOTICE_TYPES.get(envelope.type)
    if kind is None:
        raise Undecodable(f"unknown notice {envelope.type!r}")
    return from_plain(envelope.data, kind)


class _Envelope(msgspec.Struct):
    type: str
    data: dict[str, Any]


def _marked(data: Any) -> Any:
    if isinstance(data, float):
        return data if math.isfinite(data) else {FLOAT_MARK: str(data)}
    if isinstance(data, dict):
        return {key: _marked(item) for key, item in data.items()}
    if isinstance(data, list | tuple):
        return [_marked(item) for item in data]
    return data


def _unmarked(data: Any) -> Any:
    if isinstance(data, dict):
        if data.keys() == {FLOAT_MARK}:
            return float(data[FLOAT_MARK])
        return {key: _unmarked(item) for key, item in data.items()}
    if isinstance(data, list | tuple):
        return [_unmarked(item) for item in data]
    return data


def _number(value: object) -> float | int:
    """Numbers out of numpy's ring buffers are ordinary numbers here."""
    if isinstance(value, float):
        return float(value)
    if hasattr(value, "__index__"):
        return int(value)
    raise NotImplementedError(f"a {type(value).__name__} has no place in a saved value")
