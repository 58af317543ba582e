"""Recorded funding rates: what a position paid per settlement, by market time."""

from bisect import bisect_left
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

import pyarrow
import pyarrow.parquet

from sandbox.market.candles import BadCandles

COLUMNS: Final = ("funding_time", "funding_rate")


@dataclass(frozen=True, slots=True)
class FundingRates:
    """Settled rates of one symbol, oldest first."""

    time_ms: tuple[int, ...]
    rate: tuple[Decimal, ...]

    def at(self, settlement_ms: int) -> Decimal | None:
        """Give the rate settled at this moment, or None where the record does not reach."""
        index = bisect_left(self.time_ms, settlement_ms)
        if index < len(self.time_ms) and self.time_ms[index] == settlement_ms:
            return self.rate[index]
        return None


def read_funding(path: str | Path) -> FundingRates:
    """Read a parquet file with the columns `funding_time` (ms) and `funding_rate` (a fraction)."""
    file = Path(path)
    if not file.is_file():
        raise BadCandles(f"{file}: no such file")
    try:
        table = pyarrow.parquet.read_table(file)
    except (pyarrow.ArrowException, OSError) as error:
        raise BadCandles(f"{file}: not a readable funding file ({str(error).splitlines()[0]})") from None
    missing = [name for name in COLUMNS if name not in table.column_names]
    if missing:
        raise BadCandles(f"{file}: missing column(s) {', '.join(missing)}; found {', '.join(table.column_names)}")
    times, rates = (table.column(name).to_pylist() for name in COLUMNS)
    return FundingRates(tuple(map(int, times)), tuple(Decimal(repr(float(rate))) for rate in rates))
