"""Names of orders: functions of what the order is, so that asking twice cannot trade twice.

An intent is one cause (a bar's close, or one confirmed card) on one symbol of one account; the same cause can never
make two intents, also after the memory was lost.
"""

import base64
import hashlib
from functools import lru_cache
from typing import Final, NamedTuple

from engine.model.orders import Role

PREFIX: Final = "ab"
INTENT_LENGTH: Final = 16  # 80 bits in base32
INTENT_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz234567"
GENERATION_DIGITS: Final = "0123456789abcdefghijklmnopqrstuv"
GENERATION_LENGTH: Final = 3
MAX_GENERATION: Final = len(GENERATION_DIGITS) ** GENERATION_LENGTH - 1


class OrderName(NamedTuple):
    """What a client id says."""

    role: Role
    intent_id: str
    generation: int


def intent_id(namespace: str, symbol: str, cause: str) -> str:
    """Name an intent: 16 letters and digits, the same for the same cause."""
    digest = hashlib.blake2b(f"{namespace}|{symbol}|{cause}".encode(), digest_size=10).digest()
    return base64.b32encode(digest).decode().lower()


def client_id(role: Role, intent: str, generation: int) -> str:
    """Name an order of an intent. 22 characters of the 36 that the exchange allows."""
    assert 0 <= generation <= MAX_GENERATION, generation
    digits = ""
    for _ in range(GENERATION_LENGTH):
        generation, digit = divmod(generation, len(GENERATION_DIGITS))
        digits = GENERATION_DIGITS[digit] + digits
    return f"{PREFIX}{role.value}{intent}{digits}"


def following(generation: int) -> int:
    """The next generation. After the last one it begins anew: a name is its own only among the orders that rest now."""
    return (generation + 1) % (MAX_GENERATION + 1)


@lru_cache(maxsize=4_096)  # every audit reads the names of all stops
def read(name: str) -> OrderName | None:
    """Read a client id back, or None where it is not one of ours.

    A damaged one is nobody's: orders that were named after it might be ones that the exchange does not take.
    """
    if len(name) != len(PREFIX) + 1 + INTENT_LENGTH + GENERATION_LENGTH or not name.startswith(PREFIX):
        return None
    role, intent, digits = name[2], name[3:-GENERATION_LENGTH], name[-GENERATION_LENGTH:]
    if role not in Role._value2member_map_ or any(digit not in GENERATION_DIGITS for digit in digits):
        return None
    if any(letter not in INTENT_LETTERS for letter in intent):
        return None
    generation = 0
    for digit in digits:
        generation = generation * len(GENERATION_DIGITS) + GENERATION_DIGITS.index(digit)
    return OrderName(Role(role), intent, generation)
