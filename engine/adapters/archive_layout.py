"""Where the exchange's public archive keeps history: one zip a month and one a day, and a checksum beside each. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from engine.model.market import DAY_MS, INTERVAL_MS

ROOT: Final = "/data/futures/um"
FUNDING_STEP_MS: Final = 28_800_000
CHECKSUM: Final = ".CHECKSUM"
PUBLISHED_WITHIN_MS: Final = 10 * DAY_MS  # a month appears on the first Monday of the next one


class Series(NamedTuple):
    """What is kept of a symbol: its bars of an interval, or, without one, its settled funding."""

    symbol: str
    interval: str = ""

    @property
    def is_funding(self) -> bool:
        """Whether these are payments and not bars."""
        return not self.interval

    @property
    def step_ms(self) -> int:
        """How far apart its rows are at most."""
        return FUNDING_STEP_MS if self.is_funding else INTERVAL_MS[self.interval]

    @property
    def name(self) -> str:
        """What its file is called."""
        return f"{self.symbol}-{self.interval or 'funding'}"

    @property
    def archive_name(self) -> str:
        """What the archive's files begin with."""
        return f"{self.symbol}-{self.interval or 'fundingRate'}"


class Part(NamedTuple):
    """One file of the archive: a month or a day of a series."""

    series: Series
    label: str  # like 2023-07 or 2023-07-31
    begin_ms: int
    end_ms: int

    @property
    def is_month(self) -> bool:
        """A month, not a day."""
        return self.label.count("-") == 1

    @property
    def file_name(self) -> str:
        """The name of the zip."""
        return f"{self.series.archive_name}-{self.label}.zip"

    @property
    def path(self) -> str:
        """Where it lies under the archive's root."""
        series, every = self.series, "monthly" if self.is_month else "daily"
        folder = f"fundingRate/{series.symbol}" if series.is_funding else f"klines/{series.symbol}/{series.interval}"
        return f"{ROOT}/{every}/{folder}/{self.file_name}"

    def has_days(self, now_ms: int) -> bool:
        """Whether its days may be there although the whole is not yet. Funding is kept by the month alone."""
        return self.is_month and not self.series.is_funding and now_ms - self.end_ms < PUBLISHED_WITHIN_MS


def parts(series: Series, begin_ms: int, end_ms: int, now_ms: int) -> Iterator[Part]:
    """The files that may hold a time: months that are over, and the days of the present one that are."""
    start = _utc(begin_ms).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while begin_ms < end_ms and _ms(start) < end_ms:
        following = (start + timedelta(days=32)).replace(day=1)
        month = Part(series, f"{start:%Y-%m}", _ms(start), _ms(following))
        if month.end_ms <= now_ms:
            yield month
        elif not series.is_funding:
            yield from days(month, begin_ms, end_ms, now_ms)
        start = following


def days(month: Part, begin_ms: int, end_ms: int, now_ms: int) -> Iterator[Part]:
    """The days of a month that touch a time and are over."""
    for start in range(month.begin_ms, month.end_ms, DAY_MS):
        if start < end_ms and start + DAY_MS > begin_ms and start + DAY_MS <= now_ms:
            yield Part(month.series, f"{_utc(start):%Y-%m-%d}", start, start + DAY_MS)


def _utc(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1_000, UTC)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000
