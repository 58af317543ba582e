"""Numbers, money and times as a reader's language writes them, with the true minus sign."""

import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_currency, format_decimal
from babel.units import format_unit

MISSING: Final = "–"
SECOND_MS: Final = 1_000
UNITS_MS: Final = (("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000), ("second", SECOND_MS))

type Number = int | float | Decimal


class Numbers:
    """Writes numbers in one language."""

    def __init__(self, language: str) -> None:
        self._locale = Locale.parse(language)
        self._percent_pattern = self._locale.percent_formats[None].pattern

    def fixed(self, value: Number, digits: int) -> str:
        """A number with that many digits after the point."""
        return self._decimal(value, "#,##0." + "0" * digits if digits else "#,##0")

    def short(self, value: Number, digits: int = 8) -> str:
        """A number without the zeros at its end."""
        return self._decimal(value, "#,##0." + "#" * digits if digits else "#,##0")

    def price(self, value: Number | None) -> str:
        """A price: two digits above 100, more for cheap coins."""
        if value is None or not math.isfinite(value) or value == 0:
            return MISSING
        size = abs(float(value))
        if size >= 100:
            return self.fixed(value, 2)
        if size >= 1:
            return self._decimal(value, "#,##0.00##")
        digits = 4 - math.floor(math.log10(size))
        return self._decimal(value, "0.00" + "#" * (digits - 2))

    def signed(self, value: Number, digits: int) -> str:
        """A number that tells its sign; what shows as nothing has none."""
        return _with_sign(self.fixed(value, digits))

    def money(self, value: Number) -> str:
        """Dollars and cents."""
        if not math.isfinite(value):
            return MISSING
        amount = Decimal(str(value))
        sign = "−" if round(amount, 2) < 0 else ""
        return sign + format_currency(abs(amount), "USD", locale=self._locale)

    def gain(self, value: Number) -> str:
        """Dollars and cents that tell their sign; what shows as nothing has none."""
        return _with_sign(self.money(value))

    def percent(self, fraction: Number, digits: int = 1) -> str:
        """A fraction of one as percent."""
        return self._decimal(fraction, self._percent_pattern.replace("##0", "##0." + "0" * digits if digits else "##0"))

    def signed_percent(self, fraction: Number, digits: int = 2) -> str:
        return _with_sign(self.percent(fraction, digits))

    def multiple(self, value: float) -> str:
        """A signed multiple of R."""
        return self.signed(value, 1) + " R"

    def duration(self, span_ms: float) -> str:
        """A span of time in its two largest units: 5 hr 20 min."""
        left, words = max(0, int(span_ms)), list[str]()
        for unit, unit_ms in UNITS_MS:
            count, left = divmod(left, unit_ms)
            if count or (words and unit != "second"):
                words.append(self._unit(count, unit))
            if len(words) == 2:
                break
        words = [word for at, word in enumerate(words) if at == 0 or not word.startswith("0")]
        return " ".join(words) or self._unit(0, "second")

    def clock(self, time_ms: int) -> str:
        """Hour and minute in UTC."""
        return format_time(_utc(time_ms), "HH:mm", locale=self._locale) + " UTC"

    def clock_seconds(self, time_ms: int) -> str:
        return format_time(_utc(time_ms), "HH:mm:ss", locale=self._locale)

    def day(self, time_ms: int) -> str:
        """Day and month."""
        return format_skeleton("MMMd", _utc(time_ms), tzinfo=UTC, locale=self._locale)

    def date(self, time_ms: int) -> str:
        """Day, month and year."""
        return format_skeleton("yMMMd", _utc(time_ms), tzinfo=UTC, locale=self._locale)

    def month(self, time_ms: int) -> str:
        """Month and year."""
        return format_date(_utc(time_ms), "LLL y", locale=self._locale)

    def month_name(self, month: int) -> str:
        """A month alone, 1 to 12."""
        return str(self._locale.months["stand-alone"]["abbreviated"][month]).rstrip(".")

    def _unit(self, count: int, unit: str) -> str:
        return format_unit(count, f"duration-{unit}", length="short", locale=self._locale).rstrip(".").replace("\xa0", " ")

    def _decimal(self, value: Number, pattern: str) -> str:
        if not math.isfinite(value):
            return MISSING
        text = format_decimal(value, format=pattern, locale=self._locale).replace("-", "−")
        return text.removeprefix("−") if not any(digit in text for digit in "123456789") else text


def _utc(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / SECOND_MS, tz=UTC)


def _with_sign(text: str) -> str:
    """A positive number with its sign."""
    return "+" + text if not text.startswith("−") and any(digit in text for digit in "123456789") else text
