"""Reading what people type: commands, numbers with a point or a comma, percents, symbols, spans of time."""

import math
import re
from collections.abc import Iterable
from typing import Final

from aiogram.filters import Command

from engine.params import Tunable

MOST_HOURS: Final = 24 * 30

CHANGE: Final = re.compile(r"([A-Za-z_.]+)\s*=\s*([^\s=;]+?)(?=[\s;]|,\s|,?$)[;,]?")
TENTHS: Final = ("confidence", "bias")


def called(*names: str) -> Command:
    """These commands, as a hurried thumb types them: /PANIC is /panic."""
    return Command(*names, ignore_case=True)


def read_number(text: str) -> float | None:
    """A number: 0.4, 0,4, 40% or −1; None where it is none."""
    trimmed = text.strip().replace("−", "-").replace(",", ".").replace(" ", "").replace("\xa0", "")
    factor = 0.01 if trimmed.endswith("%") else 1.0
    try:
        value = float(trimmed.removesuffix("%")) * factor
    except ValueError:
        return None
    return round(value, 8) if math.isfinite(value) else None


def read_changes(text: str) -> list[tuple[str, str]]:
    """Names and values as they were typed: `a=1 b = 2%, c=3`. What is no pair makes all of it none."""
    parts = CHANGE.findall(text)
    rest = CHANGE.sub("", text).strip(" ,;\n")
    return [] if rest else [(name.lower(), value) for name, value in parts]


def is_allowed(tunable: Tunable, value: float) -> bool:
    """Whether a tunable may have a value."""
    return tunable.low <= value <= tunable.high and (not tunable.whole or value == int(value))


def meant(tunable: Tunable, value: float) -> float | None:
    """What was probably meant by a value that is not allowed: 70 for 0.70, or the nearest whole number."""
    tenth = value / 10 if tunable.unit in TENTHS and abs(value) < 10 else value / 100  # 7 and 70 are both said for 0.7
    for guess in (tenth, value / 100, float(round(value)), value * 100):
        if is_allowed(tunable, round(guess, 8)):
            return round(guess, 8)
    return None


def read_symbol(text: str, symbols: Iterable[str]) -> str | None:
    """The traded symbol that is meant: ETHUSDT, ethusdt, eth or ETH/USDT; None where none or several are."""
    wanted = "".join(letter for letter in text.upper() if letter.isalnum())
    known = list(symbols)
    if wanted in known:
        return wanted
    found = [symbol for symbol in known if wanted and symbol.startswith(wanted)]
    return found[0] if len(found) == 1 else None


def read_days(text: str) -> int | None:
    """Whole days: 30, 30d; None where it is none."""
    number = text.strip().lower().removesuffix("d")
    return int(number) if number.isdecimal() and len(number) < 6 and int(number) else None


def read_hours(text: str) -> int | None:
    """Whole hours: 4, 4h, 2d; None where it is none, or more than a month."""
    trimmed = text.strip().lower()
    factor = 24 if trimmed.endswith("d") else 1
    number = trimmed.rstrip("hd")
    hours = int(number) * factor if number.isdecimal() else 0
    return hours if 0 < hours <= MOST_HOURS else None
