"""Frames cut into tokens, and what a broken world does to them: hostile values, swapped and lost parts, flipped bytes.

A template's live parts (prices, times, names, quantities) are filled in before each use, so that what is mutated was true.
"""

import random
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

TOKENS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}\[\],:]')
MARKS: Final = re.compile(rb'"@[A-Z]"')
NUMBERS: Final = (
    b"NaN Infinity -Infinity 0 -0 -1 1 1e308 1e-308 1e309 1e999 -1e308 1e29 1e31 0.00000001 9223372036854775807 "
    b"9223372036854775808 18446744073709551616 -9223372036854775809 4102444800000 1e13 253402300800000 1.5 "
    b'"NaN" "nan" "sNaN" "-NaN" "NaN123" "Infinity" "-Infinity" "inf" "0" "-0" "-1" "1e308" "1e-308" "1e400" "1e-400" '
    b'"1e999999999" "1E+30" "1E-30" "1e31" "-1e31" "0x10" "1_000" "1,5" "1.5.1" "+1" ".5" "5." "--1" "1e" "007" "0.1"'
).split()
ODDITIES: Final = (
    b"null",
    b"true",
    b"false",
    b'""',
    b'" "',
    b"[]",
    b"{}",
    b"[[]]",
    b'{"":null}',
    b'"\\u0000"',
    b'"\\ud800"',
    b'"\xd9\xa1\xd9\xa2"',
    b'"\xff\xfe"',
    b'"BUY"',
    b'"SELL"',
    b'"TRADE"',
    b'"FILLED"',
    b'"EXPIRED"',
    b'"CANCELED"',
    b'"REJECTED"',
    b'"TRIGGERED"',
    b'"CALCULATED"',
    b'"NEW"',
    b'"BTCUSDT"',
    b'"ETHUSDT"',
    b'"<b>&odd"',
    b"9" * 400,
    b'"' + b"9" * 5_000 + b'"',
    b"[" * 2_000,
    b'{"a":' * 500,
    b"-",
)
FACTORS: Final = (0.5, 1.5, 0.49, 1.51, 0.9, 1.1, 0.1, 10.0, 100.0, -1.0, 1e-9, 1e9, 1e300)
SHARP: Final = b'\x00\xff\x80{}[]":,0-e\\\n'


class Template:
    """One frame in tokens. `live` names the tokens that are filled in: `"@P"` stands for a price."""

    __slots__ = ("live", "tokens", "values")

    def __init__(self, frame: object) -> None:
        self.tokens: list[bytes] = TOKENS.findall(msgspec.json.encode(frame))
        self.values = [place for place, token in enumerate(self.tokens) if token not in b"{}[],:"]
        self.live = [(place, token) for place, token in enumerate(self.tokens) if MARKS.fullmatch(token)]

    def filled(self, parts: Mapping[bytes, bytes]) -> list[bytes]:
        """The tokens of a frame that could be true."""
        tokens = self.tokens.copy()
        for place, mark in self.live:
            tokens[place] = parts[mark]
        return tokens


def mutated(template: Template, parts: Mapping[bytes, bytes], chance: random.Random, *, unharmed: float = 0.1) -> bytes:
    """A frame that something happened to; one in so many is whole."""
    tokens, draw = template.filled(parts), chance.random
    if draw() < unharmed:
        return b"".join(tokens)
    places = template.values
    dice = draw() if places else 1.0
    if dice < 0.45:
        for _ in range(1 + int(draw() * 2)):
            tokens[places[int(draw() * len(places))]] = _hostile(chance)
    elif dice < 0.60:
        _nudge(tokens, template, chance)
    elif dice < 0.70:
        one, other = places[int(draw() * len(places))], places[int(draw() * len(places))]
        tokens[one], tokens[other] = tokens[other], tokens[one]
    elif dice < 0.80:
        start = int(draw() * len(tokens))
        del tokens[start : start + 1 + int(draw() * 4)]
    elif dice < 0.85:
        start = int(draw() * len(tokens))
        tokens[start:start] = tokens[start : start + 1 + int(draw() * 8)]
    else:
        return _flipped(b"".join(tokens), chance)
    return b"".join(tokens)


def _hostile(chance: random.Random) -> bytes:
    group = NUMBERS if chance.random() < 0.7 else ODDITIES
    return group[int(chance.random() * len(group))]


def _nudge(tokens: list[bytes], template: Template, chance: random.Random) -> None:
    """A number that looks right and is not: a digit too many, a wrong sign, another century."""
    places = template.live or [(place, b"") for place in template.values]
    place = places[int(chance.random() * len(places))][0]
    text = tokens[place].strip(b'"')
    try:
        value = float(text) * FACTORS[int(chance.random() * len(FACTORS))]
    except ValueError:
        return
    written = repr(value).encode() if b"." in text or abs(value) > 1e18 else str(int(value)).encode()
    tokens[place] = b'"' + written + b'"' if tokens[place].startswith(b'"') else written


def _flipped(raw: bytes, chance: random.Random) -> bytes:
    draw = chance.random
    if draw() < 0.3 or len(raw) < 8:
        return raw[: int(draw() * len(raw))]
    harmed = bytearray(raw)
    for _ in range(1 + int(draw() * 3)):
        place = int(draw() * len(harmed))
        dice = draw()
        if dice < 0.5:
            harmed[place] ^= 1 << int(draw() * 8)
        elif dice < 0.8:
            harmed[place] = SHARP[int(draw() * len(SHARP))]
        else:
            del harmed[place]
    return bytes(harmed)


def shrunk[S: Any](failing: S, still_fails: Callable[[S], bool], tries: int = 400) -> S:
    """The same failure in less: parts of the bytes, or of the steps, are left out as long as it stays."""
    size = len(failing) // 2
    while size and tries:
        place = 0
        while place < len(failing) and tries:
            less, tries = failing[:place] + failing[place + size :], tries - 1
            if still_fails(less):
                failing = less
            else:
                place += size
        size //= 2
    return failing
