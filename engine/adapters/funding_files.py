"""Settled funding from files: when, and the rate in whole units of 1e-8. Pure reading; what is not on record is not made up."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from engine.adapters.history_tables import NO_TIME, BadFile, Floats, Ints, read_table
from engine.model.market import settled_ms

ARCHIVE_COLUMNS: Final = ("calc_time", "funding_interval_hours", "last_funding_rate")
TIME_NAMES: Final = ("funding_time", "calc_time", "fundingtime", "timestamp", "date", "time")
RATE_NAMES: Final = ("funding_rate", "last_funding_rate", "fundingrate", "rate")
FILE_NAME: Final = re.compile(r"(?P<symbol>[^\W_]{2,30})-funding", re.IGNORECASE)
LARGEST_RATE: Final = 0.1  # caps of the exchange are 3 % and less; what is larger is something else than a rate


class FundingRecord(NamedTuple):
    """Settlements of one symbol in order, each once; `bad_rows` were left out."""

    time_ms: Ints
    rate_e8: Ints
    bad_rows: int


def symbol_of(file: Path) -> str:
    """Whose funding a file holds, by its name; "" = it does not say."""
    found = FILE_NAME.match(file.name)
    return found["symbol"].upper() if found else ""


def read_funding(files: Sequence[Path]) -> FundingRecord:
    """Read one symbol's files. Raises `BadFile`."""
    times, rates = list[Ints](), list[Floats]()
    for file in files:
        table = read_table(file, ARCHIVE_COLUMNS, (*TIME_NAMES, *RATE_NAMES))
        times.append(table.times_ms(*TIME_NAMES))
        rates.append(table.floats(*RATE_NAMES))
    time_ms, rate = np.concatenate(times), np.concatenate(rates)
    with np.errstate(invalid="ignore"):
        is_sound = (time_ms != NO_TIME) & (np.abs(rate) <= LARGEST_RATE)
    bad_rows = int(np.count_nonzero(~is_sound))
    time_ms = np.array([settled_ms(one) for one in time_ms[is_sound].tolist()], np.int64)
    rate_e8 = np.rint(rate[is_sound] * 1e8).astype(np.int64)
    order = np.lexsort((rate_e8, time_ms))
    time_ms, rate_e8 = time_ms[order], rate_e8[order]
    disputed = np.unique(time_ms[1:][(time_ms[1:] == time_ms[:-1]) & (rate_e8[1:] != rate_e8[:-1])])
    is_first = np.concatenate((np.ones(min(1, time_ms.size), dtype=np.bool_), time_ms[1:] != time_ms[:-1]))
    is_kept = is_first & ~np.isin(time_ms, disputed)
    if not is_kept.any():
        raise BadFile(f"{files[0]}: not one sound settlement")
    return FundingRecord(time_ms[is_kept], rate_e8[is_kept], bad_rows + int(disputed.size))
