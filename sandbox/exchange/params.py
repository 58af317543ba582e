"""The parameters of a request, read one by one; a bad one is refused with the documented code (reference 7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sandbox.exchange.errors import Refused

INTEGER_TEXT: Final = "^[0-9]{1,20}$"
MAX_DIGITS: Final = 20


@dataclass(frozen=True, slots=True)
class Params:
    """Query and form body together; where a name is in both, the query wins (reference 2.1)."""

    values: Mapping[str, str]

    def text(self, name: str) -> str | None:
        """Give a parameter, None where it was not sent or is empty."""
        return self.values.get(name) or None

    def needed(self, name: str) -> str:
        """Give a parameter that must be there: -1102."""
        value = self.text(name)
        if value is None:
            raise Refused(-1102, name)
        return value

    def integer(self, name: str) -> int | None:
        """Read a whole number: -1100."""
        value = self.text(name)
        if value is None:
            return None
        if not value.isdecimal() or len(value) > MAX_DIGITS:
            raise Refused(-1100, name, INTEGER_TEXT)
        return int(value)

    def flag(self, name: str) -> bool:
        """Read `true` or `false`, exactly so written: -1130."""
        value = self.text(name)
        if value is None or value == "false":
            return False
        if value != "true":
            raise Refused(-1130, name)
        return True

    def limit(self, usual: int, most: int) -> int:
        """Read how many rows are wanted."""
        value = self.integer("limit")
        if value is None:
            return usual
        if value < 1:
            raise Refused(-1130, "limit")
        return min(value, most)

    def sent(self, name: str) -> bool:
        """Say whether a parameter came, empty or not."""
        return name in self.values
